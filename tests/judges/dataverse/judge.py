"""Judges the sandbox of Dataverse and Entra ID with Microsoft's own clients, unmodified.

Starts nothing. The environment says where the sandbox is:

  ENTRA_SANDBOX_URL, DATAVERSE_SANDBOX_URL   scheme, host and port, both https
  ENTRA_TENANT_ID, ENTRA_CLIENT_ID, ENTRA_CLIENT_SECRET   what the sandbox knows
  SANDBOX_ADMIN_URL   address of the admin interface, which has the certificate to trust

Exit code 0 when every check passed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import urllib.parse
import urllib.request
import uuid
from enum import IntEnum

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError, MetadataError
from PowerPlatform.Dataverse.models.filters import col
from PowerPlatform.Dataverse.models.upsert import UpsertItem

TABLE = "new_JudgedInvoice"
ROWS = 25
PAGE = 10


class Standing(IntEnum):
    """A choice column."""

    PAID = 100000000
    OPEN = 100000001


def environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        sys.exit(f"{name} is not set; see the head of {__file__}")
    return value.rstrip("/")


def check(truth: bool, what: str) -> None:
    if not truth:
        raise AssertionError(what)


def refused(call, status: int, code: str | None, what: str) -> HttpError:
    """Calls what the sandbox must refuse, and checks how."""
    try:
        call()
    except HttpError as error:
        check(error.status_code == status, f"{what}: {status} expected, not {error.status_code} ({error})")
        found = error.details.get("service_error_code")
        check(code is None or found == code, f"{what}: {code} expected, not {found}")
        return error
    raise AssertionError(f"{what}: a refusal expected")


def trust_the_sandbox() -> None:
    """Makes the clients trust the authority that the sandbox made when it started."""
    with urllib.request.urlopen(f"{environment('SANDBOX_ADMIN_URL')}/admin/certificate") as answer:
        pem = answer.read()
    with tempfile.NamedTemporaryFile(suffix=".pem", delete=False) as file:
        file.write(pem)
    os.environ["REQUESTS_CA_BUNDLE"] = file.name


def admin(path: str, body: dict | None, method: str = "POST") -> None:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{environment('SANDBOX_ADMIN_URL')}/admin/{path}", data=data, method=method)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        check(answer.status == 200, f"the admin interface takes {path}")


def credential(secret: str) -> ClientSecretCredential:
    return ClientSecretCredential(
        environment("ENTRA_TENANT_ID"),
        environment("ENTRA_CLIENT_ID"),
        secret,
        authority=urllib.parse.urlsplit(environment("ENTRA_SANDBOX_URL")).netloc,
        disable_instance_discovery=True,
    )


def tokens() -> ClientSecretCredential:
    """A wrong secret and a foreign resource are refused in Entra's numbers; the right ones give a token."""
    scope = f"{environment('DATAVERSE_SANDBOX_URL')}/.default"
    for made, wanted, number in [
        (credential("wrong"), scope, "AADSTS7000215"),
        (credential(environment("ENTRA_CLIENT_SECRET")), "https://contoso.crm.dynamics.com/.default", "AADSTS500011"),
    ]:
        try:
            made.get_token(wanted)
        except ClientAuthenticationError as error:
            check(number in str(error), f"{number} expected: {error}")
        else:
            raise AssertionError(f"{number} expected")
    good = credential(environment("ENTRA_CLIENT_SECRET"))
    check(len(good.get_token(scope).token) > 100, "a token")
    return good


