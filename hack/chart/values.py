"""Reads values.yaml together with its comments: `# --` documents, `# @schema` constrains, `# @section` begins a table."""

from dataclasses import dataclass, field
from pathlib import Path

import yaml


class Mistake(Exception):
    """Something in values.yaml that a person must mend."""


@dataclass
class Value:
    """A key of values.yaml with its default and what its comment says."""

    path: str
    default: object
    doc: str
    schema: dict
    section: str
    children: dict[str, "Value"] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.rsplit(".", 1)[-1]

    def leaves(self):
        """The values below this one that a user sets, in the order of the file."""
        if not self.children:
            yield self
        for child in self.children.values():
            yield from child.leaves()


@dataclass
class Comment:
    doc: str = ""
    schema: dict = field(default_factory=dict)
    section: str = ""


def read(path: Path) -> Value:
    """The whole file as one value without a name."""
    text = path.read_text()
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    root = Value("", yaml.safe_load(text), "", {}, "")
    _add_children(root, node, text.splitlines())
    return root


def _add_children(parent: Value, node: yaml.MappingNode, lines: list[str]) -> None:
    section = parent.section
    for key, value_node in node.value:
        comment = _comment_above(lines, key.start_mark.line)
        section = comment.section or section
        path = f"{parent.path}.{key.value}".lstrip(".")
        value = Value(path, parent.default[key.value], comment.doc, comment.schema, section)
        if _has_children(value):
            _add_children(value, value_node, lines)
        else:
            _check_leaf(value)
        parent.children[key.value] = value


def _has_children(value: Value) -> bool:
    return isinstance(value.default, dict) and not value.schema


def _check_leaf(value: Value) -> None:
    if not value.doc:
        raise Mistake(f"{value.path} of values.yaml has no comment that begins with `# --`: document it")
    if value.default in ({}, []) and not value.schema:
        raise Mistake(f"{value.path} of values.yaml is empty, so its comment must say by `# @schema` what it takes")


def _comment_above(lines: list[str], line: int) -> Comment:
    block: list[str] = []
    while line > 0 and (lines[line - 1].strip().startswith("#") or _parts_section(lines, line)):
        line -= 1
        block.insert(0, lines[line].strip().removeprefix("#").strip())
    return _parse(block)


def _parts_section(lines: list[str], line: int) -> bool:
    """Whether the line above is the empty one between `# @section` and the first value."""
    return line > 1 and not lines[line - 1].strip() and lines[line - 2].startswith("# @section ")


def _parse(block: list[str]) -> Comment:
    comment, documents = Comment(), False
    for line in block:
        if line.startswith("@section "):
            comment.section = line.removeprefix("@section ")
        elif line.startswith("@schema "):
            comment.schema = yaml.safe_load(line.removeprefix("@schema "))
            documents = False
        elif line.startswith("-- "):
            comment.doc, documents = line.removeprefix("-- "), True
        elif documents:
            comment.doc += f" {line}"
    return comment
