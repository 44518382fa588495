#!/usr/bin/env bash
# The doctor's corpus over HTTP clients from npm (undici 5 to 8, axios, got, node-fetch, ky, superagent, needle), on this
# Node and on those that the matrix has fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# Apart from the sources, so that nothing takes the packages for them.
corpus=.cache/doctor-corpus
mkdir -p "$corpus"
if [[ ! -d $corpus/node_modules ]] || ! cmp -s test/doctor/corpus/package-lock.json "$corpus/package-lock.json"; then
  cp test/doctor/corpus/package.json test/doctor/corpus/package-lock.json "$corpus/"
  npm ci --prefix "$corpus" --ignore-scripts --no-audit --no-fund --loglevel=error
fi
rm -rf "$corpus/programs"
cp -R test/doctor/corpus/programs test/doctor/corpus/server.mjs "$corpus/"
npm test --silent -- doctor/corpus
shopt -s nullglob
for node in .cache/node-*/bin/node; do
  printf '\nNode %s\n' "$("$node" --version)"
  node --input-type=module - "$node" <<'JS'
import { resolve } from "node:path";
import { runTests, testSources } from "./scripts/lib/run-tests.mjs";
const node = resolve(process.argv[2]);
const { code, passed, failed } = await runTests(testSources(["doctor/corpus"]), { node, label: "doctor" });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = code;
JS
done
