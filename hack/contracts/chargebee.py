"""Every row that the Chargebee sandbox lists or retrieves, against the published schemas of Chargebee's API."""

from __future__ import annotations

import base64
import json
import urllib.parse
from pathlib import Path

from jsonschema import Draft202012Validator

from common import Findings, call, environment

# The lists that the sandbox must serve, with rows; what else the contract lists may be absent from it.
REQUIRED = {
    "/customers", "/subscriptions", "/invoices", "/transactions", "/item_families", "/items", "/item_prices", "/coupons", "/events",
}
# Served, and empty until something happens.
MAY_BE_EMPTY = {"/credit_notes"}
# Attributes that a site adds itself.
CUSTOM = ("cf_",)


class Site:
    def __init__(self) -> None:
        key = base64.b64encode(f"{environment('CHARGEBEE_API_KEY')}:".encode()).decode()
        self.root = f"{environment('CHARGEBEE_SANDBOX_URL')}/api/v2"
        self.headers = {"Authorization": f"Basic {key}"}

    def get(self, path: str, **query):
        url = f"{self.root}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        return call(url, self.headers)

    def pages(self, path: str):
        """Every page of a list; deleted rows too, where the list knows them."""
        asked = {"limit": 100, "include_deleted": "true"}
        status, _, page = self.get(path, **asked)
        if status == 400:
            asked.pop("include_deleted")
            status, _, page = self.get(path, **asked)
        while True:
            yield status, page
            if status != 200 or "next_offset" not in page:
                return
            status, _, page = self.get(path, **asked, offset=page["next_offset"])


class Contract:
    def __init__(self, folder: Path) -> None:
        self.document = json.loads((folder / "chargebee-openapi.json").read_text())
        self.validators: dict[str, Draft202012Validator] = {}

    def lists(self):
        """Path and answer schema of every list without parameters in its path."""
        for path, verbs in sorted(self.document["paths"].items()):
            schema = self.answer(verbs)
            if "{" not in path and schema and "list" in schema.get("properties", {}):
                yield path, schema

    def answer(self, verbs):
        answer = verbs.get("get", {}).get("responses", {}).get("200", {})
        return answer.get("content", {}).get("application/json", {}).get("schema")

    def retrieval(self, path: str):
        """Answer schema of GET path/{id}."""
        for other, verbs in self.document["paths"].items():
            if other.startswith(f"{path}/{{") and other.endswith("}"):
                return self.answer(verbs)
        return None

    def validator(self, name: str, schema) -> Draft202012Validator:
        if name not in self.validators:
            whole = {**schema, "components": self.document["components"]}
            self.validators[name] = Draft202012Validator(whole)
        return self.validators[name]

    def known(self, schema) -> set[str]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return set(schema.get("properties", {}))


def errors(contract: Contract, name: str, schema, value, where: str, findings: Findings) -> None:
    for error in contract.validator(name, schema).iter_errors(value):
        field = ".".join(str(part) for part in error.absolute_path if not isinstance(part, int))
        findings.add(f"chargebee {name} {field}: {error.message[:160]}", where)


def make_event() -> None:
    """Something that happens, so that there is an event to look at."""
    site = Site()
    status, _, answer = call(f"{site.root}/customers", site.headers, form={"company": "Contract B.V."})
    if status != 200:
        raise SystemExit(f"the Chargebee sandbox made no customer: {answer}")


def unknown(contract: Contract, path: str, schema, entry, where: str, findings: Findings) -> None:
    """Attributes that the vendor's schema does not have: a client would come to rely on them."""
    for wrapper, row in entry.items():
        known = contract.known(schema["properties"].get(wrapper, {}))
        for name in sorted(set(row) - known):
            if not name.startswith(CUSTOM):
                findings.add(f"chargebee {path} {wrapper}.{name}: no attribute of the contract", where)


def check(folder: Path, findings: Findings) -> int:
    """Checks all lists, and a retrieval of each; gives the number of rows."""
    site, contract, total = Site(), Contract(folder), 0
    for path, schema in contract.lists():
        rows, served = [], False
        for status, page in site.pages(path):
            if status == 404:
                break
            served = True
            if status != 200:
                findings.add(f"chargebee {path}: status {status}", str(page)[:120])
                break
            envelope = {key: value for key, value in page.items() if key != "list"} | {"list": []}
            errors(contract, path, schema, envelope, "page", findings)
            rows += page["list"]
        if path in REQUIRED and not rows:
            findings.add(f"chargebee {path}: no rows", path)
        if path in MAY_BE_EMPTY and not served:
            findings.add(f"chargebee {path}: not served", path)
        items = schema["properties"]["list"]["items"]
        for entry in rows:
            where = str(main_row(items, entry).get("id"))
            errors(contract, f"{path}[]", items, entry, where, findings)
            unknown(contract, path, items, entry, where, findings)
        total += len(rows)
        if rows:
            retrieve(site, contract, path, [main_row(items, entry) for entry in rows], findings)
            print(f"  chargebee {path}: {len(rows)} rows")
    return total


def main_row(items, entry):
    """The row that an entry of a list is about; a subscription comes with its customer."""
    return entry.get(items["required"][0], {})


def retrieve(site: Site, contract: Contract, path: str, rows, findings: Findings) -> None:
    """The first row that is not deleted, retrieved alone."""
    schema = contract.retrieval(path)
    standing = [row for row in rows if not row.get("deleted")]
    if not schema or not standing:
        return
    identity = standing[0]["id"]
    status, _, answer = site.get(f"{path}/{urllib.parse.quote(identity, safe='')}")
    if status != 200:
        findings.add(f"chargebee {path}/{{id}}: status {status}", identity)
        return
    errors(contract, f"{path}/{{id}}", schema, answer, identity, findings)
