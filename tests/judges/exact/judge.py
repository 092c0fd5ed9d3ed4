"""Judges the Exact Online sandbox with exact-online-sdk, unmodified but for the address.

Starts nothing. The environment says where the sandbox is:

  EXACT_SANDBOX_URL        scheme, host and port of the vendor API
  EXACT_SANDBOX_ADMIN_URL  address of the Exact admin interface, such as http://127.0.0.1:9000/admin/exact
  EXACT_CLIENT_ID, EXACT_CLIENT_SECRET, EXACT_DIVISION   what the sandbox knows

Gives consent anew, so refresh tokens that others hold are dead afterwards. Exit code 0 when every check passed.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import urllib.parse
import uuid
from dataclasses import replace

import httpx
from exact_online_sdk import ExactOnlineClient, Settings
from exact_online_sdk.api.endpoints import (
    AccountsAPI,
    BankEntriesAPI,
    CostcentersAPI,
    DocumentAttachmentsAPI,
    DocumentsAPI,
    GLAccountsAPI,
    ItemsAPI,
    ReceivablesAPI,
    SalesInvoicesAPI,
    SyncCashflowPaymentTermsAPI,
    SyncFinancialTransactionLinesAPI,
    TransactionLinesAPI,
    VATCodesAPI,
)
from exact_online_sdk.auth import ExactOnlineAuth
from exact_online_sdk.client import AsyncExactOnlineClient
from exact_online_sdk.exceptions import (
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    ServerError,
    UnauthorizedError,
)

REDIRECT = "https://koppel.example/callback"
LINES = 65


def environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        sys.exit(f"{name} is not set; see the head of {__file__}")
    return value.rstrip("/")


def settings() -> Settings:
    base = environment("EXACT_SANDBOX_URL")
    return Settings(
        client_id=environment("EXACT_CLIENT_ID"),
        client_secret=environment("EXACT_CLIENT_SECRET"),
        redirect_uri=REDIRECT,
        base_url=base,
        auth_url=f"{base}/api/oauth2/auth",
        token_url=f"{base}/api/oauth2/token",
        division=int(environment("EXACT_DIVISION")),
    )


def check(truth: bool, what: str) -> None:
    if not truth:
        raise AssertionError(what)


def raises(kind: type[Exception], call, what: str) -> Exception:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{what}: {kind.__name__} expected")


def authorise(config: Settings, auth: ExactOnlineAuth) -> None:
    """The user opens the page, allows, and the code becomes a pair."""
    url = auth.get_authorization_url(state="judge")
    page = httpx.get(url)
    check(page.status_code == 200 and "<form" in page.text, "the consent page has a form")
    form = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)) | {"decision": "allow"}
    sent = httpx.post(config.auth_url, data=form)
    answer = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sent.headers["location"]).query))
    check(sent.headers["location"].startswith(REDIRECT) and answer["state"] == "judge", "the browser is sent back")
    token = auth.exchange_code_for_token(answer["code"])
    check(bool(token.access_token) and bool(token.refresh_token), "a pair of tokens")
    raises(AuthenticationError, lambda: auth.exchange_code_for_token(answer["code"]), "a code used twice")


def refresh(auth: ExactOnlineAuth) -> None:
    """Too early is refused; in time the token rotates, and the old one is dead."""
    old = auth._storage.get_token()
    raises(AuthenticationError, auth.refresh_token, "a refresh before 570 seconds")
    moved = httpx.post(f"{environment('EXACT_SANDBOX_ADMIN_URL')}/clock", json={"advanceSeconds": 571})
    check(moved.status_code == 200, "the sandbox's clock moves")
    new = auth.refresh_token()
    check(new.refresh_token != old.refresh_token, "the refresh token rotates")
    auth._storage.set_token(old)
    raises(AuthenticationError, auth.refresh_token, "a spent refresh token")
    auth._storage.set_token(new)


def create_account(client: ExactOnlineClient, tag: str) -> str:
    """Creates an account through the typed endpoint, makes it a customer, and reads it back."""
    accounts = AccountsAPI(client)
    made = accounts.create({"Name": f"Judge {tag}", "Country": "NL", "VATNumber": "NL826789456B01"})
    check(made.id is not None and made.name == f"Judge {tag}", "the account comes back with its id")
    client.put(f"crm/Accounts(guid'{made.id}')", json={"Status": "C"})
    row = accounts.get(str(made.id), raw=True)
    check(row["Status"] == "C" and row["Code"].strip().isdigit() and len(row["Code"]) == 18, "a padded numeric code")
    found = accounts.list(filters={"Name": f"Judge {tag}"}, select=["ID", "Name", "VATNumber"])
    check([row.id for row in found] == [made.id], "the account is found by its name")
    return str(made.id)


def read_master_data(client: ExactOnlineClient) -> tuple[str, str]:
    """Typed reads of what a sales entry needs; gives a revenue account and a VAT code of 21 percent."""
    revenue = GLAccountsAPI(client).list(filters={"Type": 110, "IsBlocked": False}, select=["ID", "Code"])
    check(len(revenue) >= 1, "there is a revenue account")
    codes = VATCodesAPI(client).list(select=["Code", "Percentage", "Type", "IsBlocked"], raw=True)
    high = [row for row in codes if row["Percentage"] == 0.21 and row["Type"] == "E" and not row["IsBlocked"]]
    check(len(high) >= 1 and len(high[0]["Code"]) == 3, "there is a padded code of 21 percent")
    check(len(CostcentersAPI(client).list(select=["Code"])) >= 1, "there is a cost centre")
    domestic = [row for row in client.get("vat/VATCodes", params={"$filter": "Code eq '2'"})]
    check(len(domestic) == 1, "a code is found without its padding at the end")
    return str(revenue[0].id), high[0]["Code"].strip()


def create_item(client: ExactOnlineClient, tag: str) -> str:
    """Creates an item. Raw, as the SDK's model does not know two properties that the vendor's reference lists."""
    made = ItemsAPI(client).create({"Code": f"J{tag}", "Description": "Judged item", "IsSalesItem": True}, raw=True)
    check(bool(made["ID"]) and made["Code"] == f"J{tag}", "the item comes back with its id")
    return made["ID"]


def sales_entry(customer: str, account: str, vat_code: str, reference: str, date: str, lines: int) -> dict:
    line = {"GLAccount": account, "AmountFC": 10.0, "VATCode": vat_code}
    return {
        "Customer": customer,
        "Journal": "70",
        "YourRef": reference,
        "EntryDate": date,
        "SalesEntryLines": [line] * lines,
    }


def book(client: ExactOnlineClient, customer: str, account: str, vat_code: str, tag: str) -> str:
    """Books one entry of many lines and reads its totals."""
    made = client.post("salesentry/SalesEntries", json=sales_entry(customer, account, vat_code, tag, "2026-12-15", LINES))
    check(made["YourRef"] == tag and made["EntryNumber"] is None, "without Prefer, what was not sent is null")
    row = client.get(f"salesentry/SalesEntries(guid'{made['EntryID']}')")
    check(row["AmountFC"] == round(LINES * 12.1, 2) and row["EntryNumber"] > 0, "number and total are the sandbox's")
    check(row["EntryDate"] == "/Date(1797292800000)/", "dates are wall clock")
    found = client.get("salesentry/SalesEntries", params={"$filter": f"YourRef eq '{tag}'", "$select": "EntryID"})
    check([entry["EntryID"] for entry in found] == [made["EntryID"]], "the entry is found by its reference")
    return made["EntryID"]


def file_pdf(client: ExactOnlineClient, auth: ExactOnlineAuth, customer: str, entry: str, tag: str) -> None:
    """Files a PDF beside an entry through the typed endpoints, and fetches it where its row says."""
    document = DocumentsAPI(client).create({"Subject": tag, "Type": 10, "Account": customer}, raw=True)
    pdf = b"%PDF-1.7\n\x00\xff\n%%EOF\n"
    sent = {"Document": document["ID"], "FileName": f"{tag}.pdf", "Attachment": base64.b64encode(pdf).decode()}
    DocumentAttachmentsAPI(client).create(sent)
    client.put(f"salesentry/SalesEntries(guid'{entry}')", json={"Document": document["ID"]})
    booked = client.get(f"salesentry/SalesEntries(guid'{entry}')")
    check(booked["Document"] == document["ID"] and booked["DocumentSubject"] == tag, "the entry has its document")
    files = DocumentAttachmentsAPI(client).list(params={"$filter": f"Document eq guid'{document['ID']}'"})
    check([(row.file_name, row.file_size) for row in files] == [(f"{tag}.pdf", float(len(pdf)))], "one file of that size")
    bearer = {"Authorization": f"Bearer {auth.get_access_token()}"}
    fetched = httpx.get(f"{files[0].url}&Download=1", headers=bearer)
    check(fetched.content == pdf, "the file comes back byte for byte")


def pay(client: ExactOnlineClient, customer: str, entry: str) -> None:
    """Pays an entry by bank and finds it matched in the payment terms and the receivables."""
    booked = client.get(f"salesentry/SalesEntries(guid'{entry}')")
    open_before = ReceivablesAPI(client).list(params={"$filter": f"TransactionEntryID eq guid'{entry}'"}, raw=True)
    check([(row["Status"], row["IsFullyPaid"]) for row in open_before] == [(20, False)], "one open receivable")
    receivable = GLAccountsAPI(client).list(filters={"Type": 20}, select=["ID"])[0].id
    line = {"GLAccount": str(receivable), "Account": customer, "AmountFC": booked["AmountFC"], "Date": "2026-12-20",
            "OurRef": booked["InvoiceNumber"]}
    # Raw, as the SDK's model does not know the lines.
    made = client.post("financialtransaction/BankEntries", json={"JournalCode": "20", "BankEntryLines": [line]})
    bank = BankEntriesAPI(client).get(made["EntryID"], raw=True)
    check(bank["ClosingBalanceFC"] == booked["AmountFC"] and bank["JournalCode"] == "20", f"the bank has it: {bank}")
    terms = SyncCashflowPaymentTermsAPI(client).iter_all(
        params={"$filter": "Timestamp gt 1L", "$select": "TransactionEntryID,EntryID,Status,IsFullyPaid"},
        page_size=None, raw=True,
    )
    mine = [row for row in terms if row["TransactionEntryID"] == entry]
    check([(row["EntryID"], row["Status"], row["IsFullyPaid"]) for row in mine] == [(made["EntryID"], 50, True)],
          f"the payment closed it: {mine}")


def issue(client: ExactOnlineClient, customer: str, item: str, account: str, vat_code: str, tag: str) -> None:
    """Has the administration issue an invoice itself: open first, booked by the print."""
    line = {"Item": item, "GLAccount": account, "Quantity": 3, "NetPrice": 33.33, "VATCode": vat_code}
    body = {"Journal": "70", "OrderedBy": customer, "YourRef": tag, "SalesInvoiceLines": [line]}
    invoices = SalesInvoicesAPI(client)
    # Raw, as the SDK's model demands of new lines the invoice that they are yet to get.
    made = client.post("salesinvoice/SalesInvoices", json=body)
    row = invoices.get(made["InvoiceID"], raw=True)
    check((row["Status"], row["InvoiceNumber"], row["AmountFC"]) == (20, None, 120.99), f"open, without a number: {row}")
    none = client.get("salesentry/SalesEntries", params={"$filter": f"YourRef eq '{tag}'", "$select": "EntryID"})
    check(none == [], "an open invoice is in no ledger")
    printed = client.post("salesinvoice/PrintedSalesInvoices",
                          json={"InvoiceID": made["InvoiceID"], "InvoiceDate": "2026-12-15"})
    check(bool(printed["Document"]), "the print makes a document")
    row = invoices.get(made["InvoiceID"], raw=True)
    entry = client.get("salesentry/SalesEntries", params={"$filter": f"YourRef eq '{tag}'"})[0]
    check((row["Status"], row["InvoiceNumber"]) == (50, entry["EntryNumber"]), "printed, with the number of its entry")
    check((entry["AmountFC"], entry["VATAmountFC"]) == (120.99, 21.0), "the entry is the invoice to the cent")


def page_through(client: ExactOnlineClient, entry: str, tag: str) -> None:
    """More rows than a page holds: absolute links, with and without $top, typed and raw."""
    params = {"$filter": f"EntryID eq guid'{entry}'", "$select": "ID,AmountFC"}
    pages = list(client.iter_pages("salesentry/SalesEntryLines", params=params))
    check([len(page) for page in pages] == [60, LINES - 60], f"pages of 60, not {[len(page) for page in pages]}")
    check(len({row["ID"] for page in pages for row in page}) == LINES, "every line once")
    rows = TransactionLinesAPI(client).iter_all(
        filters={"YourRef": tag}, select=["ID", "EntryID", "AmountFC"], page_size=None
    )
    lines = list(rows)
    check(len(lines) == 1 + 2 * LINES and round(sum(line.amount_fc for line in lines), 2) == 0, "the ledger is in balance")
    top = TransactionLinesAPI(client).iter_pages(filters={"YourRef": tag}, select=["ID", "EntryID"], page_size=100)
    check([len(page) for page in top] == [60, 40], "$top beyond a page goes on until it is reached")
    sync = SyncFinancialTransactionLinesAPI(client).iter_all(
        params={"$filter": "Timestamp gt 1L", "$select": "ID,YourRef"}, page_size=None, raw=True
    )
    check(sum(row["YourRef"] == tag for row in sync) == len(lines), "sync has the same rows")


def errors(client: ExactOnlineClient, config: Settings, customer: str, account: str, vat_code: str) -> None:
    """The SDK's own error classes; a business rejection is a ServerError, retried by the SDK to no avail."""
    raises(BadRequestError, lambda: client.get("crm/Accounts"), "an unfiltered list of accounts")
    raises(BadRequestError, lambda: client.get("financial/Journals", params={"$filter": "Nothing eq 1"}), "a bad filter")
    raises(NotFoundError, lambda: client.get("hrm/CostCenters"), "a path in the wrong case")
    array = lambda: client.post("crm/Accounts", json=[{"Name": "x"}])  # noqa: E731
    raises(BadRequestError, array, "an array as body")
    entry = sales_entry(customer, account, vat_code, "J-2031", "2031-01-01", 1)
    error = raises(ServerError, lambda: client.post("salesentry/SalesEntries", json=entry), "a missing year")
    check(error.status_code == 500, "a business error is HTTP 500")
    check("Boekjaar" in str(error) or "Financial year" in str(error), f"the vendor's sentence, not {error}")

    class Stranger:
        def get_access_token(self) -> str:
            return "not-a-token"

    stranger = ExactOnlineClient(config, auth=Stranger())
    raises(UnauthorizedError, lambda: stranger.get("financial/Journals"), "a token that is none")


