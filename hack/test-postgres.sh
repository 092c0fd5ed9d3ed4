#!/usr/bin/env bash
# The tests that are run on PostgreSQL: those of the state, and the engine's against both sandboxes. By hack/with-postgres.sh.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ -n ${KOPPEL_TEST_POSTGRES_URL:-} ]] || die "run this by hack/with-postgres.sh"
"${CARGO:-cargo}" test --no-fail-fast --lib state::
"${CARGO:-cargo}" test --no-fail-fast --test it engine::
