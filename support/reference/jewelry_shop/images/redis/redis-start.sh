#!/bin/bash
# Starts a cache server in the role that the watchers give it; never guesses.
set -euo pipefail

self="$POD_NAME.redis-headless.$NAMESPACE.svc.$CLUSTER_DOMAIN"
first="redis-0.redis-headless.$NAMESPACE.svc.$CLUSTER_DOMAIN"
data="${REDIS_DATA:-/var/lib/redis}"
conf="$data/redis.conf"

# The master that one watcher names, "wait" while it is moving the role, nothing if it does not answer.
named_by() {
    # Watchers have no password of their own and complain about being given one.
    env -u REDISCLI_AUTH timeout 2 redis-cli -h "$1" -p 26379 SENTINEL MASTER "$REDIS_MASTER_NAME" 2>/dev/null |
        awk 'NR % 2 { key = $0; next } { field[key] = $0 }
             END { if (field["flags"] ~ /failover_in_progress/) print "wait"; else if (field["ip"]) print field["ip"] }'
}

# The master that at least two watchers agree on; nothing otherwise.
agreed_master() {
    local number
    for number in 0 1 2; do
        named_by "redis-sentinel-$number.redis-sentinel-headless.$NAMESPACE.svc.$CLUSTER_DOMAIN"
    done | sort | uniq -c | awk '$2 == "wait" { moving = 1 } $1 >= 2 { agreed = $2 } END { if (!moving) print agreed }'
}

if [[ $REDIS_START_ROLE == by-name ]]; then
    master="$first" # the sabotage: whoever leads, the first server starts as master
else
    master=""
    until [[ -n $master ]]; do
        master="$(agreed_master)"
        [[ -n $master ]] || sleep 0.5
    done
fi
echo "starting; the master is $master"

umask 077 # the file contains the password
cat > "$conf" <<CONF
dir $data
bind * -::*
protected-mode no
port 6379
requirepass $REDISCLI_AUTH
masterauth $REDISCLI_AUTH
replica-announce-ip $self
replica-announce-port 6379
maxmemory 32mb
maxmemory-policy noeviction
save ""
appendonly $REDIS_PERSISTENCE
appendfsync always
min-replicas-to-write $REDIS_MIN_REPLICAS
min-replicas-max-lag $REDIS_MAX_LAG_S
repl-diskless-sync-delay 0
repl-ping-replica-period 1
repl-timeout 10
CONF
if [[ $master != "$self" && $master != "$POD_IP" ]]; then
    echo "replicaof $master 6379" >> "$conf"
fi
exec redis-server "$conf"
