#!/usr/bin/env bash
# Trunkline through the proxies of the distribution's packages: squid (also over TLS), tinyproxy, dante, microsocks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
missing=()
for pair in squid:squid-openssl tinyproxy:tinyproxy danted:dante-server microsocks:microsocks openssl:openssl; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if ((${#missing[@]} > 0)); then
  apt-get update -qq
  # The packages must not start services of their own.
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
exec node --input-type=module -e '
  import { compile } from "./scripts/lib/compile.mjs";
  import { runTests } from "./scripts/lib/run-tests.mjs";
  const typesAreRight = await compile();
  const { code } = await runTests(["test/peers/proxies.ts"], { label: "proxies", flags: ["--test-timeout=60000"] });
  process.exitCode = typesAreRight ? code : 1;
'
