#!/bin/bash
# Puts the pod's name and address into Patroni's files and starts it. Passwords come from the environment.
set -euo pipefail

conf=/run/postgresql/patroni
mkdir -p "$conf"
for file in patroni.yml bootstrap.yml; do
    sed -e "s/@POD_NAME@/$POD_NAME/g" -e "s/@POD_IP@/$POD_IP/g" -e "s/@NAMESPACE@/$NAMESPACE/g" "/etc/patroni/$file" > "$conf/$file"
done

# A file that a killed server has left would name a process that is somebody else's now.
rm -f /run/postgresql/postmaster.pid
echo $$ > /run/postgresql/patroni.pid
exec python3 -m patroni "$conf"
