#!/usr/bin/env bash
# Writes deploy/install.yaml from the chart, or with --check judges it. HELM names a helm of one's own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

use_helm
export PYTHONDONTWRITEBYTECODE=1
python=$(hack/venv.sh hack/chart/requirements.txt)
"$python" hack/chart/install.py "$@"
