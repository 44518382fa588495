#!/usr/bin/env bash
# More seeds of random faults than `npm test` has time for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
TRUNKLINE_FAULT_SEEDS="${TRUNKLINE_FAULT_SEEDS:-100}" exec npm test -- test/faults/random
