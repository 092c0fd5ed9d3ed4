"""The Grafana dashboard, from the short form in dashboard.yaml: rows of panels, each with its queries."""

import json
from pathlib import Path

import yaml

COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def render(path: Path) -> str:
    short = yaml.safe_load(path.read_text())
    document = {
        "title": short["title"],
        "uid": short["uid"],
        "description": short["description"],
        "tags": ["koppel"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_source(), *map(_variable, short["variables"])]},
        "annotations": {"list": []},
        "links": [],
        "panels": _panels(short["rows"]),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _source() -> dict:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1}


def _variable(short: dict) -> dict:
    return {
        "name": short["name"],
        "label": short["label"],
        "type": "query",
        "datasource": SOURCE,
        "definition": short["query"],
        "query": {"query": short["query"], "refId": short["name"]},
        "refresh": 2,
        "sort": 1,
        "includeAll": True,
        "multi": True,
        # Series of other operators have the same names: there, all are those that the query lists.
        **({} if short.get("only_listed") else {"allValue": ".*"}),
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _panels(rows: list[dict]) -> list[dict]:
    panels, top = [], 0
    for row in rows:
        panels.append({"type": "row", "title": row["title"], "collapsed": False, "panels": [], "gridPos": _place(0, top, COLUMNS, 1)})
        width, height = COLUMNS // len(row["panels"]), row.get("height", 8)
        for index, panel in enumerate(row["panels"]):
            panels.append(_panel(panel, _place(index * width, top + 1, width, height)))
        top += 1 + height
    for number, panel in enumerate(panels, start=1):
        panel["id"] = number
    return panels


def _place(x: int, y: int, width: int, height: int) -> dict:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(short: dict, place: dict) -> dict:
    kind = short.get("type", "timeseries")
    return {
        "type": kind,
        "title": short["title"],
        "description": short.get("description", ""),
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(kind, letter, query) for letter, query in zip("ABCDEF", short["queries"])],
        "fieldConfig": {"defaults": _field(short), "overrides": []},
        "options": _options(kind),
        **({"transformations": [{"id": "labelsToFields"}, {"id": "merge"}]} if kind == "table" else {}),
    }


def _target(kind: str, letter: str, query: dict) -> dict:
    target = {"refId": letter, "datasource": SOURCE, "expr": query["expr"], "legendFormat": query.get("legend", "__auto")}
    if kind == "timeseries":
        return target | {"range": True}
    return target | {"instant": True, "range": False, "format": "table" if kind == "table" else "time_series"}


def _field(short: dict) -> dict:
    field = {"unit": short.get("unit", "short"), "decimals": short.get("decimals"), "min": short.get("min")}
    if "thresholds" in short:
        steps = [{"color": color, "value": value} for value, color in short["thresholds"]]
        field |= {"thresholds": {"mode": "absolute", "steps": steps}, "color": {"mode": "thresholds"}}
    return {key: value for key, value in field.items() if value is not None}


def _options(kind: str) -> dict:
    if kind == "stat":
        return {"reduceOptions": {"calcs": ["lastNotNull"], "values": False}, "colorMode": "value", "graphMode": "none"}
    if kind == "table":
        return {"showHeader": True}
    return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
