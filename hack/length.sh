#!/usr/bin/env bash
# Fails where a file that is not generated has more than 600 lines.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
most=600

is_generated() {
    case $1 in
    Cargo.lock | LICENSE | */go.sum | crds/* | docs/reference/* | docs/commands.md | *.snap) return 0 ;;
    charts/koppel/files/crds/* | charts/koppel/files/dashboard.json | charts/koppel/values.schema.json) return 0 ;;
    deploy/install.yaml | tests/chart/snapshots/*) return 0 ;;
    *) return 1 ;;
    esac
}

long=0
while IFS= read -r file; do
    is_generated "$file" || [[ ! -f $file ]] && continue
    lines=$(wc -l <"$file")
    if [[ $lines -gt $most ]]; then
        say "$file has $lines lines, at most $most are allowed: split it"
        long=1
    fi
done < <(git ls-files --cached --others --exclude-standard)
exit $long
