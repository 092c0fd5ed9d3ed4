"""Renders the chart with helm, as the tests want it."""

import os
import subprocess
from functools import lru_cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/koppel"
VALUES = Path(__file__).parent / "values"
HELM = os.environ["HELM"]
RELEASE, NAMESPACE = "koppel", "koppel-system"

#: Every set of values that is tested; `default` is the chart's own.
SETS = ["default", *sorted(path.stem for path in VALUES.glob("*.yaml"))]


class Refused(Exception):
    """What helm said when it would not render."""


def helm(*arguments: str, stdin: str = "") -> str:
    result = subprocess.run([HELM, *arguments], input=stdin, capture_output=True, text=True, check=False)
    if result.returncode:
        raise Refused(result.stderr + result.stdout)
    return result.stdout


def text(base: str = "default", values: dict | None = None, *arguments: str, release: str = RELEASE) -> str:
    """The manifests of a set of values, with more values on top."""
    files = [] if base == "default" else ["--values", str(VALUES / f"{base}.yaml")]
    command = ["template", release, str(CHART), "--namespace", NAMESPACE, *files, "--values", "-", *arguments]
    return helm(*command, stdin=yaml.safe_dump(values or {}))


def render(base: str = "default", values: dict | None = None, *arguments: str, release: str = RELEASE) -> list[dict]:
    """The objects of a set of values, with more values on top."""
    return [document for document in yaml.safe_load_all(text(base, values, *arguments, release=release)) if document]


@lru_cache(maxsize=None)
def objects(base: str) -> tuple[dict, ...]:
    """The objects of a set of values as it stands; not to be changed."""
    return tuple(render(base))


def of_kind(documents, *kinds: str) -> list[dict]:
    return [document for document in documents if document["kind"] in kinds]


def one(documents, kind: str, name: str | None = None) -> dict:
    """The only object of a kind, or of a kind and name."""
    found = [document for document in of_kind(documents, kind) if name in (None, document["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects {kind} {name or ''}"
    return found[0]


def pods(documents) -> list[tuple[str, dict]]:
    """The template of every pod, with the name of its object."""
    return [
        (f"{document['kind']} {document['metadata']['name']}", document["spec"]["template"])
        for document in of_kind(documents, "Deployment", "Job")
    ]


def operator(documents) -> dict:
    """The operator's container."""
    return one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]


def worker_defaults(documents) -> dict:
    return yaml.safe_load(one(documents, "ConfigMap", f"{RELEASE}-worker")["data"]["worker.yaml"])
