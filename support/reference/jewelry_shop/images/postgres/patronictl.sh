#!/bin/sh
# Patroni's command line with this member's own configuration.
exec python3 -c 'from patroni.ctl import ctl; ctl(prog_name="patronictl")' -c /run/postgresql/patroni "$@"
