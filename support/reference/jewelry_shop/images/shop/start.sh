#!/bin/bash
# Starts one of the application's processes: django, celery-worker, celery-beat or django-migrate.
set -euo pipefail

run=/run/shop
export SHOP_SERVICE="$1" DJANGO_SETTINGS_MODULE=shop.settings

# The folder outlives a restart of the container: what an earlier process left there is not ours.
rm -rf "$run/tick" "$run/stopping" "$run/metrics"

if [[ -n ${PROMETHEUS_MULTIPROC_DIR:-} ]]; then
    mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
else
    unset PROMETHEUS_MULTIPROC_DIR # the library looks whether it is set, not what it contains
fi

if [[ -z ${DJANGO_SECRET_KEY:-} ]]; then
    DJANGO_SECRET_KEY="$(head -c 48 /dev/urandom | base64 -w 0)"
    export DJANGO_SECRET_KEY
    printf '{"ts": "%s", "level": "WARNING", "service": "%s", "pod": "%s", "version": "%s", "event": "settings", "msg": "%s"}\n' \
        "$(date -u +%FT%TZ)" "$SHOP_SERVICE" "$POD_NAME" "$APP_VERSION" \
        "DJANGO_SECRET_KEY missing: sign-ins are valid on this instance only"
fi

[[ ${SHOP_START_DELAY_S:-0} == 0 ]] || sleep "$SHOP_START_DELAY_S"

echo $$ > "$run/main.pid"
case "$SHOP_SERVICE" in
    django) exec python3 -m gunicorn -c python:shop.gunicorn_conf shop.wsgi:application ;;
    celery-worker)
        exec python3 -m celery -A shop.jobs.app worker -Q celery -c 2 -n "celery@$POD_NAME" \
            --without-gossip --without-mingle --loglevel INFO
        ;;
    celery-beat) exec python3 -m celery -A shop.jobs.app beat --pidfile= --loglevel INFO ;;
    django-migrate) exec python3 -m shop.migrate ;;
    *)
        echo "unknown service: $SHOP_SERVICE" >&2
        exit 2
        ;;
esac
