#!/usr/bin/env bash
# Programs that use the package: with the lowest TypeScript that is promised, and bundled by esbuild.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
npm run --silent build
exec node test/consumers/run.mjs
