#!/bin/bash
# Starts a watcher. Its file lives on the claim, because it holds what a watcher must not forget: its own id, the master it
# knows and the epoch of the last change. Settings are written anew at every start.
set -euo pipefail

file=/var/lib/redis/sentinel.conf
name=$REDIS_MASTER_NAME
own_name="$POD_NAME.redis-sentinel-headless.$POD_NAMESPACE.svc.$CLUSTER_DOMAIN"
first=redis-0.redis-headless.$POD_NAMESPACE.svc.$CLUSTER_DOMAIN

# A pod deleted by force has a successor on the same claim while its own watcher is still ending: one at a time.
exec {lock}>/var/lib/redis/lock
flock "$lock"

if [[ ! -s $file ]]; then
  if [[ $SENTINEL_RESOLVE_HOSTNAMES != yes ]]; then # sabotage JS-S-28: the master is known by its address
    until address=$(getent hosts "$first"); do sleep 0.5; done # seconds between two look-ups
    first=${address%% *}
  fi
  echo "sentinel monitor $name $first 6379 $SENTINEL_QUORUM" >"$file"
fi

ours="port|dir|protected-mode|sentinel (resolve-hostnames|announce-hostnames|announce-ip|announce-port"
ours+="|auth-pass|down-after-milliseconds|failover-timeout|parallel-syncs)"
umask 077 # the file has the servers' password in it
{
  cat <<EOF
port 26379
dir /var/lib/redis
protected-mode no
sentinel resolve-hostnames $SENTINEL_RESOLVE_HOSTNAMES
sentinel announce-hostnames $SENTINEL_RESOLVE_HOSTNAMES
EOF
  if [[ $SENTINEL_RESOLVE_HOSTNAMES == yes ]]; then
    echo "sentinel announce-ip $own_name"
    echo "sentinel announce-port 26379"
  fi
  grep -Ev "^($ours) " "$file" # what it remembers
  cat <<EOF
sentinel auth-pass $name $REDIS_PASSWORD
sentinel down-after-milliseconds $name $SENTINEL_DOWN_AFTER_MS
sentinel failover-timeout $name $SENTINEL_FAILOVER_TIMEOUT_MS
sentinel parallel-syncs $name 1
EOF
} >"$file.new"
mv "$file.new" "$file" # whole or not at all: a pod may be killed at any moment
exec redis-sentinel "$file"
