#!/usr/bin/env bash
# Prints a folder with etcd, kube-apiserver, kube-controller-manager, kubectl and helm for the tests of the operator.
# From, in this order: the folder KUBEBUILDER_ASSETS; the published envtest archive, pinned by checksum; the pinned Go
# modules of tests/cluster/programs. What a source lacks is built at the same minor. Cached outside the checkout.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source hack/go-programs.sh

all=(etcd kube-apiserver kube-controller-manager kubectl helm)
published=(etcd kube-apiserver kubectl)

# The minor of a folder's kube-apiserver.
minor_of() { "$1/kube-apiserver" --version 2>/dev/null | sed -n 's/.* v1\.\([0-9]*\)\..*/\1/p'; }

# The developer's own folder, when it can be used.
own_folder() {
    local folder=${KUBEBUILDER_ASSETS:-}
    [[ -n $folder ]] || return 1
    if ! all_there "$folder" "${published[@]}"; then
        say "KUBEBUILDER_ASSETS is $folder, which has not all of ${published[*]}; taking other programs"
        return 1
    fi
    # What it lacks is built here, and a controller manager must not be newer than its API server.
    if [[ ! -x $folder/kube-controller-manager && $(minor_of "$folder") != "$kubernetes_minor" ]]; then
        say "KUBEBUILDER_ASSETS is $folder, with Kubernetes 1.$(minor_of "$folder") and no kube-controller-manager; the tests build 1.$kubernetes_minor; taking other programs"
        return 1
    fi
    printf '%s' "$folder"
}

platform() {
    local machine
    machine=$(uname -m)
    case $machine in
    x86_64) machine=amd64 ;;
    aarch64) machine=arm64 ;;
    esac
    printf '%s-%s' "$(uname -s | tr '[:upper:]' '[:lower:]')" "$machine"
}

# The published archive, when it can be had. An answer other than the pinned one is never used.
published_folder() {
    local version sum name folder download url
    read -r version sum < <(awk -v p="$(platform)" '$2 == p {print $1, $3}' tests/cluster/programs/envtest.sums) || return 1
    name=envtest-$version-$(platform)
    folder=$KOPPEL_CACHE/programs/$name
    if all_there "$folder" "${published[@]}"; then
        printf '%s' "$folder"
        return
    fi
    # Those that were built here, because the archive could not be had, do as well.
    all_there "$(module_store kubernetes)" "${published[@]}" && return 1
    url=https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-$version/$name.tar.gz
    command -v curl >/dev/null || return 1
    mkdir -p "$KOPPEL_CACHE/programs"
    download=$(mktemp -d "$KOPPEL_CACHE/programs/.envtest.XXXXXX")
    if fetch_archive "$url" "$sum" "$download"; then
        # Another process may have been first.
        mv "$download/controller-tools/envtest" "$folder" 2>/dev/null || true
    fi
    rm -rf "$download"
    all_there "$folder" "${published[@]}" && printf '%s' "$folder"
}

# fetch_archive URL SHA512 FOLDER
fetch_archive() {
    say "looking for the published programs of the control plane"
    if ! curl -sSfL --connect-timeout 5 --max-time 300 --retry 2 -o "$3/archive" "$1" 2>"$3/error"; then
        say "they cannot be had from here ($(tail -n 1 "$3/error")); building them from their Go modules"
        return 1
    fi
    if [[ $({ sha512sum "$3/archive" 2>/dev/null || shasum -a 512 "$3/archive"; } | cut -d' ' -f1) != "$2" ]]; then
        say "$1 is not what its checksum says, and is not used"
        return 1
    fi
    tar -xzf "$3/archive" -C "$3"
}

build_all() {
    build_etcd
    build_kubernetes kube-apiserver "4 minutes"
    build_kubernetes kubectl "half a minute"
}

# What no source brings.
build_rest() {
    [[ -x $1/kube-controller-manager ]] || build_kubernetes kube-controller-manager "a minute"
    [[ -x $1/helm ]] || build_helm
}

main() {
    local base built helm programs=() name
    use_go
    if ! base=$(own_folder) && ! base=$(published_folder); then
        base=$(module_store kubernetes)
        build_all
    fi
    build_rest "$base"
    built=$(module_store kubernetes)
    helm=$(module_store helm)
    for name in "${all[@]}"; do
        if [[ -x $base/$name ]]; then
            programs+=("$base/$name")
        elif [[ $name == helm ]]; then
            programs+=("$helm/helm")
        else
            programs+=("$built/$name")
        fi
    done
    link_programs control-plane "${programs[@]}"
}

main
