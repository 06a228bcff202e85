#!/bin/bash
# Starts a watcher. Its file lives on the claim, because it holds what a watcher must not forget: its own id, the master it
# knows and the epoch of the last change. Settings are written anew at every start.
set -euo pipefail

file=/var/lib/redis/sentinel.conf
name=$REDIS_MASTER_NAME
own_name="$POD_NAME.redis-sentinel-headless.$POD_NAMESPACE.svc.$CLUSTER_DOMAIN"
first=redis-0.redis-headless.$POD_NAMESPACE.svc.$CLUSTER_DOMAIN

if [[ ! -s $file ]]; then
  if [[ $SENTINEL_RESOLVE_HOSTNAMES != yes ]]; then # sabotage JS-S-28: the master is known by its address
    until address=$(getent hosts "$first"); do sleep 0.5; done # seconds between two look-ups
    first=${address%% *}
  fi
  echo "sentinel monitor $name $first 6379 $SENTINEL_QUORUM" >"$file"
fi

ours="port|dir|protected-mode|sentinel (resolve-hostnames|announce-hostnames|announce-ip|announce-port"
ours+="|auth-pass|down-after-milliseconds|failover-timeout|parallel-syncs)"
remembered=$(grep -Ev "^($ours) " "$file")
umask 077 # the file has the servers' password in it
cat >"$file.new" <<EOF
port 26379
dir /var/lib/redis
protected-mode no
sentinel resolve-hostnames $SENTINEL_RESOLVE_HOSTNAMES
sentinel announce-hostnames $SENTINEL_RESOLVE_HOSTNAMES
sentinel announce-ip $own_name
sentinel announce-port 26379
$remembered
sentinel auth-pass $name $REDIS_PASSWORD
sentinel down-after-milliseconds $name $SENTINEL_DOWN_AFTER_MS
sentinel failover-timeout $name $SENTINEL_FAILOVER_TIMEOUT_MS
sentinel parallel-syncs $name 1
EOF
[[ $SENTINEL_RESOLVE_HOSTNAMES == yes ]] || sed -i '/announce-ip/d' "$file.new"
mv "$file.new" "$file" # whole or not at all: a pod may be killed at any moment
exec redis-sentinel "$file"