def make_table(client: DataverseClient) -> None:
    """Metadata: a table, more columns, a lookup, a key; each is read back."""
    check(client.tables.get(TABLE) is None, "the table is not there yet")
    made = client.tables.create(
        TABLE,
        {"new_ChargebeeId": "string", "new_Total": "decimal", "new_Lines": "int", "new_IssuedOn": "datetime"},
        display_name="Judged Invoice",
    )
    check(made.logical_name == TABLE.lower() and made.entity_set_name == f"{TABLE.lower()}s", "its names")
    client.tables.add_columns(TABLE, {"new_Standing": Standing, "new_IsSent": "bool", "new_Note": "memo"})
    names = {column["LogicalName"] for column in client.tables.list_columns(TABLE, select=["LogicalName"])}
    check({"new_standing", "new_issent", "new_note", "ownerid", "statecode", "versionnumber"} <= names, "its columns")
    client.tables.create_lookup_field(TABLE, "new_AccountId", "account", display_name="Account")
    found = client.tables.get_relationship(f"account_{TABLE.lower()}_new_AccountId")
    check(found is not None and found.lookup_schema_name is not None, "the relationship is found")
    client.tables.create_alternate_key(TABLE, "new_judgedkey", ["new_chargebeeid"])
    keys = client.tables.get_alternate_keys(TABLE)
    check([key.status for key in keys] == ["Active"], "the key's index is there")
    client.tables.update_column(TABLE, "new_ChargebeeId", {"max_length": 150})
    try:
        client.tables.create(TABLE, {})
    except MetadataError:
        pass
    else:
        raise AssertionError("a table cannot be made twice")


def write_rows(client: DataverseClient) -> list[str]:
    """Single rows, bulk, upserts by key; a duplicate and what does not fit are refused in Dataverse's codes."""
    account = client.records.create("account", {"name": "Judge & Zonen B.V."})
    bind = {"new_AccountId@odata.bind": f"/accounts({account})"}
    first = client.records.create(TABLE, {"new_name": "First", "new_chargebeeid": "J-0", "new_standing": "PAID"} | bind)
    row = client.records.retrieve(TABLE, first, select=["new_name", "new_standing", "_new_accountid_value"])
    check(row["new_standing"] == Standing.PAID and row["_new_accountid_value"] == account, "the row is read back")
    many = [{"new_name": f"Row {index}", "new_chargebeeid": f"J-{index}", "new_lines": index} for index in range(1, ROWS)]
    ids = client.records.create(TABLE, many)
    check(len(ids) == ROWS - 1 and len(set(ids)) == ROWS - 1, "an id for each row")
    client.records.update(TABLE, ids[0], {"new_total": 12.5})
    client.records.update(TABLE, ids[1:3], {"new_total": 7})
    items = [UpsertItem({"new_chargebeeid": f"J-{index}"}, {"new_note": f"upserted {index}"}) for index in (1, ROWS)]
    client.records.upsert(TABLE, items)
    client.records.upsert(TABLE, [UpsertItem({"new_chargebeeid": "J-2"}, {"new_note": "alone"})])
    notes = client.records.list(TABLE, select=["new_note"], filter="new_note ne null", orderby=["new_chargebeeid"])
    check([row["new_note"] for row in notes] == ["upserted 1", "alone", f"upserted {ROWS}"], "upserted by key")
    duplicate = {"new_name": "Twice", "new_chargebeeid": "J-1"}
    refused(lambda: client.records.create(TABLE, duplicate), 412, "0x80060892", "a duplicate of a key")
    too_long = [{"new_name": "x" * 5000}, {"new_name": "fits"}]
    before = len(client.records.list(TABLE, select=["new_name"]))
    refused(lambda: client.records.create(TABLE, too_long), 400, "0x80044331", "a text that is too long")
    check(len(client.records.list(TABLE, select=["new_name"])) == before, "one error undoes a bulk")
    nobody = str(uuid.uuid4())
    refused(lambda: client.records.update(TABLE, ids[0], {"nonsense": 1}), 400, "0x80048d19", "an unknown column")
    wrong = {"new_accountid@odata.bind": f"/accounts({account})"}
    refused(lambda: client.records.create(TABLE, wrong), 400, "0x80048d19", "a navigation property in another case")
    refused(lambda: client.records.create(TABLE, {"new_AccountId@odata.bind": f"/accounts({nobody})"}), 404, "0x80040217", "a missing target")
    check(client.records.retrieve(TABLE, nobody) is None, "a missing row")
    return [first, *ids]


