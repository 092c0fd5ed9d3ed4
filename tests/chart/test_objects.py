"""What holds for every object, with every set of values."""

import pytest
import yaml
from chart import CHART, NAMESPACE, RELEASE, ROOT, SETS, VALUES, helm, objects, of_kind, one, operator, pods, render

CLUSTER_WIDE = {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
LABELS = {
    "app.kubernetes.io/name": "koppel",
    "app.kubernetes.io/instance": RELEASE,
    "app.kubernetes.io/part-of": "koppel",
    "app.kubernetes.io/managed-by": "Helm",
}


def own(documents):
    """The chart's own objects, without those of `extraObjects`."""
    return [document for document in documents if "extra" not in document["metadata"]["name"]]


@pytest.mark.parametrize("base", SETS)
def test_lint_finds_nothing(base):
    files = [] if base == "default" else ["--values", str(VALUES / f"{base}.yaml")]
    assert "0 chart(s) failed" in helm("lint", "--strict", str(CHART), *files)


@pytest.mark.parametrize("base", SETS)
def test_every_object_is_labelled_and_has_its_place(base):
    for document in own(objects(base)):
        metadata = document["metadata"]
        assert metadata["labels"].items() >= LABELS.items(), metadata
        assert "app.kubernetes.io/component" in metadata["labels"], metadata
        assert ("namespace" in metadata) == (document["kind"] not in CLUSTER_WIDE), metadata


@pytest.mark.parametrize("base", SETS)
def test_no_two_objects_have_one_name(base):
    names = [(d["kind"], d["metadata"].get("namespace"), d["metadata"]["name"]) for d in objects(base)]
    assert len(names) == len(set(names))


def test_common_labels_and_annotations_reach_every_object_and_pod():
    documents = own(objects("everything"))
    for metadata in [d["metadata"] for d in documents] + [template["metadata"] for _, template in pods(documents)]:
        assert metadata["labels"]["team"] == "billing", metadata
    for document in documents:
        assert document["metadata"]["annotations"]["example.com/owner"] == "billing"


def test_the_longest_release_name_gives_names_that_kubernetes_takes():
    documents = own(render("everything", release="r" * 53))
    for document in documents:
        # Roles are the only ones that take more.
        most = 253 if "Role" in document["kind"] else 63
        assert len(document["metadata"]["name"]) <= most, document["metadata"]["name"]
    values = [value for d in documents for value in d["metadata"]["labels"].values()]
    assert all(len(value) <= 63 for value in values)


@pytest.mark.parametrize("base", SETS)
def test_selectors_choose_the_operator_and_nothing_else(base):
    documents = objects(base)
    deployment = one(documents, "Deployment")
    selector = deployment["spec"]["selector"]["matchLabels"]
    assert selector.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    # A worker carries the chart's name too; what parts it from the operator is its component.
    assert selector["app.kubernetes.io/component"] == "operator"
    for service in of_kind(documents, "Service"):
        assert service["spec"]["selector"] == selector
    for budget in of_kind(documents, "PodDisruptionBudget"):
        assert budget["spec"]["selector"]["matchLabels"] == selector


@pytest.mark.parametrize("base", SETS)
def test_pods_are_restricted(base):
    for name, template in pods(objects(base)):
        spec = template["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert all("hostPath" not in volume for volume in spec.get("volumes", [])), name
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name


@pytest.mark.parametrize("base", SETS)
def test_containers_have_limits_and_the_operator_probes(base):
    documents = objects(base)
    for name, template in pods(documents):
        for container in template["spec"]["containers"]:
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name
    container = operator(documents)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"metrics": 8080, "health": 8081}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "health"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
    assert f"--health-address=0.0.0.0:{ports['health']}" in container["args"]
    assert f"--metrics-address=0.0.0.0:{ports['metrics']}" in container["args"]


@pytest.mark.parametrize("base", SETS)
def test_every_mount_has_its_volume(base):
    spec = one(objects(base), "Deployment")["spec"]["template"]["spec"]
    volumes = [volume["name"] for volume in spec["volumes"]]
    mounts = [mount["name"] for mount in spec["containers"][0]["volumeMounts"]]
    assert sorted(volumes) == sorted(mounts)


@pytest.mark.parametrize("enabled", [True, False])
def test_crds_are_those_of_the_code(enabled):
    rendered = of_kind(render(values={"crds": {"enabled": enabled}}), "CustomResourceDefinition")
    sources = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "crds").glob("*.yaml"))]
    assert len(sources) == 3
    expected = {crd["metadata"]["name"]: crd["spec"] for crd in sources} if enabled else {}
    assert {crd["metadata"]["name"]: crd["spec"] for crd in rendered} == expected


@pytest.mark.parametrize("keep", [True, False])
def test_crds_are_kept_when_asked(keep):
    for crd in of_kind(render(values={"crds": {"keep": keep}}), "CustomResourceDefinition"):
        policy = crd["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
        assert policy == ("keep" if keep else None)


def test_extra_objects_are_rendered():
    documents = objects("everything")
    assert one(documents, "ConfigMap", f"{RELEASE}-extra")
    assert one(documents, "ConfigMap", "extra-text")


def test_the_package_holds_what_the_templates_read(tmp_path):
    helm("package", str(CHART), "--destination", str(tmp_path))
    archive = next(tmp_path.glob("koppel-*.tgz"))
    from_package = helm("template", RELEASE, str(archive), "--namespace", NAMESPACE)
    assert [d for d in yaml.safe_load_all(from_package) if d] == list(objects("default"))
