#!/usr/bin/env bash
# HTTP/2 with real servers: nginx, Apache, HAProxy, h2o, lighttpd, Caddy, nghttpd, node:http2, Go's net/http, hypercorn.
# Words choose some of them: `57-http2-peers.sh nginx go`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
missing=()
for pair in nginx:nginx apache2:apache2 caddy:caddy haproxy:haproxy lighttpd:lighttpd h2o:h2o nghttpd:nghttp2-server go:golang-go python3:python3; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[[ -e /usr/lib/lighttpd/mod_openssl.so ]] || missing+=(lighttpd-mod-openssl)
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
if ((${#missing[@]} > 0)); then
  apt-get update -qq
  # RUNLEVEL=1: the packages start no services of their own.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
unformatted="$(gofmt -l test/http2/peers/go)"
if [[ -n "$unformatted" ]]; then
  echo "gofmt would change: $unformatted" >&2
  exit 1
fi
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
GO111MODULE=off go build -o "$folder/go-server" test/http2/peers/go/main.go
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$folder/python" hypercorn==0.18.0
export TRUNKLINE_GO_SERVER="$folder/go-server" PYTHONPATH="$folder/python:$PWD/test/http2/peers" TRUNKLINE_PEERS="$*" TRUNKLINE_FILE_TIMEOUT=360000
node --input-type=module -e '
  import { compile } from "./scripts/lib/compile.mjs";
  import { runTests } from "./scripts/lib/run-tests.mjs";
  const typesAreRight = await compile();
  const { code } = await runTests(["test/http2/peers/peers.ts"], { label: "http2-peers", flags: ["--test-timeout=360000"] });
  process.exitCode = typesAreRight ? code : 1;
'
