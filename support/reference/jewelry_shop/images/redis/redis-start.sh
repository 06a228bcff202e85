#!/bin/bash
# Starts a cache server in the role that the watchers give it. It never guesses: two watchers must name the same master,
# and none of them may be in the middle of changing it.
set -euo pipefail

folder=${REDIS_FOLDER:-/var/lib/redis}
own_name="$POD_NAME.redis-headless.$POD_NAMESPACE.svc.$CLUSTER_DOMAIN"
first_name="redis-0.redis-headless.$POD_NAMESPACE.svc.$CLUSTER_DOMAIN"
watchers=(redis-sentinel-{0,1,2}.redis-sentinel-headless)
needed=2 # watchers that must agree: the quorum
closed=3 # copies that a write needs while none shall be accepted: more than there are followers

# Watchers have no password, and redis-cli would offer them the servers'. Answers nothing when there is no answer in 1 s.
ask() { REDISCLI_AUTH='' timeout 1 redis-cli --raw -h "$1" -p 26379 "${@:2}" 2>/dev/null || true; }

# The master's name if enough watchers agree on it, otherwise nothing.
master_by_watchers() {
  local watcher named=()
  for watcher in "${watchers[@]}"; do
    [[ $(ask "$watcher" SENTINEL MASTER "$REDIS_MASTER_NAME") == *failover_in_progress* ]] && return
    named+=("$(ask "$watcher" SENTINEL GET-MASTER-ADDR-BY-NAME "$REDIS_MASTER_NAME" | head -n 1)")
  done
  printf '%s\n' "${named[@]}" | sed '/^$/d' | sort | uniq -c | awk -v needed="$needed" '$1 >= needed {print $2; exit}'
}

# Whether enough watchers see the server in this container as the master and none is about to replace it. What they say
# alone may still be about the container before: those count that are on this server's own list of clients.
watched() {
  local watcher state id clients named=$'\nip\n'$master$'\n' sound=0
  clients=$(redis-cli CLIENT LIST)
  for watcher in "${watchers[@]}"; do
    state=$(ask "$watcher" SENTINEL MASTER "$REDIS_MASTER_NAME")
    id=$(ask "$watcher" SENTINEL MYID)
    [[ $state == *failover_in_progress* ]] && return 1
    [[ -n $id && $clients == *" name=sentinel-${id:0:8}-cmd "* ]] || continue
    [[ $state == *"$named"* && $state != *_down* ]] && sound=$((sound + 1))
  done
  ((sound >= needed))
}

# Takes the agreed number of copies as condition for a write, once this server is a follower or a master that is seen. Until
# then it asks for more copies than there are followers: a master whose successor is being chosen confirms nothing.
open_for_writes() {
  until [[ $(redis-cli ROLE | head -n 1) == slave ]] || watched; do sleep 0.2; done # seconds between two looks
  until [[ $(redis-cli CONFIG SET min-replicas-to-write "$REDIS_MIN_REPLICAS") == OK ]]; do sleep 0.2; done
  echo "open for writes with $REDIS_MIN_REPLICAS copies"
}

# A pod deleted by force has a successor on the same claim while its own server is still ending: one at a time.
exec {lock}>"$folder/lock"
flock "$lock"

if [[ $REDIS_START_ROLE == by-name ]]; then
  master=$first_name # sabotage JS-S-29: the first server is master, whatever has happened since
else
  until master=$(master_by_watchers) && [[ -n $master ]]; do
    echo "waiting until $needed watchers name the same master"
    sleep 0.5 # seconds between two questions
  done
fi

# The configuration goes in through a pipe: it has the password in it, and nothing is left on a disk.
configuration() {
  cat <<EOF
bind 0.0.0.0
port 6379
dir $folder
requirepass $REDISCLI_AUTH
masterauth $REDISCLI_AUTH
replica-announce-ip $own_name
replica-announce-port 6379
appendonly $REDIS_PERSISTENCE
appendfsync always
save ""
min-replicas-to-write $closed
min-replicas-max-lag $REDIS_MAX_LAG_S
repl-diskless-sync-delay 0
repl-ping-replica-period 1
repl-timeout 10
maxmemory 32mb
maxmemory-policy noeviction
EOF
  [[ $master == "$own_name" || $master == "$POD_IP" ]] || echo "replicaof $master 6379"
}

(open_for_writes 2>/dev/null {lock}>&- &) # its parent is the init process, which clears it away
echo "master is $master, this is $own_name ($POD_IP)"
exec redis-server - < <(configuration)
