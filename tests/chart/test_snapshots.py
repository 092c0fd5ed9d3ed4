"""Whole renderings, so that a review shows what a change of the chart does. deploy/install.yaml is that of the defaults."""

import re
from pathlib import Path

import pytest
from chart import text

SNAPSHOTS = Path(__file__).parent / "snapshots"
#: Long, and compared elsewhere.
WITHOUT = {"crds": {"enabled": False}, "grafanaDashboard": {"enabled": False}}


@pytest.mark.parametrize("base", ["everything", "namespaced", "inline"])
def test_nothing_changes_unseen(base, update_snapshots):
    rendered = re.sub(r"\n{2,}", "\n", text(base, WITHOUT))
    path = SNAPSHOTS / f"{base}.yaml"
    if update_snapshots:
        path.write_text(rendered)
    assert path.read_text() == rendered, "look at the difference, then run: hack/chart-test.sh tests/chart --update-snapshots"