async def read_asynchronously(config: Settings, auth: ExactOnlineAuth) -> None:
    async with AsyncExactOnlineClient(config, auth=auth) as client:
        rows = await client.get("financial/Journals", params={"$filter": "Code eq '70'", "$select": "Code,Type"})
    check(len(rows) == 1 and rows[0]["Type"] == 20, "the asynchronous client reads as well")


def main() -> None:
    config = settings()
    auth = ExactOnlineAuth(config)
    tag = uuid.uuid4().hex[:10]

    def step(name: str, call):
        result = call()
        print(f"exact judge: {name}: ok")
        return result

    step("authorise", lambda: authorise(config, auth))
    step("refresh", lambda: refresh(auth))
    with ExactOnlineClient(config, auth=auth) as client:
        me = ExactOnlineClient(replace(config, division=None), auth=auth).get("current/Me")
        check(me[0]["CurrentDivision"] == config.division, "current/Me is a list of one row")
        customer = step("create account", lambda: create_account(client, tag))
        account, vat_code = step("read master data", lambda: read_master_data(client))
        item = step("create item", lambda: create_item(client, tag))
        entry = step("book", lambda: book(client, customer, account, vat_code, f"J-{tag}"))
        step("page", lambda: page_through(client, entry, f"J-{tag}"))
        step("file a PDF", lambda: file_pdf(client, auth, customer, entry, f"PDF-{tag}"))
        step("pay", lambda: pay(client, customer, entry))
        step("issue an invoice", lambda: issue(client, customer, item, account, vat_code, f"I-{tag}"))
        step("asynchronous", lambda: asyncio.run(read_asynchronously(config, auth)))
        step("errors", lambda: errors(client, config, customer, account, vat_code))
    print("exact judge: every check passed")


if __name__ == "__main__":
    main()
