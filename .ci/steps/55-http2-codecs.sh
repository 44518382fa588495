#!/usr/bin/env bash
# HPACK and the session beside another implementation, the Python packages hpack and h2: each reads what the other wrote.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if ! command -v python3 >/dev/null || ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
fi
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h2==4.3.0 hpack==4.1.0
node --input-type=module -e 'import { compile } from "./scripts/lib/compile.mjs"; if (!(await compile())) process.exitCode = 1;'
ours=(node --enable-source-maps .build/test/http2/other-codecs.js)
theirs=("$folder/venv/bin/python" test/http2/other_codecs.py)
"${ours[@]}" lists "$folder/lists"
"${theirs[@]}" lists "$folder/lists"
"${ours[@]}" requests "$folder/requests"
"${theirs[@]}" serve "$folder/requests" "$folder/responses"
"${ours[@]}" responses "$folder/responses"
