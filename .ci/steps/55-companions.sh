#!/usr/bin/env bash
# What surrounds a client, with the real packages: SDKs that are handed our fetch, mocks, OpenTelemetry, retry helpers; on
# this Node and on those that the matrix has fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
npm run --silent build
# Apart from the sources, so that nothing takes the packages for them.
folder=.cache/companions
mkdir -p "$folder"
if [[ ! -d $folder/node_modules ]] || ! cmp -s test/companions/package-lock.json "$folder/package-lock.json"; then
  cp test/companions/package.json test/companions/package-lock.json "$folder/"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
fi
cp test/companions/*.mjs "$folder/"
ln -sfn "$PWD" "$folder/node_modules/trunkline"
shopt -s nullglob
passed=0 failed=0
for node in node .cache/node-*/bin/node; do
  output="$("$node" --test --test-timeout=60000 --test-reporter=tap "$folder"/*.test.mjs 2>&1)" || true
  ok="$(sed -n 's/^# pass //p' <<<"$output" | tail -1)" bad="$(sed -n 's/^# fail //p' <<<"$output" | tail -1)"
  # A run that says nothing of itself has failed.
  if [[ -z $ok ]]; then ok=0 bad=1; fi
  if [[ $bad != 0 ]]; then printf '%s\n' "$output" | grep -A12 -E '^ *not ok' || printf '%s\n' "$output"; fi
  printf 'companions on %s: %s passed, %s failed\n' "$("$node" --version)" "$ok" "$bad"
  passed=$((passed + ok)) failed=$((failed + bad))
done
if [[ -n ${TRUNKLINE_TOTALS:-} ]]; then echo "$passed $failed" >>"$TRUNKLINE_TOTALS"; fi
printf '%s passed, %s failed\n' "$passed" "$failed"
((failed == 0))
