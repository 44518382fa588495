#!/usr/bin/env bash
# Trunkline against the servers of the distribution's packages: nginx, Apache, Caddy, HAProxy, lighttpd.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
missing=()
for pair in nginx:nginx apache2:apache2 caddy:caddy haproxy:haproxy lighttpd:lighttpd; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
for module in openssl deflate; do
  [[ -e "/usr/lib/lighttpd/mod_$module.so" ]] || missing+=("lighttpd-mod-$module")
done
if ((${#missing[@]} > 0)); then
  apt-get update -qq
  # RUNLEVEL=1: the packages start no services of their own.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
exec node --input-type=module -e '
  import { compile } from "./scripts/lib/compile.mjs";
  import { runTests } from "./scripts/lib/run-tests.mjs";
  const typesAreRight = await compile();
  const { code } = await runTests(["test/peers/peers.ts"], { label: "peers", flags: ["--test-timeout=60000"] });
  process.exitCode = typesAreRight ? code : 1;
'
