#!/bin/sh
# Patroni's command line with this member's own configuration.
exec python3 -m patroni.ctl -c /run/postgresql/patroni "$@"
