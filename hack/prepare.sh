#!/usr/bin/env bash
# Makes sure that Rust is there, and a C compiler: SQLite and the cryptography are compiled from C.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v cargo >/dev/null || die "cargo is not there: install Rust from https://rustup.rs, then try again"
needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
found=$(rustc --version | cut -d' ' -f2)
[[ $(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1) == "$needed" ]] ||
    die "Rust $needed or newer is needed and this is $found: run rustup update"
command -v cc >/dev/null || install_packages gcc libc6-dev
[[ -d target ]] || say "the first build takes some minutes; later ones take seconds"
