"""ServiceMonitor, alerts and dashboard."""

import json
import re

import promql_parser
import pytest
from chart import NAMESPACE, RELEASE, ROOT, objects, one, render

#: Labels of each metric.
METRICS = {
    "controller_runtime_reconcile_total": {"controller", "result"},
    "controller_runtime_reconcile_errors_total": {"controller"},
    "controller_runtime_reconcile_time_seconds_bucket": {"controller", "le"},
    "controller_runtime_active_workers": {"controller"},
    "controller_runtime_max_concurrent_reconciles": {"controller"},
    "rest_client_requests_total": {"code", "method"},
    "koppel_connection_condition": {"namespace", "name", "type", "status"},
    "koppel_connection_suspended": {"namespace", "name"},
    "koppel_runs_total": {"namespace", "name", "outcome"},
    "koppel_last_run_timestamp_seconds": {"namespace", "name"},
    "koppel_documents_booked_total": {"namespace", "name"},
    "koppel_records_updated_total": {"namespace", "name"},
    "koppel_documents_held": {"namespace", "name", "reason"},
    "koppel_backlog": {"namespace", "name", "flow"},
    "koppel_vendor_calls_total": {"namespace", "name", "vendor", "status"},
    "koppel_quota_remaining": {"namespace", "name", "window"},
    "koppel_requests_today": {"namespace", "name"},
    "koppel_token_expiry_timestamp_seconds": {"namespace", "name"},
}
#: What Prometheus itself adds.
SCRAPED = {"up": set()}
TARGET = {"job", "instance", "namespace", "pod", "service"}

DASHBOARD = json.loads((ROOT / "charts/koppel/files/dashboard.json").read_text())
VARIABLES = {"$namespace", "$connection", "$job"}


def rules(values: dict | None = None) -> list[dict]:
    rule = one(render("everything", values), "PrometheusRule")
    (group,) = rule["spec"]["groups"]
    return group["rules"]


def alerts(values: dict | None = None) -> dict[str, dict]:
    return {rule["alert"]: rule for rule in rules(values) if rule["alert"].startswith("Koppel")}


PLAIN = alerts()


def panels() -> list[dict]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> list[tuple[str, str]]:
    told = [(name, rule["expr"]) for name, rule in PLAIN.items()]
    shown = [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]
    return told + shown


def selectors(expression: str):
    """Each metric of an expression with the labels that it is selected by."""
    for name, matchers in re.findall(r"\b([a-z][a-z0-9_]*)\{([^}]*)\}", expression):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))


@pytest.mark.parametrize(("name", "expression"), expressions())
def test_every_expression_is_promql_on_metrics_that_exist(name, expression):
    promql_parser.parse(expression)
    used = set(re.findall(r"\b(?:koppel|controller_runtime|workqueue|rest_client|leader)_\w+|\bup\b", expression))
    assert used, name
    assert not used - METRICS.keys() - SCRAPED.keys(), name
    for metric, labels in selectors(expression):
        assert not labels - METRICS.get(metric, set()) - TARGET, f"{name}: {metric}"


@pytest.mark.parametrize("metric", METRICS)
def test_the_operator_has_the_metric(metric):
    sources = [ROOT / "src/operator/metrics.rs", *(ROOT / "src/operator/metrics").glob("*.rs")]
    # The exposition adds the endings.
    registered = metric.removesuffix("_total").removesuffix("_bucket")
    assert any(f'"{registered}"' in source.read_text() for source in sources)


def test_alerts_are_complete():
    for name, rule in PLAIN.items():
        assert rule["labels"]["severity"] in ("critical", "warning", "info"), name
        assert rule["labels"]["team"] == "billing", name
        assert rule["annotations"]["summary"] and rule["annotations"]["description"], name
        assert re.fullmatch(r"[0-9]+[mh]", rule["for"]), name


def test_no_placeholder_is_left():
    for rule in rules():
        assert not re.search(r"\b[A-Z]+(_[A-Z]+)+|[A-Z]+_HOURSh", json.dumps(rule)), rule


def test_alerts_that_are_asked_for_are_there():
    expected = {"KoppelConnectionNotReady", "KoppelRunsFailing", "KoppelBacklogNotShrinking", "KoppelTokenNearEnd", "KoppelQuotaNearlySpent"}
    assert expected <= PLAIN.keys()
    assert "KoppelQuotaUnhealthy" not in PLAIN
    assert alerts({"metrics": {"prometheusRule": {"disabled": ["KoppelTokenNearEnd"]}}}).keys() >= {"KoppelQuotaUnhealthy"}
    assert rules()[-1] == {"alert": "Extra", "expr": "vector(1)"}


@pytest.mark.parametrize(
    ("threshold", "value", "alert", "part"),
    [
        ("noRunHours", 5, "KoppelRunOverdue", "> 5 * 3600"),
        ("failedRunsPercent", 33, "KoppelRunsFailing", ">= 33"),
        ("backlogHours", 9, "KoppelBacklogNotShrinking", "[9h]"),
        ("tokenDays", 3, "KoppelTokenNearEnd", "< 3 * 86400"),
        ("quotaPercent", 20, "KoppelQuotaNearlySpent", "< 20"),
        ("reconcileErrorPercent", 40, "KoppelReconcileErrors", "> 40"),
    ],
)
def test_thresholds_reach_their_alert(threshold, value, alert, part):
    changed = alerts({"metrics": {"prometheusRule": {"thresholds": {threshold: value}}}})
    assert part in changed[alert]["expr"]
    assert [name for name, rule in changed.items() if rule != PLAIN[name]] == [alert]


def test_a_suspended_connection_alerts_nobody():
    for name in ("KoppelConnectionNotReady", "KoppelRunOverdue", "KoppelBacklogNotShrinking"):
        assert "unless on (namespace, name)" in PLAIN[name]["expr"], name


def test_the_service_monitor_finds_the_service_and_keeps_the_connections_namespace():
    documents = objects("everything")
    service = one(documents, "Service")
    monitor = one(documents, "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]
    # Without it Prometheus renames the label, and no alert would find a connection.
    assert endpoint["honorLabels"] is True
    assert (endpoint["interval"], endpoint["scrapeTimeout"]) == ("30s", "10s")
    down = PLAIN["KoppelOperatorDown"]["expr"]
    assert f'job="{service["metadata"]["name"]}"' in down and f'namespace="{NAMESPACE}"' in down


def test_the_dashboard_is_what_the_config_map_carries():
    config_map = one(objects("everything"), "ConfigMap", f"{RELEASE}-dashboard")
    assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(config_map["data"]["koppel.json"]) == DASHBOARD


def test_the_dashboard_can_be_loaded():
    assert DASHBOARD["uid"] and DASHBOARD["schemaVersion"] >= 36
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert {f"${variable['name']}" for variable in DASHBOARD["templating"]["list"]} == VARIABLES | {"$datasource"}
    cells = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        covered = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & covered, panel["title"]
        cells |= covered
    for panel in panels():
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            assert any(variable in target["expr"] for variable in VARIABLES), panel["title"]
