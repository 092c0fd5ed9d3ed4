#!/usr/bin/env bash
# The product as a user meets it, on a whole Kubernetes node that this machine runs for the time of the test: kubelet,
# containerd, kube-proxy and CoreDNS in namespaces of their own, without Docker and without a registry.
# Needs Linux and root (or sudo without a prompt); installs and builds the rest, once.
#   IMAGES=FOLDER   images that hack/images.sh has made before
#   KEEP=1          leave the folder with all logs behind
#   SHELL_AFTER=1   a shell on the node before it goes
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What was changed on the machine, one line each: a word and what it is about. A run that was killed leaves it to the next.
changes=$KOPPEL_CACHE/e2e.changes
# What the kubelet sets for the whole machine.
sysctls=(vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes)
# What programs of a node take without asking; the node sees empty ones.
places=(/var/lib/cni /var/lib/kubelet)
node=

one_at_a_time() {
    mkdir -p "$KOPPEL_CACHE"
    exec 9>"$KOPPEL_CACHE/e2e.lock"
    flock -n 9 && return
    say "waiting for another run on this machine to end"
    # A signal is heard while it waits, not afterwards.
    flock 9 &
    wait $!
}

# Puts back what stands in the list of changes.
undo() {
    local what about
    [[ -f $changes ]] || return 0
    remove_cgroups
    while read -r what about; do
        case $what in
        sysctl) as_root sysctl -q -w "$about" || true ;;
        place) as_root rmdir "$about" 2>/dev/null || true ;;
        folder) [[ -n ${KEEP:-} ]] || as_root rm -rf "$about" ;;
        esac
    done <"$changes"
    rm -f "$changes"
}

# The processes are gone with their PID namespace; the kernel lets go of a group a moment later.
remove_cgroups() {
    local _try
    for _try in $(seq 50); do
        as_root find /sys/fs/cgroup -depth -type d -path '*/koppel-e2e.*' -exec rmdir {} + 2>/dev/null || true
        [[ -n $(find /sys/fs/cgroup -type d -name 'koppel-e2e.*' 2>/dev/null) ]] || return 0
        sleep 0.2
    done
    say "groups of the node are left in /sys/fs/cgroup"
}

clean_up() {
    local code=$?
    trap - EXIT INT TERM
    [[ -z $node ]] || ! as_root kill "$node" 2>/dev/null || wait "$node" || true
    undo
    [[ -z ${KEEP:-} ]] || say "the logs are in $folder"
    exit "$code"
}

prepare_machine() {
    local name place
    for name in "${sysctls[@]}"; do
        printf 'sysctl %s=%s\n' "$name" "$(sysctl -n "$name")" >>"$changes"
    done
    for place in "${places[@]}"; do
        [[ ! -d $place ]] || continue
        printf 'place %s\n' "$place" >>"$changes"
        as_root mkdir "$place"
    done
}

make_images() {
    images=${IMAGES:-$folder/images}
    [[ -n ${IMAGES:-} ]] || hack/images.sh "$images"
    cc -static -Os -o "$folder/pause" tests/e2e/pause.c
    hack/image.py --binary "$folder/pause" --at /pause --name koppel.test/pause:1 --output "$images/pause.tar"
}

# Everything that runs there ends with the first process of its PID namespace, and that one with this script: however it
# ends, no process, mount, address or rule is left. The time limit is for a machine on which nothing moves any more.
run_node() {
    local privileged=()
    # Not by as_root, whose shell would stand between the two.
    [[ $(id -u) -eq 0 ]] || privileged=(sudo -n)
    "${privileged[@]}" setpriv --pdeathsig TERM timeout --foreground --kill-after=2 1800 \
        env PATH="$programs:$PATH" E2E_FOLDER="$folder" E2E_IMAGES="$images" SHELL_AFTER="${SHELL_AFTER:-}" \
        unshare --net --mount --pid --fork --kill-child --mount-proc bash tests/e2e/run.sh 9>&- &
    node=$!
    wait "$node"
    node=
}

[[ $(uname -s) == Linux ]] || die "a node needs Linux"
trap 'exit 130' INT
trap 'exit 143' TERM
one_at_a_time
undo
programs="$(hack/control-plane.sh):$(hack/node-programs.sh)"
folder=$(mktemp -d "${TMPDIR:-/tmp}/koppel-e2e.XXXXXX")
printf 'folder %s\n' "$folder" >"$changes"
trap clean_up EXIT
make_images
prepare_machine
say "starting a node; its logs are in $folder/logs"
run_node
