"""The operator's pod: image, arguments, replicas, state."""

import re

import pytest
from chart import ROOT, SETS, objects, of_kind, one, operator, render, worker_defaults

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def images(values: dict) -> tuple[str, str, str]:
    """The images of operator, hook and workers."""
    documents = render(values=values)
    hook = one(documents, "Job")["spec"]["template"]["spec"]["containers"][0]
    return operator(documents)["image"], hook["image"], worker_defaults(documents)["image"]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({"tag": "v2"}, "ghcr.io/koppel-dev/koppel:v2"),
        ({"digest": DIGEST}, f"ghcr.io/koppel-dev/koppel@{DIGEST}"),
        ({"tag": "v2", "digest": DIGEST}, f"ghcr.io/koppel-dev/koppel@{DIGEST}"),
        ({"registry": "", "repository": "koppel"}, "koppel:0.1.0"),
        ({"registry": "r.example:5000", "repository": "a/b"}, "r.example:5000/a/b:0.1.0"),
    ],
)
def test_a_digest_outweighs_the_tag(image, expected):
    assert images({"image": image}) == (expected,) * 3


@pytest.mark.parametrize(
    ("operators", "workers", "expected"),
    [
        ({"digest": DIGEST}, {"tag": "v3"}, "ghcr.io/koppel-dev/koppel:v3"),
        ({"digest": DIGEST}, {"digest": OTHER}, f"ghcr.io/koppel-dev/koppel@{OTHER}"),
        ({"digest": DIGEST}, {"repository": "a/b"}, "ghcr.io/a/b:0.1.0"),
        ({"tag": "v2"}, {"registry": "r.example"}, "r.example/koppel-dev/koppel:0.1.0"),
    ],
)
def test_workers_can_have_another_image(operators, workers, expected):
    assert images({"image": operators, "worker": {"image": workers}})[2] == expected


def test_arguments_by_default():
    assert operator(objects("default"))["args"] == [
        "operator",
        "--executor=workload",
        "--concurrency=8",
        "--worker-defaults=/etc/koppel/worker.yaml",
        "--leader-elect=true",
        "--lease-name=koppel",
        "--lease-namespace=$(POD_NAMESPACE)",
        "--lease-duration=15s",
        "--renew-deadline=10s",
        "--retry-period=2s",
        "--health-address=0.0.0.0:8081",
        "--metrics-address=0.0.0.0:8080",
    ]


@pytest.mark.parametrize("base", SETS)
def test_the_binary_knows_every_argument(base):
    job = one(objects(base), "Job")["spec"]["template"]["spec"]["containers"][0]
    for command, container in (("operator", operator(objects(base))), ("quiesce", job)):
        first, *flags = container["args"]
        source = (ROOT / f"src/cli/{command}.rs").read_text()
        assert first == command
        for flag in flags:
            field = flag.removeprefix("--").partition("=")[0].replace("-", "_")
            assert re.search(rf"(?m)^    {field}: ", source), flag


def test_extra_arguments_are_added():
    assert operator(objects("everything"))["args"][-1] == "--inline-runs=4"


