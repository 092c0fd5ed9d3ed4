#!/usr/bin/env bash
# Writes the generated files of the chart (schema, README, dashboard, copies of the CRDs), or with --check judges them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=$(hack/venv.sh hack/chart/requirements.txt)
PYTHONDONTWRITEBYTECODE=1 "$python" hack/chart/generate.py "$@"
