"""Values: what is refused, and that none is ignored."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import pytest
import values as chart_values
from chart import CHART, SETS, Refused, text

ROOT = chart_values.read(CHART / "values.yaml")


def nested(path: str, value) -> dict:
    """`a.b` and a value as `{a: {b: value}}`."""
    for part in reversed(path.split(".")):
        value = {part: value}
    return value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("replicaCout", 2, "additional properties 'replicaCout' not allowed"),
        ("worker.proxy.ftp", "x", "additional properties 'ftp' not allowed"),
        ("resources.limit", {}, "additional properties 'limit' not allowed"),
        ("resources.limits.memory", "lots", "'lots' does not match pattern"),
        ("tolerations", [{"keys": "x"}], "additional properties 'keys' not allowed"),
        ("extraEnv", [{"value": "x"}], "missing property 'name'"),
        ("extraVolumeMounts", [{"name": "x"}], "missing property 'mountPath'"),
        ("securityContext.readOnlyRoot", True, "additional properties 'readOnlyRoot' not allowed"),
        ("replicaCount", "two", "got string, want integer"),
        ("replicaCount", -1, "minimum: got -1, want 0"),
        ("image.digest", "abc", "'abc' does not match pattern"),
        ("image.pullPolicy", "Sometimes", "value must be one of 'Always', 'IfNotPresent', 'Never'"),
        ("executor", "pods", "value must be one of 'workload', 'inline'"),
        ("log.format", "xml", "value must be one of 'json', 'text'"),
        ("leaderElection.leaseDuration", 15, "got number, want string"),
        ("leaderElection.leaseDuration", "15", "'15' does not match pattern"),
        ("watchNamespaces", ["Tenant"], "'Tenant' does not match pattern"),
        ("watchNamespaces", ["a", "a"], "items at 0 and 1 are equal"),
        ("commonLabels", {"app.kubernetes.io/name": "x"}, "invalid propertyName 'app.kubernetes.io/name'"),
        ("worker.labels", {"koppel.dev/connection": "x"}, "invalid propertyName 'koppel.dev/connection'"),
        ("worker.proxy.https", "proxy:3128", "'proxy:3128' does not match pattern"),
        ("metrics.prometheusRule.disabled", ["KoppelNoSuch"], "value must be one of 'KoppelOperatorDown'"),
        ("state.persistence.size", "big", "'big' does not match pattern"),
        ("crds.keep", "yes", "got string, want boolean"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(path, value, message):
    with pytest.raises(Refused) as refused:
        text(values=nested(path, value))
    said = str(refused.value)
    assert message in said
    # The place is named, be it of the value or of the object that it should not be in.
    place = path if "additional" not in message and "missing" not in message else path.rpartition(".")[0]
    assert f"at '/{place.replace('.', '/')}" in said or not place


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"executor": "inline", "replicaCount": 2}, ["replicaCount is 2", "state.postgres.secretName"]),
        ({"leaderElection": {"enabled": False}, "replicaCount": 2}, ["replicaCount is 2", "leaderElection.enabled"]),
        (nested("state.postgres.secretName", "x"), ['"x"', "executor workload", "worker.postgres.secretName"]),
        (nested("state.persistence.existingClaim", "x"), ['"x"', "executor workload", "inline"]),
        ({"executor": "inline", "worker": {"postgres": {"secretName": "x"}}}, ['"x"', "state.postgres.secretName"]),
        ({"podDisruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}}, ["minAvailable", "maxUnavailable"]),
        ({"metrics": {"service": {"enabled": False}, "serviceMonitor": {"enabled": True}}}, ["metrics.service.enabled"]),
        ({"metrics": {"service": {"enabled": False}, "prometheusRule": {"enabled": True}}}, ["metrics.service.enabled"]),
    ],
)
def test_values_that_contradict_each_other_are_refused_with_the_remedy(values, names):
    with pytest.raises(Refused) as refused:
        text(values=values)
    for name in names:
        assert name in str(refused.value)


def test_a_parent_chart_may_pass_its_own_keys():
    assert text(values={"global": {"region": "eu"}, "enabled": True}) == text()


#: Another value for a schema that the kind of the default does not tell.
SAMPLES = {
    "#/definitions/digest": "sha256:" + "c" * 64,
    "#/definitions/objectReferences": [{"name": "sample"}],
    "#/definitions/labels": {"example.com/sample": "sample"},
    "#/definitions/strings": {"example.com/sample": "sample"},
    "#/definitions/quantity": "7Gi",
    "#/definitions/duration": "7s",
    "#/definitions/countOrPercent": 2,
    "#/definitions/tolerations": [{"key": "sample", "operator": "Exists"}],
    "#/definitions/affinity": {"podAffinity": {"sample": True}},
    "#/definitions/podSecurityContext": {"runAsUser": 777},
    "#/definitions/securityContext": {"runAsUser": 777},
    "#/definitions/resources": {"limits": {"memory": "777Mi"}},
    "#/definitions/probe": {"periodSeconds": 77},
    "#/definitions/environment": [{"name": "SAMPLE", "value": "x"}],
    "#/definitions/volumes": [{"name": "sample", "emptyDir": {}}],
    "#/definitions/volumeMounts": [{"name": "sample", "mountPath": "/sample"}],
    "#/definitions/proxyUrl": "http://sample.example",
    "#/definitions/ports": [7443],
}
ODD = {
    "watchNamespaces": ["sample"],
    "extraArgs": ["--sample"],
    "topologySpreadConstraints": [{"sample": True}],
    "extraObjects": [{"kind": "Sample", "metadata": {"name": "sample"}}],
    "networkPolicy.metricsFrom": [{"podSelector": {}}],
    "networkPolicy.apiServerPorts": [8443],
    "networkPolicy.postgresPorts": [6432],
    "networkPolicy.extraEgress": [{}],
    "metrics.serviceMonitor.relabelings": [{"action": "sample"}],
    "metrics.serviceMonitor.metricRelabelings": [{"action": "sample"}],
    "metrics.serviceMonitor.interval": "7s",
    "metrics.serviceMonitor.scrapeTimeout": "7s",
    "metrics.prometheusRule.disabled": ["KoppelOperatorDown"],
    "metrics.prometheusRule.additionalRules": [{"alert": "Sample"}],
}
#: Values that matter only beside others.
BESIDE = {
    "podDisruptionBudget.minAvailable": {"replicaCount": 3, "podDisruptionBudget": {"maxUnavailable": ""}},
    "state.postgres.secretName": {"executor": "inline"},
    "state.postgres.key": {"executor": "inline", "state": {"postgres": {"secretName": "x"}}},
    "worker.postgres.key": {"worker": {"postgres": {"secretName": "x"}}},
    "leaderElection.enabled": {},
}


def another(leaf: chart_values.Value):
    """A valid value that is not the default."""
    if leaf.path in ODD:
        return ODD[leaf.path]
    if "$ref" in leaf.schema:
        return SAMPLES[leaf.schema["$ref"]]
    if "enum" in leaf.schema:
        return next(word for word in leaf.schema["enum"] if word != leaf.default)
    if isinstance(leaf.default, bool):
        return not leaf.default
    if isinstance(leaf.default, int):
        return leaf.default + 1
    return "sample"


def bases(path: str):
    """Sets of values in which a value could show, the likeliest first."""
    if path in BESIDE:
        return [("default", BESIDE[path])]
    return [("everything", {}), ("inline", {}), ("default", {})]


def merged(left: dict, right: dict) -> dict:
    both = left.keys() & right.keys()
    deep = {key: merged(left[key], right[key]) for key in both if isinstance(left[key], dict) and isinstance(right[key], dict)}
    return left | right | deep


@lru_cache(maxsize=None)
def plain(base: str, beside: str) -> str:
    """A set of values without the sample."""
    return text(base, json.loads(beside))


def shows(leaf: chart_values.Value) -> bool:
    """Whether another value changes what is installed, in at least one set."""
    for base, beside in bases(leaf.path):
        # The definitions are long, and change nothing but with their own values.
        beside = merged({"crds": {"enabled": leaf.path.startswith("crds.")}}, beside)
        try:
            sample = another(leaf)
            changed = text(base, merged(beside, nested(leaf.path, sample)))
            if changed != plain(base, json.dumps(beside)) and (not isinstance(sample, str) or sample in changed):
                return True
        except Refused as refused:
            # A contradiction within this set; another set may bear the value.
            assert "execution error" in str(refused), f"{leaf.path}: {refused}"
    return False


def test_no_value_is_ignored():
    leaves = list(ROOT.leaves())
    assert len(leaves) > 100
    with ThreadPoolExecutor(4) as pool:
        ignored = [leaf.path for leaf, shown in zip(leaves, pool.map(shows, leaves)) if not shown]
    assert not ignored


def test_every_set_of_values_is_used():
    assert len(SETS) == 7


def test_the_schema_knows_every_value_and_its_meaning():
    schema = json.loads((CHART / "values.schema.json").read_text())
    for leaf in ROOT.leaves():
        place = schema
        for part in leaf.path.split("."):
            place = place["properties"][part]
        assert place["description"] == leaf.doc
