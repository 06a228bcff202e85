#!/bin/bash
# Starts the front: fills the template in and waits for the name of the application, without which nginx would give up.
set -euo pipefail

sed -e "s/@SHOP_HOST@/$SHOP_HOST/g" -e "s/@POD_NAME@/$POD_NAME/g" -e "s/@POD_IP@/$POD_IP/g" \
  -e "s/@APP_VERSION@/$APP_VERSION/g" /etc/nginx-template/nginx.conf.template >/run/nginx/nginx.conf
until getent hosts django-service >/dev/null; do sleep 0.5; done # seconds between two look-ups
exec nginx -e stderr -c /run/nginx/nginx.conf
