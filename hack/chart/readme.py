"""README.md of the chart: an introduction, and a table of values per section."""

import json
from itertools import groupby
from pathlib import Path

from values import Value


def render(root: Value, introduction: Path) -> str:
    sections = groupby(root.leaves(), key=lambda value: value.section)
    tables = "\n".join(_table(name, list(values)) for name, values in sections)
    return f"{introduction.read_text().rstrip()}\n\n## Values\n\n{tables}"


def _table(section: str, values: list[Value]) -> str:
    rows = "".join(f"| `{value.path}` | {_default(value)} | {value.doc.replace('|', chr(92) + '|')} |\n" for value in values)
    return f"### {section}\n\n| value | default | what it is |\n|---|---|---|\n{rows}"


def _default(value: Value) -> str:
    return f"`{json.dumps(value.default, ensure_ascii=False)}`"
