# A whole Kubernetes node; sourced by run.sh, in network, mount and PID namespaces that were made for it.
# Addresses: the node is 10.88.0.1, its pods 10.77.0.0/24, Services 10.0.0.0/24.

logs=$E2E_FOLDER/logs
config=$E2E_FOLDER/config
node_address=10.88.0.1
export KUBECONFIG=$config/admin.kubeconfig

# run NAME COMMAND...: starts a program of the node, with its output in a log of its name.
run() {
    local name=$1
    shift
    "$@" >"$logs/$name.log" 2>&1 </dev/null &
    pids[$name]=$!
}
declare -A pids=()

# A program that ended is told at once, not by a time limit.
check_programs() {
    local name
    for name in "${!pids[@]}"; do
        kill -0 "${pids[$name]}" 2>/dev/null || {
            printf 'e2e: %s has ended:\n' "$name" >&2
            tail -n 20 "$logs/$name.log" >&2
            return 1
        }
    done
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
    local until=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        check_programs || return 1
        if ((SECONDS >= until)); then
            printf 'e2e: not in time: %s\n' "$what" >&2
            return 1
        fi
        sleep 0.3
    done
}

# The node's own places, so that nothing is left on the machine and nothing of it is met. Folders that programs are told
# are in $E2E_FOLDER; these are those that they take without asking (hack/e2e.sh makes what the machine has not).
node_mounts() {
    local place
    mount --make-rprivate /
    for place in /run /var/log /var/lib/cni /var/lib/kubelet; do
        mount -t tmpfs tmpfs "$place"
    done
}

# Some kernels have no dummy device; a bridge without ports does as well.
node_network() {
    ip link set lo up
    ip address add 10.0.0.1/32 dev lo
    ip link add node0 type bridge
    ip address add "$node_address/24" dev node0
    ip link set node0 up
    ip route add default dev node0
    echo 1 >/proc/sys/net/ipv4/ip_forward
}

# The group that holds all pods: one folder with cgroup v2, one for each controller with v1.
node_group() {
    local hierarchy group controller
    if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
        # A group has what the one above it gives to its children.
        for controller in $(</sys/fs/cgroup/cgroup.controllers); do
            echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control || true
        done
    fi
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
        [[ -f $hierarchy/cgroup.procs ]] || continue
        [[ $hierarchy == /sys/fs/cgroup || ! -f /sys/fs/cgroup/cgroup.procs ]] || break
        group=$hierarchy/$(basename "$E2E_FOLDER")
        mkdir -p "$group"
        # With v1 a group has no processors before it is told which.
        [[ ! -f $group/cpuset.cpus || -f /sys/fs/cgroup/cgroup.procs ]] || {
            cat "$hierarchy/cpuset.cpus" >"$group/cpuset.cpus"
            cat "$hierarchy/cpuset.mems" >"$group/cpuset.mems"
        }
    done
}

# An authority and a certificate apart: rustls takes no authority for a server.
node_certificates() {
    local curve=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
    openssl req -x509 "${curve[@]}" -days 2 -subj /CN=koppel-e2e -keyout "$config/ca.key" -out "$config/ca.crt" 2>/dev/null
    openssl req -x509 "${curve[@]}" -days 2 -subj /CN=kube-apiserver -CA "$config/ca.crt" -CAkey "$config/ca.key" \
        -addext basicConstraints=critical,CA:FALSE \
        -addext "subjectAltName=IP:10.0.0.1,IP:$node_address,IP:127.0.0.1,DNS:kubernetes.default.svc" \
        -keyout "$config/server.key" -out "$config/server.crt" 2>/dev/null
    openssl genrsa -out "$config/accounts.key" 2048 2>/dev/null
}

