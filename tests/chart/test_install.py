"""deploy/install.yaml is the chart with its defaults."""

import install
import yaml
from chart import NAMESPACE, ROOT, objects, of_kind, one, operator, worker_defaults

MANIFESTS = [d for d in yaml.safe_load_all((ROOT / "deploy/install.yaml").read_text()) if d]


def test_it_is_what_the_chart_says():
    assert install.TARGET.read_text() == install.render(), "run make install-yaml"


def test_it_brings_its_namespace_first_and_everything_lives_there():
    assert MANIFESTS[0]["kind"] == "Namespace" and MANIFESTS[0]["metadata"]["name"] == NAMESPACE
    assert {d["metadata"].get("namespace", NAMESPACE) for d in MANIFESTS} == {NAMESPACE}


def test_nothing_in_it_is_helms():
    assert "helm.sh" not in (ROOT / "deploy/install.yaml").read_text()
    assert not of_kind(MANIFESTS, "Job")


def test_it_runs_the_same_operator():
    assert operator(MANIFESTS) == operator(objects("default"))
    assert worker_defaults(MANIFESTS) == worker_defaults(objects("default"))


def test_every_definition_and_role_is_there():
    for kind in ("CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"):
        names = {d["metadata"]["name"] for d in of_kind(objects("default"), kind)} - {"koppel:uninstall-hook"}
        assert {d["metadata"]["name"] for d in of_kind(MANIFESTS, kind)} == names
