#!/usr/bin/env bash
# Prints a folder with the programs of a whole node besides those of its control plane: kubelet, kube-proxy, kube-scheduler,
# containerd with its shim and ctr, runc, the network plugins and CoreDNS. Built from the pinned Go modules of
# tests/cluster/programs, once, cached outside the checkout. Linux only.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source hack/go-programs.sh

kubernetes=(kube-scheduler kubelet kube-proxy)
containerd=(containerd containerd-shim-runc-v2 ctr)
plugins=(ipam/host-local main/bridge main/loopback)

# What the programs call, or are compiled against.
install_system_packages() {
    local missing=()
    command -v gcc >/dev/null || missing+=(gcc libc6-dev)
    command -v pkg-config >/dev/null && pkg-config --exists libseccomp || missing+=(pkg-config libseccomp-dev)
    command -v nft >/dev/null || missing+=(nftables)
    command -v ip >/dev/null || missing+=(iproute2)
    command -v nsenter >/dev/null || missing+=(util-linux)
    command -v openssl >/dev/null || missing+=(openssl)
    command -v conntrack >/dev/null || missing+=(conntrack)
    command -v curl >/dev/null || missing+=(curl)
    command -v mount >/dev/null || missing+=(mount)
    [[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"
}

# containerd without the snapshotters that need C libraries.
build_containerd() {
    CGO_ENABLED=0 build_program containerd "$1" "github.com/containerd/containerd/v2/cmd/$1" "$2" \
        -tags no_btrfs,no_devmapper,no_zfs -ldflags "-s -w"
}

# Without seccomp every pod with the profile RuntimeDefault would fail.
build_runc() {
    CGO_ENABLED=1 build_program runc runc github.com/opencontainers/runc "15 seconds" -tags seccomp -ldflags "-s -w"
}

build_plugin() {
    CGO_ENABLED=0 build_program cni "${1##*/}" "github.com/containernetworking/plugins/plugins/$1" "6 seconds" -ldflags "-s -w"
}

build_coredns() {
    CGO_ENABLED=0 build_program coredns coredns github.com/coredns/coredns "2 minutes" -ldflags "-s -w"
}

main() {
    local name programs=()
    [[ $(uname -s) == Linux ]] || die "a node needs Linux"
    install_system_packages
    use_go
    for name in "${kubernetes[@]}"; do
        build_kubernetes "$name" "half a minute"
        programs+=("$(module_store kubernetes)/$name")
    done
    build_containerd containerd "a minute and a half"
    build_containerd containerd-shim-runc-v2 "10 seconds"
    build_containerd ctr "10 seconds"
    for name in "${containerd[@]}"; do programs+=("$(module_store containerd)/$name"); done
    build_runc
    programs+=("$(module_store runc)/runc")
    for name in "${plugins[@]}"; do
        build_plugin "$name"
        programs+=("$(module_store cni)/${name##*/}")
    done
    build_coredns
    programs+=("$(module_store coredns)/coredns")
    link_programs node "${programs[@]}"
}

main
