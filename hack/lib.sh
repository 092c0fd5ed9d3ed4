# Shared by the scripts in this folder; sourced, not run.

KOPPEL_CACHE="${KOPPEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/koppel}"

say() { printf 'koppel: %s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# Makes HELM the helm of the tests' control plane, unless it names one already. Needs the checkout as current folder.
use_helm() {
    [[ -n ${HELM:-} ]] || HELM=$(hack/control-plane.sh)/helm
    export HELM
}

# Runs a command as root: plainly, or by sudo without a prompt that nobody would answer.
as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    elif [[ -t 0 && -z ${CI:-} ]]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# Installs Debian packages, or says what to install where this is no Debian.
install_packages() {
    command -v apt-get >/dev/null || die "please install: $*"
    say "installing $* by apt-get"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 && return
    # Without fresh lists a package may be unknown, or its version gone.
    as_root apt-get update -q >/dev/null || die "apt-get update failed; please install: $*"
    as_root apt-get install -y -q --no-install-recommends "$@" >/dev/null || die "unable to install $*; please install them"
}
