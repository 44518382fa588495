#!/usr/bin/env bash
# The doctor's corpus, over HTTP clients from npm too (undici 5 to 8, axios, got, node-fetch, ky, superagent, needle,
# agentkeepalive): every finding once on this Node and on those that the matrix has fetched, with its remedy applied.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
node test/doctor/corpus/run.mjs
