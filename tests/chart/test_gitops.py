"""What docs/gitops offers: Argo CD's health script, Flux' expressions, and examples whose values the chart takes."""

from dataclasses import dataclass

import cel
import pytest
import yaml
from chart import ROOT, render, text
from lupa import lua51

GITOPS = ROOT / "docs/gitops"
SCRIPT = (GITOPS / "argocd/health.lua").read_text()


def condition(type_: str, status: str, reason: str = "Because", generation: int = 2) -> dict:
    return {"type": type_, "status": status, "reason": reason, "message": "a message", "observedGeneration": generation}


def resource(kind: str, conditions=None, observed: int | None = 2, suspend: bool | None = None) -> dict:
    """An object of generation 2; without `observed` the operator has never seen it."""
    status = None if observed is None else {"observedGeneration": observed, "conditions": conditions}
    if status and not conditions:
        del status["conditions"]
    spec = {} if suspend is None else {"suspend": suspend}
    found = {"kind": kind, "metadata": {"name": "x", "generation": 2}, "spec": spec, "status": status}
    return {key: value for key, value in found.items() if value is not None}


@dataclass
class Case:
    name: str
    object: dict
    argocd: str
    #: What kstatus would say by Flux' expressions; None where it goes on waiting.
    flux: str | None


READY, NOT_READY = condition("Ready", "True"), condition("Ready", "False", "MissingFinancialPeriod")
TAKEN, RESOLVED = condition("Accepted", "True"), condition("ResolvedRefs", "True")
CASES = [
    Case("ready", resource("SyncConnection", [READY]), "Healthy", "current"),
    Case("documents held", resource("SyncConnection", [READY, condition("DocumentsFlowing", "False")]), "Healthy", "current"),
    Case("not suspended", resource("SyncConnection", [READY], suspend=False), "Healthy", "current"),
    Case("not ready", resource("SyncConnection", [NOT_READY]), "Degraded", "failed"),
    Case("before its first run", resource("SyncConnection", [condition("Ready", "Unknown")]), "Progressing", None),
    Case("never seen", resource("SyncConnection", observed=None), "Progressing", None),
    Case("no generation seen", resource("SyncConnection", observed=-1), "Progressing", "inProgress"),
    Case("no conditions yet", resource("SyncConnection"), "Progressing", None),
    Case("ready of an older generation", resource("SyncConnection", [READY], observed=1), "Progressing", "inProgress"),
    Case("not ready of an older one", resource("SyncConnection", [NOT_READY], observed=1), "Progressing", "inProgress"),
    Case("reconciling", resource("SyncConnection", [condition("Ready", "Unknown"), condition("Reconciling", "True")]), "Progressing", None),
    Case("stalled", resource("SyncConnection", [condition("Ready", "Unknown"), condition("Stalled", "True", "SecretMissing")]), "Degraded", "failed"),
    Case("suspended", resource("SyncConnection", [NOT_READY, condition("Suspended", "True")], suspend=True), "Suspended", "current"),
    Case("just suspended", resource("SyncConnection", [READY], observed=1, suspend=True), "Suspended", "current"),
    Case("just resumed", resource("SyncConnection", [condition("Suspended", "True")], observed=1, suspend=False), "Progressing", "inProgress"),
]
for kind in ("EntityMapping", "RevenueRule"):
    CASES += [
        Case(f"{kind}: both", resource(kind, [TAKEN, RESOLVED]), "Healthy", "current"),
        Case(f"{kind}: a tie", resource(kind, [condition("Accepted", "False", "RuleConflict"), RESOLVED]), "Degraded", "failed"),
        Case(f"{kind}: unknown code", resource(kind, [TAKEN, condition("ResolvedRefs", "False")]), "Degraded", "failed"),
        Case(f"{kind}: not looked up yet", resource(kind, [TAKEN, condition("ResolvedRefs", "Unknown")]), "Progressing", None),
        Case(f"{kind}: one only", resource(kind, [TAKEN]), "Progressing", None),
        Case(f"{kind}: never seen", resource(kind, observed=None), "Progressing", None),
        Case(f"{kind}: an older generation", resource(kind, [TAKEN, RESOLVED], observed=1), "Progressing", "inProgress"),
    ]
IDS = [case.name for case in CASES]


def lua_health(script: str, found: dict) -> dict:
    """What Argo CD would make of an object; its interpreter has no more than the base library."""
    runtime = lua51.LuaRuntime(register_eval=False, register_builtins=False)
    for library in ("os", "io", "string", "math", "debug", "package", "require", "dofile", "loadfile", "python"):
        runtime.globals()[library] = None
    runtime.globals().obj = runtime.table_from(found, recursive=True)
    return dict(runtime.execute(script))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_argocd_sees_what_a_person_would(case):
    assert lua_health(SCRIPT, case.object)["status"] == case.argocd


def test_the_message_says_the_reason():
    health = lua_health(SCRIPT, resource("SyncConnection", [NOT_READY]))
    assert health["message"] == "MissingFinancialPeriod: a message"


def test_the_config_map_has_the_script():
    config_map = yaml.safe_load((GITOPS / "argocd/argocd-cm.yaml").read_text())
    customizations = yaml.safe_load(config_map["data"]["resource.customizations"])
    assert customizations == {"koppel.dev/*": {"health.lua": SCRIPT}}


def documents(path: str) -> list[dict]:
    return list(yaml.safe_load_all((GITOPS / path).read_text()))


def flux_health(found: dict) -> str | None:
    """The first expression that is true, as Flux tries them; one that cannot be evaluated is waited for."""
    (kustomization,) = [d for d in documents("flux/connections.yaml") if d["kind"] == "Kustomization"]
    (expressions,) = [e for e in kustomization["spec"]["healthCheckExprs"] if e["kind"] == found["kind"]]
    fields = {"metadata": found["metadata"], "spec": found["spec"]} | ({"status": found["status"]} if "status" in found else {})
    for word in ("inProgress", "failed", "current"):
        try:
            if cel.evaluate(expressions[word], fields) is True:
                return word
        except (RuntimeError, ValueError, KeyError, TypeError):
            return None
    return None


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_flux_waits_for_what_a_person_would(case):
    assert flux_health(case.object) == case.flux


def test_the_chart_takes_the_examples_values():
    (release,) = [d for d in documents("flux/operator.yaml") if d["kind"] == "HelmRelease"]
    assert "replicas: 2" in text(values=release["spec"]["values"])
    (application,) = documents("argocd/operator.yaml")
    rendered = render(values=application["spec"]["source"]["helm"]["valuesObject"])
    spared = [d["kind"] for d in rendered if "argocd.argoproj.io/sync-options" in d["metadata"].get("annotations", {})]
    assert spared == ["CustomResourceDefinition"] * 3


def test_the_examples_name_the_version_of_the_chart():
    version = yaml.safe_load((ROOT / "charts/koppel/Chart.yaml").read_text())["version"]
    (application,) = documents("argocd/operator.yaml")
    assert application["spec"]["source"]["targetRevision"] == version
    (source,) = [d for d in documents("flux/operator.yaml") if d["kind"] == "OCIRepository"]
    assert source["spec"]["ref"]["semver"] == version.rpartition(".")[0] + ".x"
