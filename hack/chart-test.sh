#!/usr/bin/env bash
# Tests the chart, its generated files and what docs/gitops offers, by helm alone: no cluster is needed.
# HELM names a helm of one's own. Arguments go to pytest.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

use_helm
export PYTHONDONTWRITEBYTECODE=1
python=$(hack/venv.sh tests/chart/requirements.txt)
"$python" -m pytest -p no:cacheprovider --quiet "${@:-tests/chart}"
