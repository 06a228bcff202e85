#!/bin/bash
# Puts host name and own address into the template and starts nginx.
set -euo pipefail
sed -e "s/@SHOP_HOST@/$SHOP_HOST/g" -e "s/@POD_IP@/$POD_IP/g" -e "s/@POD_NAME@/$POD_NAME/g" -e "s/@APP_VERSION@/$APP_VERSION/g" \
    /etc/nginx-template/nginx.conf.template > /run/nginx/nginx.conf
exec nginx -c /run/nginx/nginx.conf
