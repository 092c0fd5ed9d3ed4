"""Lets the tests import the generator beside them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "hack/chart"))


def pytest_addoption(parser):
    parser.addoption("--update-snapshots", action="store_true", help="write tests/chart/snapshots anew")


@pytest.fixture
def update_snapshots(request) -> bool:
    return request.config.getoption("--update-snapshots")
