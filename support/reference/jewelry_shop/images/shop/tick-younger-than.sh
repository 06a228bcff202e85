#!/bin/sh
# Probe: the tick exists and is younger than $1 seconds.
age=$(($(date +%s) - $(stat -c %Y /run/shop/tick))) || exit 1
[ "$age" -lt "$1" ]
