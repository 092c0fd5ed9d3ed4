# Builds pinned Go programs into the cache; sourced, not run. Needs lib.sh and the checkout as current folder.
# Every program is put in place whole, so that a build that was killed leaves nothing half and goes on where it stopped.

programs_modules=tests/cluster/programs
# The newest minor of Go that builds a sound kube-apiserver: 1.27 gives it a malformed OpenAPI v2 document.
go_minor=1.26
go_oldest=go1.26.6
go_pinned=go1.26.8
export GOWORK=off

sha256() { { sha256sum 2>/dev/null || shasum -a 256; } | cut -d' ' -f1; }

# The folder of a module's programs: another one for other sources, another compiler or another machine.
module_store() {
    local module=$programs_modules/$1 key
    [[ -f $module/go.sum ]] || die "there is no $module/go.sum"
    key=$({ cat "$module/go.mod" "$module/go.sum"; go version; uname -sm; } | sha256)
    printf '%s/programs/%s-%s' "$KOPPEL_CACHE" "$1" "${key:0:16}"
}

# Makes `go` a compiler of the right minor, for this process only.
use_go() {
    local found
    command -v go >/dev/null ||
        die "go is not there: install Go $go_minor from https://go.dev/dl; the programs of the tests' control plane are built with it"
    found=$(go env GOVERSION)
    [[ $found == "go$go_minor".* && $(printf '%s\n' "$go_oldest" "$found" | sort -V | head -n 1) == "$go_oldest" ]] && return
    say "this is $found and the programs need Go $go_minor; taking $go_pinned by GOTOOLCHAIN"
    export GOTOOLCHAIN=$go_pinned
    go version >/dev/null 2>&1 || die "unable to get $go_pinned: install Go $go_minor from https://go.dev/dl"
}

# Runs a command while no other process builds programs: two at once would take the memory and the time of both.
with_build_lock() {
    mkdir -p "$KOPPEL_CACHE"
    if command -v flock >/dev/null; then
        exec 9>"$KOPPEL_CACHE/programs.lock"
        if ! flock -n 9; then
            say "waiting for another build of such programs to end"
            flock 9
        fi
    fi
    "$@"
    exec 9>&-
}

# build_program MODULE NAME PACKAGE "HOW LONG" [go build options...]: builds what is not there yet.
build_program() {
    local store
    store=$(module_store "$1")
    [[ -x $store/$2 ]] || with_build_lock build_now "$store" "$@"
}

build_now() {
    local store=$1 module=$2 name=$3 package=$4 long=$5 begun=$SECONDS
    shift 5
    # Whoever had the lock before may have built it.
    [[ ! -x $store/$name ]] || return 0
    mkdir -p "$store"
    rm -f "$store/.$name".*
    say "building $name, once on this machine ($long on 2 cores)"
    # The lock is not inherited: a compiler that outlives this script would hold it.
    (cd "$programs_modules/$module" && exec nice -n 5 go build -mod=readonly -buildvcs=false -trimpath "$@" \
        -o "$store/.$name.$$" "$package" 9>&-) >&2 || die "unable to build $name; what went wrong stands above"
    mv "$store/.$name.$$" "$store/$name"
    say "built $name in $((SECONDS - begun)) s"
}

kubernetes_version=$(sed -n 's/.*k8s.io\/kubernetes \(v[0-9.]*\).*/\1/p' "$programs_modules/kubernetes/go.mod" | head -n 1)
kubernetes_minor=$(cut -d. -f2 <<<"$kubernetes_version")

# Without the version in the binary, clients see 0.0 and refuse.
kubernetes_flags() {
    local at=k8s.io/component-base/version
    printf -- '-s -w -X %s.gitVersion=%s -X %s.gitMajor=1 -X %s.gitMinor=%s' \
        $at "$kubernetes_version" $at $at "$kubernetes_minor"
}

# build_kubernetes NAME "HOW LONG"
build_kubernetes() {
    CGO_ENABLED=0 build_program kubernetes "$1" "k8s.io/kubernetes/cmd/$1" "$2" -ldflags "$(kubernetes_flags)"
}

build_etcd() {
    CGO_ENABLED=0 build_program kubernetes etcd go.etcd.io/etcd/server/v3 "10 seconds" -ldflags "-s -w"
}

build_helm() {
    CGO_ENABLED=0 build_program helm helm helm.sh/helm/v4/cmd/helm "2 minutes" -ldflags "-s -w"
}

# all_there FOLDER NAME...
all_there() {
    local folder=$1 name
    shift
    for name in "$@"; do [[ -x $folder/$name ]] || return 1; done
}

# link_programs KIND PROGRAM...: prints a folder with links to the programs, which is there whole or not at all.
link_programs() {
    local kind=$1 folder temporary
    shift
    folder=$KOPPEL_CACHE/$kind/$(printf '%s\n' "$@" | sha256 | cut -c1-16)
    # It was made at once, from paths that have the versions in them.
    if ! all_there "$folder" "${@##*/}"; then
        mkdir -p "$KOPPEL_CACHE/$kind"
        temporary=$(mktemp -d "$folder.XXXXXX")
        ln -s "$@" "$temporary/"
        rm -rf "$folder"
        mv "$temporary" "$folder"
    fi
    printf '%s\n' "$folder"
}
