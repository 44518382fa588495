#!/usr/bin/env bash
# The same scenarios for Trunkline and for Go's net/http; what a raw server records of the two must be equal, but for
# the differences that test/differential/differences.json gives the reasons of.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if ! command -v go >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends golang-go >/dev/null
fi
unformatted="$(gofmt -l test/differential/go)"
if [[ -n "$unformatted" ]]; then
  echo "gofmt would change: $unformatted" >&2
  exit 1
fi
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
GO111MODULE=off go build -o "$folder/driver" test/differential/go/main.go
export TRUNKLINE_GO_DRIVER="$folder/driver"
run() {
  TRUNKLINE_HTTP2="$1" node --input-type=module -e '
    import { compile } from "./scripts/lib/compile.mjs";
    import { runTests } from "./scripts/lib/run-tests.mjs";
    const typesAreRight = await compile();
    const { code } = await runTests(["test/differential/differential.ts"], { label: "go-differential" });
    process.exitCode = typesAreRight ? code : 1;
  '
}
run 0
run 1
