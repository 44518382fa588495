#!/usr/bin/env bash
# trunkline observe before real clients of other languages: Go, Python with and without requests, curl. `npm test` runs
# those that are installed; here all of them are.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
missing=()
command -v go >/dev/null || missing+=(golang-go)
command -v curl >/dev/null || missing+=(curl)
command -v python3 >/dev/null || missing+=(python3)
python3 -c 'import requests' 2>/dev/null || missing+=(python3-requests)
if ((${#missing[@]} > 0)); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
npm test -- test/observe
