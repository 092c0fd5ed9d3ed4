#!/usr/bin/env bash
# Builds the product and packs it as OCI images, without a registry and without a Docker engine:
#   hack/images.sh FOLDER
# FOLDER/koppel.tar is the product, under the name that the chart has by default; FOLDER/sandbox.tar is a test image with
# the simulated vendors. PROFILE=release for the profile that is shipped. For several platforms see the Dockerfile.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ $# -eq 1 ]] || die "usage: hack/images.sh FOLDER"
folder=$1
profile=${PROFILE:-dev}
cargo=${CARGO:-cargo}
mkdir -p "$folder"
command -v python3 >/dev/null || install_packages python3
[[ -f /etc/ssl/certs/ca-certificates.crt ]] || install_packages ca-certificates

# value FILE KEY: a scalar of a simple YAML file.
value() { sed -n "s/^ *$2: *\"\{0,1\}\([^\" ]*\).*/\1/p" "$1" | head -n 1; }

# Where cargo puts the program.
built() {
    local target=${CARGO_TARGET_DIR:-target}
    [[ $profile == dev ]] && printf '%s/debug/koppel' "$target" || printf '%s/%s/koppel' "$target" "$profile"
}

product="$(value charts/koppel/values.yaml registry)/$(value charts/koppel/values.yaml repository):$(value charts/koppel/Chart.yaml appVersion)"

# Both are built in one folder, one after the other, so that they share every dependency.
say "building the product, without the simulated vendors"
"$cargo" build --profile "$profile" --locked --no-default-features --bin koppel
hack/image.py --binary "$(built)" --name "$product" --command operator --output "$folder/koppel.tar"
say "building the test image, with the simulated vendors"
"$cargo" build --profile "$profile" --locked --bin koppel
hack/image.py --binary "$(built)" --name koppel.test/sandbox:1 --command sandbox --output "$folder/sandbox.tar"
say "$product is in $folder/koppel.tar"
