#!/bin/bash
# Starts one database member: Patroni, which starts PostgreSQL. Patroni reads every file of a folder, so what differs
# between members is one more file beside those of the ConfigMap.
set -euo pipefail

folder=/run/postgresql/patroni
mkdir -p "$folder"
ln -sf /etc/patroni/*.yml "$folder/"
# Each answer of the application names the member that confirmed it: the server must know its own name.
cat >"$folder/zz-member.yml" <<EOF
name: $POD_NAME
restapi:
  connect_address: $POD_IP:8008
postgresql:
  connect_address: $POD_IP:5432
  parameters:
    shop.member: $POD_NAME
kubernetes:
  namespace: $POD_NAMESPACE
  pod_ip: $POD_IP
EOF

# The folder outlives a container's restart; left-overs would name processes that are gone.
rm -f /run/postgresql/*.pid /run/postgresql/.s.PGSQL*
# A pod deleted by force has a successor on the same claim while its own processes are still ending. Neither sees the other's
# process ids, so PostgreSQL's own guard against a second server is blind here; the lock lasts as long as Patroni.
exec {lock}>/var/lib/postgresql/data/lock
flock "$lock"

echo $$ >/run/postgresql/patroni.pid # of this shell, which becomes Patroni
exec python3 -m patroni "$folder"
