#!/bin/bash
# Starts a watcher. Its file stays on the claim: own id, known master and epoch survive a restart.
set -euo pipefail

self="$POD_NAME.redis-sentinel-headless.$NAMESPACE.svc.$CLUSTER_DOMAIN"
first="redis-0.redis-headless.$NAMESPACE.svc.$CLUSTER_DOMAIN"
data="${REDIS_DATA:-/var/lib/redis}"
conf="$data/sentinel.conf"
master="$REDIS_MASTER_NAME"

if [[ $SENTINEL_RESOLVE_HOSTNAMES != yes ]]; then
    # The sabotage: the first master by address, no names at all.
    until first="$(getent ahostsv4 "$first" | awk 'NR == 1 { print $1 }')" && [[ -n $first ]]; do
        first="redis-0.redis-headless.$NAMESPACE.svc.$CLUSTER_DOMAIN"
        sleep 0.5
    done
fi

umask 077 # the file contains the password
[[ -s $conf ]] || echo "sentinel monitor $master $first 6379 $SENTINEL_QUORUM" > "$conf"

# Settings are ours at every start; what the watcher has learnt stays.
ours='port|bind|dir|protected-mode|sentinel (resolve-hostnames|announce-hostnames|announce-ip|auth-pass'
ours+='|down-after-milliseconds|failover-timeout|parallel-syncs)'
{
    grep -Ev "^($ours)( |$)" "$conf"
    cat <<CONF
port 26379
bind * -::*
dir $data
protected-mode no
sentinel auth-pass $master $REDISCLI_AUTH
sentinel down-after-milliseconds $master $SENTINEL_DOWN_AFTER_MS
sentinel failover-timeout $master $SENTINEL_FAILOVER_TIMEOUT_MS
sentinel parallel-syncs $master 1
CONF
    if [[ $SENTINEL_RESOLVE_HOSTNAMES == yes ]]; then
        echo "sentinel resolve-hostnames yes"
        echo "sentinel announce-hostnames yes"
        echo "sentinel announce-ip $self"
    fi
} > "$conf.new"
sync "$conf.new"
mv "$conf.new" "$conf"
exec redis-sentinel "$conf"
