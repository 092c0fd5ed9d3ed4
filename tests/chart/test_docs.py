"""The pages say what the chart does, and the policies what they promise."""

import re

import cel
import pytest
import yaml
from chart import CHART, ROOT, objects, of_kind, text

INSTALL = (ROOT / "docs/install.md").read_text()
SECURITY = (ROOT / "docs/security.md").read_text()
POLICY = next(yaml.safe_load_all((ROOT / "deploy/policies/vendors-only.yaml").read_text()))
BLOCKS = re.findall(r"```yaml\n(.*?)```", INSTALL, re.DOTALL)


def completed(block: str) -> dict:
    """The values of a block, with a digest where the page leaves it out."""
    return yaml.safe_load(block.replace("sha256:…", "sha256:" + "0" * 64))


@pytest.mark.parametrize("block", BLOCKS)
def test_the_chart_takes_the_values_of_the_page(block):
    assert "kind: Deployment" in text(values=completed(block))


def test_the_page_names_values_that_exist():
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    named = re.findall(r"`((?:worker|state|metrics|networkPolicy|hooks|crds|leaderElection|podSecurityContext)\.[\w.]+)[`:]", INSTALL)
    assert len(named) > 8
    for path in named:
        place = schema
        for part in path.split("."):
            if "properties" not in place:
                break
            assert part in place["properties"], path
            place = place["properties"][part]


def test_every_alert_has_its_row():
    alerts = yaml.safe_load((CHART / "files/alerts.yaml").read_text())["alerts"]
    assert re.findall(r"(?m)^\| `(Koppel\w+)` \|", INSTALL) == [alert["alert"] for alert in alerts]


def test_every_right_of_the_operator_has_its_row():
    section = SECURITY.split("## Rights of the operator")[1].split("\n## ")[0].lower()
    (role,) = [r for r in of_kind(objects("default"), "ClusterRole") if r["metadata"]["name"] == "koppel:operator"]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in section.splitlines() if line.startswith("| ")]
    for rule in role["rules"]:
        for resource in rule["resources"]:
            name = "their status" if resource.endswith("/status") else resource
            verbs = ", ".join(verbs for on, verbs in _filled(rows) if name in on)
            assert not [verb for verb in rule["verbs"] if verb not in verbs], resource


def _filled(rows):
    """Rows whose first cell is empty go on with the one above."""
    on = ""
    for first, verbs in rows:
        on = first or on
        yield on, verbs


def refused(spec: dict) -> list[str]:
    """The messages of the rules that a SyncConnection breaks."""
    rules = POLICY["spec"]["validations"]
    return [rule["message"] for rule in rules if not cel.evaluate(rule["expression"], {"object": {"spec": spec}})]


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"chargebee": {"site": "acme"}, "exactOnline": {"country": "NL"}}, None),
        ({"chargebee": {"site": "acme", "url": "https://evil.example"}, "exactOnline": {"country": "NL"}}, "chargebee.url"),
        ({"chargebee": {"site": "acme"}, "exactOnline": {"url": "https://evil.example"}}, "exactOnline.url"),
        ({"chargebee": {"site": "acme"}, "dynamics365": {"organizationUrl": "https://acme.crm4.dynamics.com"}}, None),
        ({"chargebee": {"site": "acme"}, "dynamics365": {"organizationUrl": "https://acme.crm4.dynamics.com.evil.example"}}, "dynamics365"),
        ({"chargebee": {"site": "acme"}, "dynamics365": {"organizationUrl": "https://evil.example/.crm4.dynamics.com"}}, "dynamics365"),
        (
            {"dynamics365": {"organizationUrl": "https://acme.crm4.dynamics.com", "authorityUrl": "https://evil.example"}, "chargebee": {"site": "acme"}},
            "authorityUrl",
        ),
    ],
)
def test_the_policy_lets_vendors_through_and_nobody_else(spec, named):
    messages = refused(spec)
    assert [named in message for message in messages] == ([True] if named else [])
