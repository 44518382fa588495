#!/usr/bin/env bash
# The replies of curl's own suite: `npm test` ran them where curl is installed; elsewhere it is installed for it here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if command -v curl >/dev/null; then
  echo "curl is installed, so npm test ran them"
  exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends curl >/dev/null
exec npm test -- test/corpora/curl-replies
