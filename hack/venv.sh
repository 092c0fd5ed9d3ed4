#!/usr/bin/env bash
# Makes the Python environment of a requirements file in the cache, once, and prints the path of its interpreter.
#   hack/venv.sh tests/judges/exact/requirements.txt
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
requirements=$1

# ensurepip is what a Debian without python3-venv lacks.
python3 -c 'import venv, ensurepip' 2>/dev/null || install_packages python3 python3-venv
key=$( (python3 --version && cat "$requirements") | sha256sum | cut -c1-16)
venv="$KOPPEL_CACHE/venv/$key"
mkdir -p "$KOPPEL_CACHE/venv"
exec 9>"$venv.lock"
flock 9
if [[ ! -e $venv/complete ]]; then
    say "making a Python environment for $requirements, once"
    rm -rf "$venv"
    python3 -m venv "$venv" >&2 || {
        # The module may be there and broken still, as with a python3-venv of another version.
        install_packages python3-venv
        python3 -m venv --clear "$venv" >&2
    }
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2 ||
        die "pip could not install $requirements"
    touch "$venv/complete"
fi
echo "$venv/bin/python"
