#!/bin/bash
# Succeeds if the tick of the background process is younger than the given number of seconds.
age=$(($(date +%s) - $(stat --format=%Y /run/shop/tick 2>/dev/null || echo 0)))
[[ $age -lt $1 ]] || { echo "last tick $age s ago"; exit 1; }
