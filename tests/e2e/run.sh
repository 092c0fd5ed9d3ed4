#!/usr/bin/env bash
# The first process of the node's namespaces: when it ends, everything on the node does. Started by hack/e2e.sh.
set -euo pipefail
begun=$SECONDS
source tests/e2e/node.sh
source tests/e2e/volumes.sh
source tests/e2e/steps.sh

on_exit() {
    local code=$?
    trap - EXIT
    [[ $code -eq 0 ]] || tell_what_stands || true
    [[ -z ${SHELL_AFTER:-} ]] || bash -i </dev/tty || true
    exit "$code"
}

# step NAME FUNCTION: one thing that must hold, with its time.
step() {
    local started=$SECONDS
    printf -- '-- %s\n' "$1"
    current=$1
    "$2"
    printf -- '   ok, %ds\n' $((SECONDS - started))
}

current="start"
trap on_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
step "a node is up and has its images" node_up
steps
printf 'e2e: everything holds, in %ds\n' $((SECONDS - begun))