def read_rows(client: DataverseClient) -> None:
    """Pages, filters, order, expansion, formatted values."""
    pages = list(client.records.list_pages(TABLE, select=["new_name"], page_size=PAGE))
    check([len(page) for page in pages] == [PAGE, PAGE, ROWS + 1 - 2 * PAGE], "pages of ten")
    check(len({row["new_judgedinvoiceid"] for page in pages for row in page}) == ROWS + 1, "no row twice")
    few = client.records.list(TABLE, select=["new_lines"], filter="new_lines ge 20", orderby=["new_lines desc"], top=3)
    check([row["new_lines"] for row in few] == [24, 23, 22], "filter, order and top")
    built = client.records.list(TABLE, select=["new_name"], filter=str(col("new_lines").in_([1, 2])))
    check(len(list(built)) == 2, "a list of values")
    whole = client.records.list(
        TABLE,
        select=["new_name", "new_standing"],
        filter="new_chargebeeid eq 'J-0'",
        expand=["new_AccountId"],
        include_annotations="*",
    )
    row = list(whole)[0]
    check(row["new_AccountId"]["name"] == "Judge & Zonen B.V.", "an expanded lookup")
    check(row["new_standing@OData.Community.Display.V1.FormattedValue"] == "PAID", "a formatted value")


def batch(client: DataverseClient) -> None:
    """A change set is atomic; its rows are referred to; a batch can go on."""
    request = client.batch.new()
    with request.changeset() as changes:
        account = changes.records.create("account", {"name": "In a change set"})
        changes.records.create(TABLE, {"new_name": "Of it", "new_AccountId@odata.bind": account})
    request.records.retrieve("account", str(uuid.uuid4()))
    request.records.list("account", select=["name"], filter="name eq 'In a change set'")
    result = request.execute(continue_on_error=True)
    found = [(answer.status_code, answer.error_message) for answer in result.responses]
    check([status for status, _ in found] == [204, 204, 404, 200], f"a batch that goes on: {found}")
    check(result.responses[2].error_code == "0x80040217", "the code of a part")
    request = client.batch.new()
    with request.changeset() as changes:
        changes.records.create("account", {"name": "Undone"})
        changes.records.create("account", {"name": "x" * 200})
    result = request.execute(continue_on_error=True)
    check([answer.status_code for answer in result.responses] == [400], "one answer for a change set")
    check(len(list(client.records.list("account", select=["name"], filter="name eq 'Undone'"))) == 0, "nothing stays")


def delete_rows(client: DataverseClient, ids: list[str]) -> None:
    client.records.delete(TABLE, ids[0])
    refused(lambda: client.records.delete(TABLE, ids[0]), 404, "0x80040217", "a row that is gone")
    check(client.records.delete(TABLE, ids[1:4]) is not None, "a job deletes several")
    client.records.delete(TABLE, ids[4:6], use_bulk_delete=False)
    check(len(client.records.list(TABLE, select=["new_name"])) == ROWS + 2 - 6, "the others stay")
    client.tables.remove_columns(TABLE, "new_Note")
    client.tables.delete(TABLE)
    check(client.tables.get(TABLE) is None, "the table is gone")


def limits(client: DataverseClient) -> None:
    """Throttling is transient and says how long to wait."""
    admin("dataverse/wolkwerk/faults", {"kind": "throttled", "facet": "requests", "retryAfter": 7})
    error = refused(lambda: client.records.list("account", select=["name"]), 429, "0x80072322", "too many requests")
    check(error.is_transient and error.details.get("retry_after") == 7, "how long to wait")


def main() -> None:
    trust_the_sandbox()
    with DataverseClient(environment("DATAVERSE_SANDBOX_URL"), tokens()) as client:
        make_table(client)
        ids = write_rows(client)
        read_rows(client)
        batch(client)
        delete_rows(client, ids)
        limits(client)
    print("Microsoft's clients are content")


main()
