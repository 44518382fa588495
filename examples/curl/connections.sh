#!/bin/sh
# One connection or many with curl: a process each, or one process for all.
#
#   trunkline observe --target http://127.0.0.1:8080 -- examples/curl/connections.sh each 20
#
# The address comes from TRUNKLINE_TARGET.
set -eu
how="${1:-each}"
requests="${2:-20}"
target="${TRUNKLINE_TARGET:?give an address in TRUNKLINE_TARGET, or run this under trunkline observe}"
case "$how" in
each)
  # A connection ends with the process that made it.
  i=0
  while [ "$i" -lt "$requests" ]; do
    curl --silent --show-error --output /dev/null "$target/"
    i=$((i + 1))
  done
  ;;
one)
  # All URLs in one process: curl keeps the connection. [1-20] makes twenty of them.
  curl --silent --show-error --output /dev/null "$target/?request=[1-$requests]"
  ;;
close)
  curl --silent --show-error --output /dev/null --header 'Connection: close' "$target/?request=[1-$requests]"
  ;;
*)
  echo "usage: connections.sh each|one|close [requests]" >&2
  exit 2
  ;;
esac