def test_one_replica_without_leader_election_is_replaced_with_a_gap():
    documents = render(values={"leaderElection": {"enabled": False}})
    assert one(documents, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    args = operator(documents)["args"]
    assert "--leader-elect=false" in args
    assert not [argument for argument in args if "lease" in argument]


def test_a_rolling_update_is_said_in_full():
    """What the server fills in by itself, an upgrade to Recreate cannot take away, and fails."""
    strategy = one(objects("default"), "Deployment")["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


@pytest.mark.parametrize("base", [base for base in SETS if base not in ("default", "inline", "namespaced")])
def test_more_replicas_are_spread_and_guarded(base):
    documents = objects(base)
    spec = one(documents, "Deployment")["spec"]
    assert spec["replicas"] > 1 and spec["strategy"]["type"] == "RollingUpdate"
    assert spec["template"]["spec"]["topologySpreadConstraints"]
    budget = one(documents, "PodDisruptionBudget")["spec"]
    assert ("minAvailable" in budget) != ("maxUnavailable" in budget)


def test_one_replica_is_not_guarded_against_draining():
    assert not of_kind(objects("default"), "PodDisruptionBudget")


def test_inline_on_a_volume_is_one_pod_and_keeps_its_claim():
    documents = objects("inline")
    spec = one(documents, "Deployment")["spec"]
    assert spec["replicas"] == 1 and spec["strategy"] == {"type": "Recreate"}
    claim = one(documents, "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    volumes = {volume["name"]: volume for volume in spec["template"]["spec"]["volumes"]}
    assert volumes["state"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    mounts = {mount["name"]: mount["mountPath"] for mount in operator(documents)["volumeMounts"]}
    assert f"--state={mounts['state']}" in operator(documents)["args"]
    # A process that is not root can write to the volume.
    assert spec["template"]["spec"]["securityContext"]["fsGroup"]
    assert not of_kind(documents, "ConfigMap")


def test_a_claim_of_ones_own_is_used_and_none_made():
    documents = render("inline", {"state": {"persistence": {"existingClaim": "mine"}}})
    assert not of_kind(documents, "PersistentVolumeClaim")
    volumes = {v["name"]: v for v in one(documents, "Deployment")["spec"]["template"]["spec"]["volumes"]}
    assert volumes["state"]["persistentVolumeClaim"] == {"claimName": "mine"}


def test_inline_on_postgres_has_the_url_from_its_secret_and_no_volume():
    documents = objects("inline-postgres")
    environment = {variable["name"]: variable for variable in operator(documents)["env"]}
    assert environment["KOPPEL_STATE_URL"]["valueFrom"]["secretKeyRef"] == {"name": "koppel-state", "key": "url"}
    assert not of_kind(documents, "PersistentVolumeClaim")
    assert not [argument for argument in operator(documents)["args"] if argument.startswith("--state")]


def test_inline_reaches_the_vendors_as_a_worker_would():
    environment = {v["name"]: v.get("value") for v in operator(objects("inline-postgres"))["env"]}
    assert environment["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert environment["NO_PROXY"] == ".example"
    assert "HTTP_PROXY" not in environment
    mounts = {m["name"]: m["mountPath"] for m in operator(objects("inline-postgres"))["volumeMounts"]}
    assert environment["SSL_CERT_FILE"] == f"{mounts['ca-bundle']}/ca.crt"


def test_the_operator_of_workers_has_no_way_to_the_vendors():
    names = [variable["name"] for variable in operator(objects("everything"))["env"]]
    assert not {"HTTPS_PROXY", "SSL_CERT_FILE", "KOPPEL_STATE_URL"} & set(names)


def test_workers_get_what_the_values_say():
    assert worker_defaults(objects("everything")) == {
        "image": "registry.example/billing/koppel:v10",
        "imagePullPolicy": "IfNotPresent",
        "imagePullSecrets": [{"name": "pull"}],
        "labels": {"team": "billing"},
        "annotations": {"example.com/note": "worker"},
        "serviceAccountAnnotations": {"example.com/role": "worker"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
        "priorityClassName": "low",
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "192Mi"}},
        "proxy": {"http": "http://proxy.example:3128", "https": "http://proxy.example:3128", "none": ".example"},
        "caBundle": {"configMap": "corporate-ca", "key": "bundle.pem"},
        "extraEnv": [{"name": "TZ", "value": "Europe/Amsterdam"}],
        "storage": {"className": "fast", "size": "2Gi"},
        "networkPolicy": {"enabled": True, "apiServerPorts": [443, 6443], "postgresPorts": [5432]},
        "jobs": {
            "successfulHistory": 3,
            "failedHistory": 3,
            "startingDeadlineSeconds": 300,
            "ttlSecondsAfterFinished": 3600,
        },
        "log": {"level": "debug", "format": "text"},
    }


def test_workers_defaults_are_mounted_where_the_operator_reads_them():
    documents = objects("default")
    mounts = {m["name"]: m["mountPath"] for m in operator(documents)["volumeMounts"]}
    assert f"--worker-defaults={mounts['worker-defaults']}/worker.yaml" in operator(documents)["args"]
    volumes = {v["name"]: v for v in one(documents, "Deployment")["spec"]["template"]["spec"]["volumes"]}
    assert volumes["worker-defaults"]["configMap"]["name"] == one(documents, "ConfigMap")["metadata"]["name"]
    assert worker_defaults(objects("postgres"))["postgres"] == {"secretName": "koppel-state", "key": "url"}


def checksum(values: dict) -> str:
    template = one(render(values=values), "Deployment")["spec"]["template"]
    return template["metadata"]["annotations"]["checksum/worker-defaults"]


def test_other_worker_defaults_restart_the_operator_and_nothing_else_does():
    assert checksum({}) != checksum({"worker": {"jobs": {"failedHistory": 4}}})
    assert checksum({}) != checksum({"log": {"level": "debug"}})
    assert checksum({}) == checksum({"commonLabels": {"team": "billing"}, "metrics": {"service": {"enabled": False}}})


@pytest.mark.parametrize(("base", "vendors"), [("ha", False), ("inline", True)])
def test_the_network_policy_opens_what_is_needed(base, vendors):
    policy = one(objects(base), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert {port["port"] for rule in policy["ingress"] for port in rule["ports"]} == {8080, 8081}
    out = [port["port"] for rule in policy["egress"] for port in rule["ports"]]
    assert {53, 443, 6443} <= set(out)
    assert (out.count(443) == 2) == vendors
    components = policy["podSelector"]["matchExpressions"][0]["values"]
    assert components == ["operator", "uninstall-hook"]


@pytest.mark.parametrize(("base", "opened"), [("ha", True), ("inline", False), ("inline-postgres", True)])
def test_postgres_is_opened_where_the_operator_itself_connects_to_it(base, opened):
    """With workers it deletes the rows of a connection that says `deletion: Delete`."""
    for port in (5432, 6432):
        values = {} if port == 5432 else {"networkPolicy": {"postgresPorts": [port]}}
        policy = one(render(base, values), "NetworkPolicy")["spec"]
        assert (port in [at["port"] for rule in policy["egress"] for at in rule["ports"]]) == opened


def test_workers_reach_what_the_operator_reaches_unless_told_otherwise():
    ports = {"apiServerPorts": [8443], "postgresPorts": [6432]}
    own = worker_defaults(render(values={"networkPolicy": ports}))["networkPolicy"]
    assert own == {"enabled": False, **ports}
    others = {"networkPolicy": ports, "worker": {"networkPolicy": {"apiServerPorts": [7443]}}}
    assert worker_defaults(render(values=others))["networkPolicy"] == {"enabled": False, **ports, "apiServerPorts": [7443]}


def test_inline_may_reach_its_database_and_its_proxy():
    policy = one(objects("inline-postgres"), "NetworkPolicy")["spec"]
    assert {5432, 3128} <= {port["port"] for rule in policy["egress"] for port in rule["ports"]}


def test_only_the_named_may_scrape():
    policy = one(objects("everything"), "NetworkPolicy")["spec"]
    (metrics,) = [rule for rule in policy["ingress"] if rule["ports"][0]["port"] == 8080]
    assert metrics["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
