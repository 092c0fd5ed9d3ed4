"""Rows in the Exact Online sandbox that no run of the quickstart makes: money, documents, invoices of its own."""

from __future__ import annotations

import base64

from common import call

DAY = "2026-12-15"


class Maker:
    """Makes rows through the vendor's API; a refusal ends the check."""

    def __init__(self, root: str, headers: dict[str, str]) -> None:
        self.root = root
        self.headers = {**headers, "Prefer": "return=representation"}

    def post(self, path: str, body: dict) -> dict:
        status, _, answer = call(f"{self.root}/{path}", self.headers, body=body)
        if status != 201:
            raise SystemExit(f"the sandbox refused a row of {path}: {status} {answer}")
        return answer["d"]

    def first(self, path: str, query: str) -> dict:
        status, _, answer = call(f"{self.root}/{path}?$top=1&{query}", self.headers)
        if status != 200 or not answer["d"]:
            raise SystemExit(f"the sandbox has no row of {path}: {status} {answer}")
        return answer["d"][0]

    def gl_account(self, code: str) -> str:
        return self.first("financial/GLAccounts", f"$filter=Code%20eq%20'{code}'")["ID"]


def make(root: str, headers: dict[str, str]) -> str:
    """Makes the rows; gives the account that they belong to."""
    maker = Maker(root, headers)
    entry = maker.first("salesentry/SalesEntries", "$filter=AmountFC%20gt%2010")
    make_money(maker, entry)
    make_documents(maker, entry)
    make_invoices(maker, entry["Customer"])
    return entry["Customer"]


def make_money(maker: Maker, entry: dict) -> None:
    """A part by bank that is matched, money by cash that is not, and a general entry."""
    receivable = {"GLAccount": maker.gl_account("1300"), "Account": entry["Customer"], "Date": DAY}
    matched = {**receivable, "AmountFC": entry["AmountFC"], "OurRef": entry["InvoiceNumber"], "Description": "Paid"}
    maker.post("financialtransaction/BankEntries", {"JournalCode": "20", "BankEntryLines": [matched]})
    cash = {"Code": "10", "Description": "Kas", "Type": 10, "Currency": "EUR", "GLAccount": maker.gl_account("1100")}
    maker.post("financial/Journals", cash)
    maker.post("financialtransaction/CashEntries",
               {"JournalCode": "10", "CashEntryLines": [{**receivable, "AmountFC": 0.5}]})
    lines = [{**receivable, "AmountFC": -1.25},
             {"GLAccount": maker.gl_account("1150"), "AmountFC": 1.25, "Date": DAY, "Description": "To receive"}]
    maker.post("generaljournalentry/GeneralJournalEntries", {"JournalCode": "90", "GeneralJournalEntryLines": lines})


def make_documents(maker: Maker, entry: dict) -> None:
    """A document with its file, tied to an entry."""
    document = maker.post("documents/Documents", {
        "Subject": "Contract", "Type": 10, "Account": entry["Customer"], "DocumentDate": DAY,
        "FinancialTransactionEntryID": entry["EntryID"],
    })
    pdf = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
    maker.post("documents/DocumentAttachments", {"Document": document["ID"], "FileName": "a.pdf", "Attachment": pdf})


def make_invoices(maker: Maker, customer: str) -> None:
    """An invoice that is printed and a credit note that stays open."""
    item = maker.post("logistics/Items", {
        "Code": "contract-item", "Description": "Contract", "IsSalesItem": True, "GLRevenue": maker.gl_account("8000"),
    })
    line = {"Item": item["ID"], "Quantity": 2, "NetPrice": 12.345, "VATCode": "2",
            "StartTime": "2026-12-01", "EndTime": "2026-12-31"}
    head = {"Journal": "70", "OrderedBy": customer, "YourRef": "contract-1", "PaymentCondition": "14"}
    invoice = maker.post("salesinvoice/SalesInvoices", {**head, "SalesInvoiceLines": [line]})
    printed = {"InvoiceID": invoice["InvoiceID"], "InvoiceDate": DAY}
    maker.post("salesinvoice/PrintedSalesInvoices", printed)
    credit = {**head, "Type": 8021, "SalesInvoiceLines": [{**line, "Quantity": -1}]}
    maker.post("salesinvoice/SalesInvoices", credit)
