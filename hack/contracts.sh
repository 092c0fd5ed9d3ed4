#!/usr/bin/env bash
# Holds the rows of the sandboxes against the vendors' published schemas. Those are not part of this repository: they lie
# beside it, in ../shared/contracts, or where KOPPEL_CONTRACTS says. Where they are not, this check is skipped and says so.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

contracts="${KOPPEL_CONTRACTS:-../shared/contracts}"
if [[ ! -d $contracts ]]; then
    say "skipped: no contracts at $contracts, so the sandboxes' rows were not held against the vendors' schemas"
    exit 0
fi
python=$(hack/venv.sh hack/contracts/requirements.txt)
export KOPPEL="${KOPPEL:-target/debug/koppel}" PYTHONDONTWRITEBYTECODE=1
hack/with-sandbox.sh --quotas off --customers 40 --invoices 150 -- "$python" hack/contracts/check.py "$contracts"