# identity NAME USER GROUP: a token, and a kubeconfig with it.
identity() {
    local token
    token=$(openssl rand -hex 16)
    printf '%s,%s,%s,%s\n' "$token" "$2" "$1" "$3" >>"$config/tokens.csv"
    cat >"$config/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: "https://$node_address:443", certificate-authority: $config/ca.crt}}]
users: [{name: e2e, user: {token: $token}}]
contexts: [{name: e2e, context: {cluster: e2e, user: e2e}}]
current-context: e2e
YAML
}

node_config() {
    mkdir -p "$config/cni" "$config/manifests" "$logs"
    node_certificates
    identity admin admin system:masters
    identity manager system:kube-controller-manager ""
    identity scheduler system:kube-scheduler ""
    identity proxy system:kube-proxy ""
    identity dns coredns ""
    identity kubelet system:node:n1 system:nodes
    local file
    for file in tests/e2e/config/*; do
        sed "s#@CONFIG@#$config#g; s#@PROGRAMS@#$(dirname "$(command -v runc)")#g; s#@ADDRESS@#$node_address#g; s#@FOLDER@#$E2E_FOLDER#g; s#@GROUP@#/$(basename "$E2E_FOLDER")#g" \
            "$file" >"$config/$(basename "$file")"
    done
    mv "$config/10-pods.conflist" "$config/cni/"
}

control_plane() {
    run etcd etcd --data-dir="$E2E_FOLDER/etcd" --unsafe-no-fsync --log-level=warn
    run kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
        --bind-address=0.0.0.0 --secure-port=443 --advertise-address="$node_address" \
        --tls-cert-file="$config/server.crt" --tls-private-key-file="$config/server.key" \
        --service-account-issuer=https://kubernetes.default.svc --token-auth-file="$config/tokens.csv" \
        --service-account-key-file="$config/accounts.key" --service-account-signing-key-file="$config/accounts.key" \
        --authorization-mode=Node,RBAC --allow-privileged=true --service-cluster-ip-range=10.0.0.0/24 \
        --kubelet-preferred-address-types=InternalIP
    wait_for 90 "the API server is ready" kubectl get --raw /readyz
    run kube-controller-manager kube-controller-manager --kubeconfig="$config/manager.kubeconfig" \
        --root-ca-file="$config/ca.crt" --service-account-private-key-file="$config/accounts.key" \
        --use-service-account-credentials --leader-elect=false --secure-port=0 \
        --flex-volume-plugin-dir="$E2E_FOLDER/plugins"
    run kube-scheduler kube-scheduler --kubeconfig="$config/scheduler.kubeconfig" --leader-elect=false --secure-port=0
}

node_programs() {
    run containerd containerd --config "$config/containerd.toml"
    wait_for 30 "containerd answers" ctr version
    run kubelet kubelet --config="$config/kubelet.yaml" --kubeconfig="$config/kubelet.kubeconfig" \
        --root-dir="$E2E_FOLDER/kubelet" --node-ip="$node_address" --hostname-override=n1
    wait_for 60 "the node is registered" kubectl get node n1
    run kube-proxy kube-proxy --config="$config/kube-proxy.yaml"
    kubectl create clusterrole e2e-dns --verb=list,watch \
        --resource=namespaces,services,pods,endpointslices.discovery.k8s.io >/dev/null
    kubectl create clusterrolebinding e2e-dns --clusterrole=e2e-dns --user=coredns >/dev/null
    run coredns coredns -conf "$config/Corefile"
    kubectl wait --for=condition=Ready --timeout=60s node/n1 >/dev/null
}

import_images() {
    local file
    product=$(tar -xOf "$E2E_IMAGES/koppel.tar" index.json | sed 's/.*"io.containerd.image.name":"\([^"]*\)".*/\1/')
    for file in "$E2E_IMAGES"/*.tar; do
        ctr --namespace k8s.io images import --no-unpack=false "$file" >"$logs/import-$(basename "$file").log" 2>&1 || {
            cat "$logs/import-$(basename "$file").log" >&2
            return 1
        }
    done
}

node_up() {
    node_mounts
    node_network
    node_group
    node_config
    control_plane
    node_programs
    import_images
}
