"""Every row of every resource that the Exact Online sandbox serves, against the vendor's published field reference."""

from __future__ import annotations

import json
import re
import urllib.parse
from pathlib import Path

import exact_rows
from common import Findings, call, environment

REDIRECT = "https://koppel.example/callback"
# A filter that lets every row through, for the resources that demand one.
FILTERS = {
    "crm/Accounts": "ID ne guid'00000000-0000-0000-0000-000000000000'", "bulk/CRM/Accounts": "Name ne ''",
    "logistics/Items": "Code ne ''", "bulk/Logistics/Items": "Code ne ''",
    "financial/GLAccounts": "Code ne ''", "bulk/Financial/GLAccounts": "Code ne ''",
    "documents/Documents": "HID gt 0", "salesinvoice/SalesInvoices": "Journal ne ''",
    "bulk/SalesInvoice/SalesInvoices": "Journal ne ''",
    "financialtransaction/TransactionLines": "LineNumber ge 0", "bulk/Financial/TransactionLines": "LineNumber ge 0",
}
# A function and no resource: its row is known from one client's model alone, which calls a BigInt 32 bits wide.
FUNCTIONS = {"read/sync/Sync/SyncTimestamp"}
# A list that is asked for by account.
BY_ACCOUNT = "read/financial/ReceivablesListByAccount"
# The resources that the sandbox must serve, with rows.
REQUIRED = {
    "current/Me", "system/Divisions", "hrm/Divisions", "crm/Accounts", "logistics/ItemGroups", "logistics/Items",
    "salesentry/SalesEntries", "salesentry/SalesEntryLines", "financial/FinancialPeriods", "financial/Journals",
    "financial/GLAccounts", "read/financial/JournalStatusList", "vat/VATCodes", "vat/VatPercentages", "general/Currencies",
    "cashflow/PaymentConditions", "hrm/Costcenters", "hrm/Costunits", "financialtransaction/TransactionLines",
    "bulk/Financial/TransactionLines", "sync/Financial/TransactionLines", "sync/CRM/Accounts", "sync/Deleted",
    "cashflow/Receivables", "bulk/Cashflow/Receivables", "sync/Cashflow/PaymentTerms", "read/financial/ReceivablesList",
    BY_ACCOUNT, "financialtransaction/BankEntries", "financialtransaction/BankEntryLines",
    "financialtransaction/CashEntries", "financialtransaction/CashEntryLines",
    "generaljournalentry/GeneralJournalEntries", "generaljournalentry/GeneralJournalEntryLines",
    "documents/Documents", "documents/DocumentAttachments", "documents/DocumentTypes", "sync/Documents/Documents",
    "salesinvoice/SalesInvoices", "salesinvoice/SalesInvoiceLines", "bulk/SalesInvoice/SalesInvoices",
    "bulk/SalesInvoice/SalesInvoiceLines", "sync/SalesInvoice/SalesInvoices",
}
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
DATE = re.compile(r"/Date\(-?\d+\)/")
RANGES = {"Edm.Byte": (0, 2**8 - 1), "Edm.Int16": (-(2**15), 2**15 - 1), "Edm.Int32": (-(2**31), 2**31 - 1),
          "Edm.Int64": (-(2**63), 2**63 - 1)}


class Administration:
    def __init__(self) -> None:
        self.root = environment("EXACT_SANDBOX_URL")
        self.division = environment("EXACT_DIVISION")
        self.headers = {"Authorization": f"Bearer {self.token()}", "Accept": "application/json"}
        self.account = exact_rows.make(f"{self.root}/api/v1/{self.division}", self.headers)

    def token(self) -> str:
        """Consent, as a person gives it by a browser."""
        client = {"client_id": environment("EXACT_CLIENT_ID"), "redirect_uri": REDIRECT}
        asked = {**client, "response_type": "code", "force_login": "1", "state": "contracts", "decision": "allow"}
        status, headers, _ = call(f"{self.root}/api/oauth2/auth", form=asked)
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(headers.get("Location", "")).query)).get("code")
        if not code:
            raise SystemExit(f"the sandbox gave no code: status {status}")
        secret = {"client_secret": environment("EXACT_CLIENT_SECRET"), "grant_type": "authorization_code", "code": code}
        status, _, answer = call(f"{self.root}/api/oauth2/token", form={**client, **secret})
        if status != 200:
            raise SystemExit(f"the sandbox gave no token: {answer}")
        return answer["access_token"]

    def rows(self, name: str, entity):
        """Status and rows of a resource, all pages."""
        query = {}
        if entity["kind"] == "sync":
            query["$filter"] = "Timestamp gt 1L"
        if entity["kind"] == "bulk":
            query["$select"] = ",".join(property["name"] for property in entity["properties"])
        if name in FILTERS:
            query["$filter"] = FILTERS[name]
        if name == BY_ACCOUNT:
            query["accountId"] = f"guid'{self.account}'"
        url = self.root + entity["uri"].replace("{division}", self.division)
        url += f"?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}" if query else ""
        found = []
        while url:
            status, _, answer = call(url, self.headers)
            if status != 200:
                return status, answer
            data = answer["d"]
            found += data if isinstance(data, list) else data.get("results", [data] if "__metadata" in data else [])
            url = data.get("__next") if isinstance(data, dict) else None
        return 200, found


