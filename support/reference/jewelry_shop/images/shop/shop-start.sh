#!/bin/bash
# Starts one of the shop's programs; the first argument says which.
set -euo pipefail

# The folder outlives a container's restart: an old tick would vouch for a process that is gone, and counters of ended
# processes would be added to those of new ones.
rm -rf /run/shop/tick /run/shop/stopping /run/shop/main.pid /run/shop/metrics
if [[ -n ${PROMETHEUS_MULTIPROC_DIR:-} ]]; then
  mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
else
  unset PROMETHEUS_MULTIPROC_DIR # the library looks whether it is set, not what it contains
fi

if [[ -z ${DJANGO_SECRET_KEY:-} ]]; then
  DJANGO_SECRET_KEY=$(head -c 48 /dev/urandom | base64 -w 0) # bytes: 64 characters
  export DJANGO_SECRET_KEY
  printf '{"ts": "%s", "level": "WARNING", "service": "%s", "pod": "%s", "version": "%s", "event": "settings", "msg": "%s"}\n' \
    "$(date -u +%FT%T.%3N+00:00)" "$SHOP_SERVICE" "$POD_NAME" "$APP_VERSION" \
    "DJANGO_SECRET_KEY is missing: this instance signs with a key of its own, which no other instance accepts"
fi

sleep "${SHOP_START_DELAY_S:-0}"
echo $$ >/run/shop/main.pid # of this shell, which becomes the program

case $1 in
  django) exec python3 -m gunicorn --config python:shop.gunicorn_conf shop.wsgi ;;
  celery-worker) exec python3 -m celery --quiet --app shop.jobs.app worker --queues celery --concurrency 2 --without-gossip --without-mingle ;;
  celery-beat) exec python3 -m celery --quiet --app shop.jobs.app beat --pidfile= ;;
  django-migrate) exec python3 -m shop.migrate ;;
  *) echo "unknown program $1" >&2; exit 64 ;; # as sysexits.h numbers wrong use
esac
