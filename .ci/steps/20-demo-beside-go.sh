#!/usr/bin/env bash
# The demo with Go's own client measured beside it, and Go's figures held against what the answer says of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if ! command -v go >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends golang-go
fi
unformatted="$(gofmt -l examples/go)"
if [[ -n "$unformatted" ]]; then
  echo "gofmt would change: $unformatted" >&2
  exit 1
fi
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
# Once beforehand: with the standard library compiled, the demo's own build takes a second.
GO111MODULE=off go build -o "$folder/founding-question" examples/go/founding-question/main.go
npm run --silent start -- demo --json >"$folder/demo.json"
node - "$folder/demo.json" <<'JS'
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { go, answer } = JSON.parse(readFileSync(process.argv[2], "utf8"));
assert.equal(go.measured, true, "Go is installed, yet the demo shows stored figures");
const connections = (name, concurrency) => {
  const row = go.rows.find((candidate) => candidate.name === name && candidate.concurrency === concurrency);
  assert.ok(row, `Go's row "${name}" at ${concurrency}`);
  return row.connections;
};
assert.equal(connections("new client each", 1), 1);
assert.equal(connections("one shared client", 1), 1);
assert.ok(connections("new client each", 100) > 100, "a client each over an idle cap of two churns");
assert.ok(connections("one shared client", 100) > 100, "one shared client over an idle cap of two churns as well");
assert.equal(connections("new transport each", 1), 1000);
assert.equal(connections("new transport each", 100), 1000);
assert.ok(answer.includes(go.version), "the answer names the version of Go it was measured with");
console.log(`Go ${go.version}, 100 at once: ${connections("new client each", 100)} connections with a client each, ${connections("one shared client", 100)} with one`);
JS