def fits(kind: str, value) -> bool:
    """Whether a value has the form that the service gives to a type."""
    if value is None:
        return True
    if kind in RANGES:
        low, high = RANGES[kind]
        # Whole numbers of 64 bits are texts in this version of OData.
        number = int(value) if kind == "Edm.Int64" and isinstance(value, str) and value.lstrip("-").isdigit() else value
        return isinstance(number, int) and not isinstance(number, bool) and low <= number <= high
    if kind == "Edm.Double":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "Edm.Boolean":
        return isinstance(value, bool)
    if kind == "Edm.Guid":
        return isinstance(value, str) and GUID.fullmatch(value) is not None
    if kind == "Edm.DateTime":
        return isinstance(value, str) and DATE.fullmatch(value) is not None
    if kind in ("Edm.String", "Edm.Binary"):
        return isinstance(value, str)
    if kind == "Collection":
        return isinstance(value, dict) and (set(value) == {"results"} or set(value) == {"__deferred"})
    return True


def check_row(name: str, entity, enumerations, row, findings: Findings) -> None:
    where = str(row.get(entity["key"][0]) if entity["key"] else row)[:60]
    properties = {property["name"]: property for property in entity["properties"]}
    for missing in sorted(set(properties) - set(row)):
        findings.add(f"exact {name}.{missing}: missing", where)
    for unknown in sorted(set(row) - set(properties) - {"__metadata"}):
        findings.add(f"exact {name}.{unknown}: no property of the contract", where)
    if entity["kind"] != "read" and not {"uri", "type"} <= set(row.get("__metadata", {})):
        findings.add(f"exact {name}.__metadata: uri or type is missing", where)
    for property_name, property in properties.items():
        value = row.get(property_name)
        if property.get("type_certain", True) and not fits(property["type"], value):
            findings.add(f"exact {name}.{property_name}: {value!r} is no {property['type']}", where)
        if property["key"] and property_name in row and value is None:
            findings.add(f"exact {name}.{property_name}: a key that is null", where)
        words = enumerations.get(f"{name}.{property_name}") or enumerations.get(twin(name, property_name))
        if words and value is not None and str(value).strip() not in words:
            findings.add(f"exact {name}.{property_name}: {value!r} is none of {', '.join(words)}", where)


# The resource in which each bulk or sync one is described.
TWINS = {"Accounts": "crm/Accounts", "GLAccounts": "financial/GLAccounts", "Receivables": "cashflow/Receivables",
         "TransactionLines": "financialtransaction/TransactionLines", "SalesInvoices": "salesinvoice/SalesInvoices"}


def twin(name: str, property_name: str) -> str:
    return f"{TWINS.get(name.rsplit('/', 1)[-1], '')}.{property_name}"


def check(folder: Path, findings: Findings) -> int:
    """Checks all resources that are served; gives the number of rows."""
    contract = json.loads((folder / "exact-online-metadata.json").read_text())
    administration, total = Administration(), 0
    for name, entity in contract["entities"].items():
        if "get" not in entity["methods"] or name in FUNCTIONS:
            continue
        status, rows = administration.rows(name, entity)
        if status == 404 and name not in REQUIRED:
            continue
        if status != 200:
            findings.add(f"exact {name}: status {status}", str(rows)[:160])
            continue
        if name in REQUIRED and not rows:
            findings.add(f"exact {name}: no rows", name)
        for row in rows:
            check_row(name, entity, contract["enumerations"], row, findings)
        total += len(rows)
        print(f"  exact {name}: {len(rows)} rows")
    return total
