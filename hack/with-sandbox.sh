#!/usr/bin/env bash
# Runs a command against fresh sandboxes on free ports, and ends them with it.
#   hack/with-sandbox.sh [options of koppel sandbox] -- COMMAND...
# The command finds the addresses in its environment.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
koppel="${KOPPEL:-target/debug/koppel}"

options=()
while [[ $# -gt 0 && $1 != -- ]]; do
    options+=("$1")
    shift
done
[[ $# -gt 1 ]] || die "usage: hack/with-sandbox.sh [options] -- COMMAND..."
shift

folder=$(mktemp -d)
"$koppel" sandbox "${options[@]}" -o json >"$folder/addresses" </dev/null &
sandbox=$!
stop() {
    kill "$sandbox" 2>/dev/null || true
    wait "$sandbox" 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for _ in $(seq 600); do
    grep -q '}$' "$folder/addresses" && break
    kill -0 "$sandbox" 2>/dev/null || die "the sandboxes ended before they were ready"
    sleep 0.1
done
grep -q '}$' "$folder/addresses" || die "the sandboxes were not ready within a minute"

# Addresses only: no value has a quote or a backslash.
address() { sed -n "s/.*\"$1\":{[^}]*\"$2\":\"\([^\"]*\)\".*/\1/p" "$folder/addresses"; }
CHARGEBEE_SANDBOX_URL=$(address chargebee url)
CHARGEBEE_API_KEY=$(address chargebee apiKey)
SANDBOX_ADMIN_URL=$(address admin url)
EXACT_SANDBOX_URL=$(address exactOnline url)
EXACT_SANDBOX_ADMIN_URL="$SANDBOX_ADMIN_URL/admin/exact"
ENTRA_SANDBOX_URL=$(address entra url)
DATAVERSE_SANDBOX_URL=$(address dataverse url)
[[ -n $CHARGEBEE_SANDBOX_URL && -n $SANDBOX_ADMIN_URL && -n $EXACT_SANDBOX_URL ]] ||
    die "the sandboxes said something else than their addresses: $(cat "$folder/addresses")"
# As in examples/quickstart.
export CHARGEBEE_SANDBOX_URL CHARGEBEE_API_KEY SANDBOX_ADMIN_URL EXACT_SANDBOX_URL EXACT_SANDBOX_ADMIN_URL
export ENTRA_SANDBOX_URL DATAVERSE_SANDBOX_URL
ENTRA_TENANT_ID=$(address entra tenantId)
ENTRA_CLIENT_ID=$(address entra clientId)
ENTRA_CLIENT_SECRET=$(address entra clientSecret)
export ENTRA_TENANT_ID ENTRA_CLIENT_ID ENTRA_CLIENT_SECRET
export EXACT_CLIENT_ID=koppel-sandbox-client EXACT_CLIENT_SECRET=koppel-sandbox-secret EXACT_DIVISION=100001
export EXACT_REFRESH_TOKEN=koppel-sandbox-first-refresh-token
# The sandboxes are on loopback, whatever proxy there is.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
"$@"
