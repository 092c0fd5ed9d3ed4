"""Every row and every column that the Dataverse sandbox has of the standard tables, against the vendor's published tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

from common import Findings, call, environment

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
NUMBERS = {"Decimal", "Double", "Money"}
WHOLE = {"Integer", "BigInt", "Picklist", "State", "Status"}
TEXTS = {"String", "Memo", "EntityName"}


class Organization:
    def __init__(self) -> None:
        # http is served beside https, and needs no certificate here.
        self.root = environment("DATAVERSE_SANDBOX_URL").replace("https:", "http:")
        entra = environment("ENTRA_SANDBOX_URL").replace("https:", "http:")
        form = {"grant_type": "client_credentials", "client_id": environment("ENTRA_CLIENT_ID"),
                "client_secret": environment("ENTRA_CLIENT_SECRET"), "scope": f"{self.root}/.default"}
        _, _, token = call(f"{entra}/{environment('ENTRA_TENANT_ID')}/oauth2/v2.0/token", form=form)
        self.headers = {"Authorization": f"Bearer {token['access_token']}", "Consistency": "Strong"}

    def get(self, path: str):
        status, _, body = call(f"{self.root}/api/data/v9.2/{path}", headers=self.headers)
        if status != 200:
            raise SystemExit(f"{path} is answered by {status}: {body}")
        return body

    def post(self, path: str, body: dict) -> None:
        status, _, answer = call(f"{self.root}/api/data/v9.2/{path}", headers=self.headers, body=body)
        if status not in (200, 204):
            raise SystemExit(f"{path} takes no row: {status}: {answer}")


def fill(organization: Organization) -> None:
    """A quote with a line and a contact: a table without rows proves nothing."""
    price_list = organization.get("pricelevels?$select=pricelevelid&$top=1")["value"][0]["pricelevelid"]
    line = {"isproductoverridden": True, "productdescription": "Training", "priceperunit": 250.5, "quantity": 2}
    quote = {"name": "Contract", "pricelevelid@odata.bind": f"/pricelevels({price_list})", "expireson": "2027-02-01",
             "customerid_account": {"name": "Contract B.V.", "revenue": 5, "primarycontactid": {"lastname": "Jansen"}},
             "quote_details": [line]}
    organization.post("quotes", quote)
    made = organization.get("quotes?$select=quoteid&$filter=name eq 'Contract'".replace(" ", "%20"))["value"][0]["quoteid"]
    status, _, body = call(f"{organization.root}/api/data/v9.2/quotecloses", headers=organization.headers,
                           body={"subject": "Closed", "quoteid@odata.bind": f"/quotes({made})"})
    if status != 204:
        raise SystemExit(f"quotecloses takes no row: {status}: {body}")


def fits(column: dict, value) -> bool:
    kind = column["type"]
    if kind in ("Uniqueidentifier", "Lookup", "Owner", "Customer"):
        return isinstance(value, str) and GUID.fullmatch(value) is not None
    if kind in TEXTS:
        return isinstance(value, str) and len(value) <= column.get("maxLength", 4000)
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind == "DateTime":
        shape = DAY if column["dateTimeBehavior"] == "DateOnly" else MOMENT
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if kind in WHOLE and not isinstance(value, int):
        return False
    if kind in NUMBERS and not isinstance(value, (int, float)):
        return False
    options = [option["value"] for option in column.get("options", [])]
    if options and value not in options:
        return False
    return column.get("minValue", value) <= value <= column.get("maxValue", value)


def check_columns(organization: Organization, table: dict, findings: Findings) -> set[str]:
    """Gives the columns that are the organization's own, as any may have them beside the standard ones."""
    name = table["logicalName"]
    shown = organization.get(f"EntityDefinitions(LogicalName='{name}')?$expand=Attributes")
    for ours, theirs in [("SchemaName", "schemaName"), ("EntitySetName", "entitySet"), ("PrimaryIdAttribute", "primaryId"),
                         ("PrimaryNameAttribute", "primaryName"), ("OwnershipType", "ownershipType"),
                         ("ObjectTypeCode", "objectTypeCode")]:
        if shown[ours] != table[theirs]:
            findings.add(f"{ours} of a table differs", f"{name}: {shown[ours]}, not {table[theirs]}")
    found = {column["LogicalName"]: column for column in shown["Attributes"]}
    # Some are listed twice.
    for column in {column["logicalName"]: column for column in table["columns"] + table["lookups"]}.values():
        ours = found.pop(column["logicalName"], None)
        if ours is None:
            findings.add("a column is missing", f"{name}.{column['logicalName']}")
        elif ours["AttributeType"] != column["type"] or ours.get("MaxLength") != column.get("maxLength"):
            findings.add("a column is of another type", f"{name}.{column['logicalName']}")
    publishers = organization.get("publishers?$select=customizationprefix")["value"]
    prefixes = tuple(f"{publisher['customizationprefix']}_" for publisher in publishers)
    own = {extra for extra, column in found.items() if column["IsCustomAttribute"] and extra.startswith(prefixes)}
    for extra in found.keys() - own:
        findings.add("a column that no reference has", f"{name}.{extra}")
    return own


def check(folder: Path, findings: Findings) -> int:
    organization, total = Organization(), 0
    fill(organization)
    contract = json.loads((folder / "dynamics365-tables.json").read_text())
    for table in contract["tables"].values():
        own = check_columns(organization, table, findings)
        known = {column["logicalName"]: column for column in table["columns"]}
        known |= {lookup["lookupProperty"]: lookup for lookup in table["lookups"]}
        rows = organization.get(table["entitySet"])["value"]
        if not rows:
            findings.add("a table without rows", table["logicalName"])
        for row in rows:
            total += 1
            for name, value in row.items():
                where = f"{table['logicalName']}.{name}"
                if name.startswith("@") or name in own:
                    continue
                if name not in known:
                    findings.add("a property that no reference has", where)
                elif value is not None and not fits(known[name], value):
                    findings.add("a value that does not fit", f"{where} = {value!r}")
    return total
