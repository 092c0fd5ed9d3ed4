#!/usr/bin/env bash
# Judges the sandboxes by clients that are not ours, each against sandboxes of its own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

chargebee=$(hack/venv.sh tests/judges/chargebee/requirements.txt)
exact=$(hack/venv.sh tests/judges/exact/requirements.txt)
dataverse=$(hack/venv.sh tests/judges/dataverse/requirements.txt)
failed=()

say "Chargebee's own client judges the Chargebee sandbox"
hack/with-sandbox.sh --quotas off --customers 40 --invoices 150 -- "$chargebee" tests/judges/chargebee/judge.py ||
    failed+=(chargebee)
say "exact-online-sdk judges the Exact Online sandbox"
hack/with-sandbox.sh -- "$exact" tests/judges/exact/judge.py || failed+=(exact)
say "Microsoft's own client judges the sandbox of Dataverse and Entra ID"
hack/with-sandbox.sh --quotas off -- "$dataverse" tests/judges/dataverse/judge.py || failed+=(dataverse)

[[ ${#failed[@]} -eq 0 ]] || die "judges that are not content: ${failed[*]}"
say "all judges are content"
