"""Who may do what."""

import pytest
from chart import NAMESPACE, RELEASE, SETS, objects, of_kind, one, render

#: What the operator grants to a worker; Kubernetes lets it do so only where it holds each of these rights itself.
WORKER = {
    ("koppel.dev", "syncconnections", "get"),
    ("koppel.dev", "syncconnections/status", "get"),
    ("koppel.dev", "syncconnections/status", "patch"),
    ("koppel.dev", "entitymappings", "get"),
    ("koppel.dev", "entitymappings", "list"),
    ("koppel.dev", "revenuerules", "get"),
    ("koppel.dev", "revenuerules", "list"),
    ("", "secrets", "get"),
    ("", "secrets", "patch"),
    ("coordination.k8s.io", "leases", "get"),
    ("coordination.k8s.io", "leases", "update"),
    ("events.k8s.io", "events", "create"),
}
OPERATOR = f"{RELEASE}:operator"
HOOK = f"{RELEASE}:uninstall-hook"
KINDS = ["syncconnections", "entitymappings", "revenuerules"]


def rights(role: dict) -> set[tuple[str, str, str]]:
    """The rights of a role that are not bound to names, one by one."""
    return {
        (group, resource, verb)
        for rule in role["rules"]
        if "resourceNames" not in rule
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def roles(documents):
    return of_kind(documents, "Role", "ClusterRole")


@pytest.mark.parametrize("base", SETS)
def test_no_role_has_a_star_or_raises_rights(base):
    for role in roles(objects(base)):
        for group, resource, verb in rights(role):
            assert "*" not in (group, resource, verb), role["metadata"]
            assert verb not in ("escalate", "bind", "impersonate"), role["metadata"]
            assert resource not in ("pods/exec", "nodes", "serviceaccounts/token"), role["metadata"]


@pytest.mark.parametrize("base", SETS)
def test_the_operator_holds_what_it_grants_to_workers(base):
    found = [role for role in roles(objects(base)) if role["metadata"]["name"] == OPERATOR]
    assert found
    for role in found:
        assert not WORKER - rights(role), role["metadata"]


@pytest.mark.parametrize("base", SETS)
def test_every_binding_is_of_a_role_and_an_account_of_the_chart(base):
    documents = objects(base)
    accounts = {account["metadata"]["name"] for account in of_kind(documents, "ServiceAccount")}
    known = {(r["kind"], r["metadata"].get("namespace"), r["metadata"]["name"]) for r in roles(documents)}
    bindings = of_kind(documents, "RoleBinding", "ClusterRoleBinding")
    assert bindings
    for binding in bindings:
        reference, (subject,) = binding["roleRef"], binding["subjects"]
        assert (reference["kind"], binding["metadata"].get("namespace"), reference["name"]) in known
        assert subject["name"] in accounts and subject["namespace"] == NAMESPACE


def test_a_namespaced_install_makes_no_cluster_role():
    documents = render("namespaced", {"crds": {"enabled": True}})
    assert not of_kind(documents, "ClusterRole", "ClusterRoleBinding")
    places = [(role["metadata"]["name"], role["metadata"]["namespace"]) for role in roles(documents)]
    assert sorted(places) == sorted([
        (OPERATOR, "tenant-a"),
        (OPERATOR, "tenant-b"),
        (f"{RELEASE}:leader-election", NAMESPACE),
        (HOOK, "tenant-a"),
        (HOOK, "tenant-b"),
        (HOOK, NAMESPACE),
    ])
    args = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "--watch-namespaces=tenant-a,tenant-b" in args


def test_a_namespaced_install_has_the_same_rights_in_each_namespace():
    everywhere = rights(one(objects("default"), "ClusterRole", OPERATOR))
    for role in roles(objects("namespaced")):
        if role["metadata"]["name"] == OPERATOR:
            assert rights(role) == everywhere


def test_the_lease_of_a_namespaced_install_is_named():
    documents = objects("namespaced")
    role = one(documents, "Role", f"{RELEASE}:leader-election")
    args = one(documents, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    (named,) = [rule for rule in role["rules"] if "resourceNames" in rule]
    assert f"--lease-name={named['resourceNames'][0]}" in args
    assert set(named["verbs"]) >= {"get", "update"}
    assert rights(role) == {("coordination.k8s.io", "leases", "create")}


def test_people_get_roles_for_each_kind_and_each_sort():
    documents = objects("default")
    for kind in KINDS:
        for sort, verbs in {"view": {"get", "list", "watch"}, "edit": {"create", "update", "patch", "delete"}}.items():
            role = one(documents, "ClusterRole", f"{RELEASE}:{kind}-{sort}")
            assert role["metadata"]["labels"][f"rbac.authorization.k8s.io/aggregate-to-{sort}"] == "true"
            assert {verb for _, resource, verb in rights(role) if resource == kind} == verbs
        admin = one(documents, "ClusterRole", f"{RELEASE}:{kind}-admin")
        assert ("koppel.dev", kind, "deletecollection") in rights(admin)
        # The status is the operator's and the worker's to write.
        assert not [right for right in rights(admin) if right[1].endswith("/status") and right[2] != "get"]


def test_roles_can_be_left_out():
    assert not [r for r in roles(render(values={"rbac": {"aggregate": False}})) if r["metadata"]["name"] not in (OPERATOR, HOOK)]
    without = render(values={"rbac": {"create": False}})
    assert not roles(without)
    # The hook then has only the operator's own account to run with.
    assert one(without, "Job")["spec"]["template"]["spec"]["serviceAccountName"] == RELEASE


def test_the_hook_may_stop_and_look_and_nothing_else():
    role = one(objects("default"), "ClusterRole", HOOK)
    writes = {right for right in rights(role) if right[2] not in ("get", "list", "watch")}
    assert writes == {
        ("batch", "cronjobs", "patch"),
        ("apps", "deployments", "patch"),
    }
    # What of others it sees is what it waits for.
    assert {right[1] for right in rights(role)} == {"cronjobs", "deployments", "jobs", "pods"}


def test_the_hook_runs_before_an_uninstall_and_is_gone_after_it():
    hooks = [d for d in objects("namespaced") if "helm.sh/hook" in d["metadata"].get("annotations", {})]
    assert {d["kind"] for d in hooks} == {"ServiceAccount", "Role", "RoleBinding", "Job"}
    for document in hooks:
        annotations = document["metadata"]["annotations"]
        assert annotations["helm.sh/hook"] == "pre-delete"
        assert set(annotations["helm.sh/hook-delete-policy"].split(",")) == {"before-hook-creation", "hook-succeeded"}
    weights = {d["kind"]: int(d["metadata"]["annotations"]["helm.sh/hook-weight"]) for d in hooks}
    assert weights["Job"] > max(weights[kind] for kind in ("ServiceAccount", "Role", "RoleBinding"))
    args = one(hooks, "Job")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args == ["quiesce", "--watch-namespaces=tenant-a,tenant-b", f"--operator-deployment={NAMESPACE}/{RELEASE}"]
    assert not [d for d in render(values={"hooks": {"uninstall": {"enabled": False}}}) if d["kind"] == "Job"]


def test_tokens_are_mounted_only_where_they_are_used():
    documents = objects("default")
    for account in of_kind(documents, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False
    for workload in of_kind(documents, "Deployment", "Job"):
        assert workload["spec"]["template"]["spec"]["automountServiceAccountToken"] is True
