#!/usr/bin/env bash
# h2specd, the conformance tests of HTTP/2 clients, against the session and against a whole Client: all 57 cases over TCP
# and over TLS, and at least 45 of them with a GOAWAY or RST_STREAM, since a closed connection passes those too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
missing=()
command -v go >/dev/null || missing+=(golang-go)
command -v curl >/dev/null || missing+=(curl)
command -v openssl >/dev/null || missing+=(openssl)
if ((${#missing[@]} > 0)); then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" ca-certificates >/dev/null
fi
folder="$(mktemp -d)"
runners=()
trap '((${#runners[@]} == 0)) || kill "${runners[@]}" 2>/dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
GOBIN="$folder" GOPATH="$folder/go" GOFLAGS=-modcacherw go install github.com/summerwind/h2spec/cmd/h2specd@v2.2.1+incompatible 2>"$folder/go.log" ||
  { cat "$folder/go.log" >&2; exit 1; }
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/cert.pem" -days 2 -subj /CN=127.0.0.1 2>/dev/null
node --input-type=module -e 'import { compile } from "./scripts/lib/compile.mjs"; if (!(await compile())) process.exitCode = 1;'
for pair in bare-runner:21999 client-runner:21998; do
  node ".build/test/http2/${pair%%:*}.js" "${pair##*:}" &
  runners+=($!)
  curl --silent --retry 50 --retry-delay 1 --retry-connrefused -o /dev/null "http://127.0.0.1:${pair##*:}/"
done

# check NAME RUNNER PORT OPTIONS… : one run; ports of the cases begin at PORT. A case that takes longer than three seconds aborts
# the whole run, which a busy machine can do, so a run that was aborted is made again.
check() {
  local name="$1" runner="$2" port="$3" passed explicit
  shift 3
  for _ in 1 2 3; do
    "$folder/h2specd" -v -o 1 -f "$port" "$@" -e "curl -s http://127.0.0.1:$runner/ --data" 2>&1 | tr -d '\r' >"$folder/log" || true
    grep -q 'Error: Timeout' "$folder/log" || break
  done
  passed="$(grep -cE '^ +✔ [0-9]+: ' "$folder/log" || true)"
  explicit="$(awk '/\[recv\] (GOAWAY|RST_STREAM)/ { seen = 1 } /^ +(✔|×) [0-9]+: / { n += seen; seen = 0 } END { print n + 0 }' "$folder/log")"
  echo "$name: $passed of 57 passed, $explicit with a GOAWAY or RST_STREAM"
  if ((passed != 57 || explicit < 45)); then
    grep -A6 '× ' "$folder/log" >&2 || tail -5 "$folder/log" >&2
    return 1
  fi
}

check "session, TCP" 21999 20300
check "session, TLS" 21999 20400 -t -c "$folder/cert.pem" -k "$folder/key.pem"
check "client, TCP" 21998 20500
check "client, TLS" 21998 20600 -t -c "$folder/cert.pem" -k "$folder/key.pem"
