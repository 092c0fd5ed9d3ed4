#!/usr/bin/env bash
# The product as a user meets it, on a whole Kubernetes node that this machine runs for the time of the test: kubelet,
# containerd, kube-proxy and CoreDNS in namespaces of their own, without Docker and without a registry.
# Needs Linux and root (or sudo without a prompt); installs and builds the rest, once.
# IMAGES=FOLDER takes images that hack/images.sh has made before. KEEP=1 leaves the folder with all logs behind. SHELL_AFTER=1 gives a shell on the node before it goes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ $(uname -s) == Linux ]] || die "a node needs Linux"
mkdir -p "$KOPPEL_CACHE"
exec 9>"$KOPPEL_CACHE/e2e.lock"
if ! flock -n 9; then
    say "waiting for another run on this machine to end"
    flock 9
fi
programs="$(hack/control-plane.sh):$(hack/node-programs.sh)"
folder=$(mktemp -d "${TMPDIR:-/tmp}/koppel-e2e.XXXXXX")
# What the kubelet sets for the whole machine, and what is put back.
sysctls=(vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes)
before=()
# What programs of a node take without asking; the node sees empty ones.
places=(/var/lib/cni /var/lib/kubelet)
made=()

clean_up() {
    local code=$?
    trap - EXIT
    [[ ${#before[@]} -eq 0 ]] || as_root sysctl -q -w "${before[@]}" || true
    [[ ${#made[@]} -eq 0 ]] || as_root rmdir "${made[@]}" || true
    remove_cgroups
    if [[ -n ${KEEP:-} ]]; then
        say "the logs are in $folder"
    else
        as_root rm -rf "$folder"
    fi
    exit "$code"
}

# Those of this run, and of one that was killed: no two run at once. The processes are gone with their PID namespace; the
# kernel lets go of a group a moment later.
remove_cgroups() {
    local _try
    for _try in $(seq 50); do
        as_root find /sys/fs/cgroup -depth -type d -path '*/koppel-e2e.*' -exec rmdir {} + 2>/dev/null || true
        [[ -n $(find /sys/fs/cgroup -type d -name 'koppel-e2e.*' 2>/dev/null) ]] || return 0
        sleep 0.2
    done
    say "groups of the node are left in /sys/fs/cgroup"
}

remember_sysctls() {
    local name
    for name in "${sysctls[@]}"; do
        before+=("$name=$(sysctl -n "$name")")
    done
}

make_places() {
    local place
    for place in "${places[@]}"; do
        [[ ! -d $place ]] || continue
        as_root mkdir "$place"
        made+=("$place")
    done
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

images=${IMAGES:-$folder/images}
[[ -n ${IMAGES:-} ]] || hack/images.sh "$images"
cc -static -Os -o "$folder/pause" tests/e2e/pause.c
hack/image.py --binary "$folder/pause" --at /pause --name koppel.test/pause:1 --output "$images/pause.tar"

remember_sysctls
make_places
say "starting a node; its logs are in $folder/logs"
# Everything that runs there ends with the first process of its PID namespace, and that one with this script: however it
# ends, no process, mount, address or rule is left. The time limit is for a machine on which nothing moves any more.
as_root setpriv --pdeathsig TERM timeout --kill-after=10 1800 \
    env PATH="$programs:$PATH" E2E_FOLDER="$folder" E2E_IMAGES="$images" SHELL_AFTER="${SHELL_AFTER:-}" \
    unshare --net --mount --pid --fork --kill-child --mount-proc bash tests/e2e/run.sh 9>&-
