"""Judges the Chargebee sandbox with Chargebee's own Python client, unmodified but for the address.

Needs CHARGEBEE_SANDBOX_URL (http://127.0.0.1:PORT), CHARGEBEE_API_KEY and SANDBOX_ADMIN_URL (for faults). The sandbox must
be fresh and large enough to page: `koppel sandbox --quotas off --invoices 150 --customers 40`. Ends with 0 when
everything holds, else with 1 and the judgements that failed.
"""

import json
import os
import sys
import traceback
import urllib.request
from urllib.parse import urlsplit

from chargebee import APIError, Chargebee, Filters, InvalidRequestError, OperationFailedError
from chargebee.retry_config import RetryConfig

import kinds

SANDBOX = os.environ["CHARGEBEE_SANDBOX_URL"]
KEY = os.environ["CHARGEBEE_API_KEY"]
ADMIN = os.environ["SANDBOX_ADMIN_URL"]

# The client takes its scheme from this switch of the class; it is how its own tests reach a plain address.
Chargebee.verify_ca_certs = False


def client(key=KEY):
    """A client for the sandbox. It builds `{protocol}://{site}.{domain}/api/v2`, so the host is cut at its first dot."""
    site, domain = urlsplit(SANDBOX).netloc.split(".", 1)
    return Chargebee(api_key=key, site=site, chargebee_domain=domain, protocol="http")


def admin(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ADMIN + path, data=data, method=method, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def expect_error(kind, code, action):
    """The error that `action` ends in, which must be exactly of this class and code."""
    try:
        action()
    except APIError as error:
        assert type(error) is kind, f"{type(error).__name__} in place of {kind.__name__}: {error}"
        assert error.api_error_code == code, f"{error.api_error_code} in place of {code}"
        return error
    raise AssertionError(f"no error in place of {code}")


def pages(list_operation, wrapper, params):
    """All rows of a list, page by page."""
    rows, offset = [], None
    while True:
        answer = list_operation({**params, **({"offset": offset} if offset else {})})
        assert len(answer.list) <= params.get("limit", 10)
        rows += [getattr(entry, wrapper) for entry in answer.list]
        offset = answer.next_offset
        if offset is None:
            return rows


def catalogue_is_version_2(cb):
    configuration = cb.Configuration.list().configurations[0]
    assert str(configuration.product_catalog_version) == "v2"
    assert configuration.domain == "wolkwerk-test"


def every_list_answers(cb):
    lists = {
        "customer": cb.Customer, "subscription": cb.Subscription, "invoice": cb.Invoice, "credit_note": cb.CreditNote,
        "transaction": cb.Transaction, "item_family": cb.ItemFamily, "item": cb.Item, "item_price": cb.ItemPrice,
        "coupon": cb.Coupon, "event": cb.Event,
    }
    for wrapper, operations in lists.items():
        rows = [getattr(entry, wrapper) for entry in operations.list({"limit": 5}).list]
        assert len({row.id for row in rows}) == len(rows), wrapper
        if wrapper not in ("credit_note", "event"):
            assert rows, f"no {wrapper}"


def pages_join_without_gap_or_repetition(cb):
    by_ten = [row.id for row in pages(cb.Invoice.list, "invoice", {})]
    by_hundred = [row.id for row in pages(cb.Invoice.list, "invoice", {"limit": 100})]
    assert len(by_ten) > 100, "the sandbox is too small to judge paging"
    assert by_ten == by_hundred
    assert len(set(by_ten)) == len(by_ten)


def sorted_pages_keep_equal_seconds_apart(cb):
    params = {"limit": 10, "sort_by": {"asc": "updated_at"}, "updated_at": {"after": 1000000000}}
    rows = pages(cb.Invoice.list, "invoice", params)
    seconds = [row.updated_at for row in rows]
    assert seconds == sorted(seconds)
    assert len({row.id for row in rows}) == len(rows)
    assert any(seconds[at - 1] == seconds[at] for at in range(10, len(seconds), 10)), "no second straddles a page"
    newest = pages(cb.Invoice.list, "invoice", {"limit": 100, "sort_by": {"desc": "updated_at"}})
    assert newest[0].updated_at == seconds[-1]


def rows_without_updated_at_pass_no_filter_on_it(cb):
    everything = pages(cb.Invoice.list, "invoice", {"limit": 100})
    filtered = pages(cb.Invoice.list, "invoice", {"limit": 100, "updated_at": {"after": 1000000000}})
    missing = {row.id for row in everything} - {row.id for row in filtered}
    assert missing, "every row has updated_at"
    assert all("updated_at" not in row.raw_data for row in everything if row.id in missing)


def filters_narrow(cb):
    rows = pages(cb.Invoice.list, "invoice", {"limit": 100})
    some = [rows[3].id, rows[7].id]
    found = pages(cb.Invoice.list, "invoice", {"id": Filters.StringFilter(**{"in": some})})
    assert sorted(row.id for row in found) == sorted(some)
    paid = pages(cb.Invoice.list, "invoice", {"limit": 100, "status": {"in": ["paid", "posted"]}})
    assert sorted(r.id for r in paid) == sorted(r.id for r in rows if str(r.status) in ("paid", "posted"))
    others = pages(cb.Invoice.list, "invoice", {"limit": 100, "status": {"is_not": "paid"}})
    assert {str(row.status) for row in others}.isdisjoint({"paid"}) and others
    first, last = rows[10].date, rows[40].date
    between = pages(cb.Invoice.list, "invoice", {"limit": 100, "date": {"between": [first, last]}})
    assert sorted(r.id for r in between) == sorted(r.id for r in rows if first <= r.date <= last)
    dear = pages(cb.Invoice.list, "invoice", {"limit": 100, "total": {"gt": 50000}})
    assert sorted(r.id for r in dear) == sorted(r.id for r in rows if r.total > 50000)
    customer = rows[20].customer_id
    own = pages(cb.Invoice.list, "invoice", {"limit": 100, "customer_id": {"is": customer}})
    assert sorted(r.id for r in own) == sorted(r.id for r in rows if r.customer_id == customer)
    one_off = pages(cb.Invoice.list, "invoice", {"limit": 100, "subscription_id": {"is_present": False}})
    assert one_off and all("subscription_id" not in row.raw_data for row in one_off)


def deleted_rows_show_only_on_request(cb):
    standing = {row.id for row in pages(cb.Invoice.list, "invoice", {"limit": 100})}
    everything = pages(cb.Invoice.list, "invoice", {"limit": 100, "include_deleted": True})
    deleted = [row for row in everything if row.id not in standing]
    assert deleted and all(row.deleted for row in deleted)
    expect_error(InvalidRequestError, "resource_not_found", lambda: cb.Invoice.retrieve(deleted[0].id))


def rows_are_retrieved(cb):
    invoice = pages(cb.Invoice.list, "invoice", {"limit": 100})[30]
    again = cb.Invoice.retrieve(invoice.id).invoice
    assert again.raw_data == invoice.raw_data
    assert again.line_items[0].amount == invoice.line_items[0].amount
    assert cb.Customer.retrieve(invoice.customer_id).customer.id == invoice.customer_id
    price = cb.ItemPrice.retrieve(invoice.line_items[0].entity_id).item_price
    item = cb.Item.retrieve(price.item_id).item
    assert cb.ItemFamily.retrieve(item.item_family_id).item_family.id == price.item_family_id
    assert cb.Coupon.retrieve("LOYAL15").coupon.discount_percentage == 15.0
    subscription = cb.Subscription.list({"limit": 1}).list[0]
    assert subscription.customer.id == subscription.subscription.customer_id
    again = cb.Subscription.retrieve(subscription.subscription.id)
    assert again.customer.id == subscription.customer.id


def customers_are_written(cb):
    made = cb.Customer.create({
        "first_name": "Zoë", "last_name": "van 't Hoff", "company": "Ärger & Söhne", "email": "zoe@example.com",
        "net_term_days": 14, "cf_kvk": "12345678", "meta_data": '{"origin": "judge"}',
        "billing_address": {"line1": "Kade 1", "city": "Gent", "country": "BE"},
    }).customer
    assert (made.first_name, made.net_term_days, made.cf_kvk) == ("Zoë", 14, "12345678")
    assert made.billing_address.country == "BE"
    updated = cb.Customer.update(made.id, {"company": "Nieuw", "last_name": None}).customer
    assert updated.company == "Nieuw" and "last_name" not in updated.raw_data
    assert updated.resource_version > made.resource_version
    billing = cb.Customer.update_billing_info(made.id, {
        "vat_number": "0123456749", "billing_address": {"city": "Leuven", "country": "BE"}}).customer
    assert billing.vat_number == "0123456749"
    assert "line1" not in billing.billing_address.raw_data, "an address is replaced as a whole"
    found = pages(cb.Customer.list, "customer", {"email": {"is": "zoe@example.com"}})
    assert [row.id for row in found] == [made.id]
    happened = [str(row.event_type) for row in pages(cb.Event.list, "event", {"limit": 100})
                if row.content.get("customer", {}).get("id") == made.id]
    assert sorted(happened) == ["customer_changed", "customer_changed", "customer_created"]
    cb.Customer.delete(made.id)
    expect_error(InvalidRequestError, "resource_not_found", lambda: cb.Customer.retrieve(made.id))


def coupons_are_created(cb):
    coupon = cb.Coupon.create_for_items({
        "id": "JUDGE5", "name": "Judge 5%", "discount_type": "percentage", "discount_percentage": 5.0,
        "apply_on": "invoice_amount", "duration_type": "one_time",
        "item_constraints": [{"constraint": "all", "item_type": "plan"}]}).coupon
    assert (coupon.id, str(coupon.status)) == ("JUDGE5", "active")
    assert [row.id for row in pages(cb.Coupon.list, "coupon", {"id": {"is": "JUDGE5"}})] == ["JUDGE5"]


def invoices_are_paid_and_voided(cb):
    is_open = {"limit": 100, "status": {"in": ["payment_due", "posted", "not_paid"]}, "amount_due": {"gt": 200}}
    first, second = pages(cb.Invoice.list, "invoice", is_open)[:2]
    part = cb.Invoice.record_payment(first.id, {
        "transaction": {"payment_method": "bank_transfer", "amount": 100, "date": first.date, "reference_number": "R1"}})
    assert part.invoice.amount_due == first.amount_due - 100 and str(part.invoice.status) == str(first.status)
    rest = cb.Invoice.record_payment(first.id, {"transaction": {"payment_method": "bank_transfer"}})
    assert str(rest.invoice.status) == "paid" and rest.transaction.amount == first.amount_due - 100
    found = pages(cb.Transaction.list, "transaction", {"reference_number": {"is": "R1"}})
    assert [row.id for row in found] == [part.transaction.id]
    pay = lambda: cb.Invoice.record_payment(first.id, {"transaction": {"payment_method": "cash"}})
    assert expect_error(InvalidRequestError, "invalid_state_for_request", pay).http_status_code == 409
    assert str(cb.Invoice.void_invoice(second.id, {"comment": "judged"}).invoice.status) == "voided"
    expect_error(InvalidRequestError, "invalid_state_for_request", lambda: cb.Invoice.void_invoice(second.id))


def charges_are_invoiced(cb):
    customer = cb.Customer.create({"company": "Eenmalig", "billing_address": {"country": "NL"}}).customer
    invoice = cb.Invoice.create_for_charge_items_and_charges({
        "customer_id": customer.id, "currency_code": "EUR",
        "item_prices": [{"item_price_id": "training-eur", "quantity": 2}],
        "charges": [{"amount": 1000, "description": "Travel"}]}).invoice
    assert [line.amount for line in invoice.line_items] == [169900, 1000]
    assert invoice.total == invoice.sub_total + invoice.tax
    assert invoice.id in {row.id for row in pages(cb.Invoice.list, "invoice", {"customer_id": {"is": customer.id}})}


def errors_are_of_their_class(cb):
    error = expect_error(APIError, "api_authentication_failed", client("wrong_key").Invoice.list)
    assert error.http_status_code == 401
    for limit in (0, 101):
        error = expect_error(InvalidRequestError, "param_wrong_value", lambda: cb.Invoice.list({"limit": limit}))
        assert (error.http_status_code, error.param) == (400, "limit")
    by_name = lambda: cb.CreditNote.list({"sort_by": {"asc": "updated_at"}})
    assert expect_error(InvalidRequestError, "param_wrong_value", by_name).param == "sort_by[asc]"
    unknown = lambda: cb.Item.list({"include_deleted": True})
    assert expect_error(InvalidRequestError, "param_wrong_value", unknown).param == "include_deleted"
    nonsense = lambda: cb.Invoice.list({"offset": "nonsense"})
    assert expect_error(InvalidRequestError, "param_wrong_value", nonsense).param == "offset"
    error = expect_error(InvalidRequestError, "resource_not_found", lambda: cb.Customer.retrieve("nobody"))
    assert error.http_status_code == 404
    cb.Customer.create({"id": "twice"})
    expect_error(InvalidRequestError, "duplicate_entry", lambda: cb.Customer.create({"id": "twice"}))
    too_long = lambda: cb.Customer.create({"first_name": "x" * 151})
    assert expect_error(InvalidRequestError, "param_wrong_value", too_long).param == "first_name"


def keys_replay_and_refuse(cb):
    headers = {"chargebee-idempotency-key": "judge-key-1"}
    first = cb.Customer.create({"company": "Once"}, headers=dict(headers))
    second = cb.Customer.create({"company": "Once"}, headers=dict(headers))
    assert not first.is_idempotency_replayed and second.is_idempotency_replayed
    assert first.customer.id == second.customer.id
    assert len(pages(cb.Customer.list, "customer", {"company": {"is": "Once"}})) == 1
    other = lambda: cb.Customer.create({"company": "Other"}, headers=dict(headers))
    assert expect_error(InvalidRequestError, "unable_to_process_request", other).http_status_code == 422


def limits_are_retried(cb):
    refused = {"kind": "tooManyRequests", "retryAfter": 1, "pathContains": "/items"}
    admin("POST", "/admin/chargebee/faults", refused)
    error = expect_error(OperationFailedError, "api_request_limit_exceeded", cb.Item.list)
    assert error.http_status_code == 429 and error.http_headers["retry-after"] == "1"
    patient = client()
    patient.update_retry_config(RetryConfig(enabled=True, max_retries=6, delay_ms=20))
    admin("DELETE", "/admin/chargebee/calls")
    for kind in ("tooManyRequests", "lockTimeout", "unavailableHtml", "unavailableText"):
        admin("POST", "/admin/chargebee/faults", {"kind": kind, "pathContains": "/items"})
    assert patient.Item.list({"limit": 1}).list
    calls = admin("GET", "/admin/chargebee/calls")["calls"]
    assert [call["status"] for call in calls] == [429, 429, 503, 503, 200]
    assert [call["retryAttempt"] for call in calls] == [None, "1", "2", "3", "4"]
    admin("POST", "/admin/chargebee/limits", {"perMinute": 3, "concurrent": 50, "enabled": True, "retryAfter": True})
    for _ in range(3):
        cb.Item.list({"limit": 1})
    error = expect_error(OperationFailedError, "api_request_limit_exceeded", cb.Item.list)
    assert 0 < int(error.http_headers["retry-after"]) <= 60
    admin("POST", "/admin/chargebee/limits", {"enabled": False})


def a_lost_answer_is_not_carried_out_twice(cb):
    """The client's own key makes its own repetition harmless."""
    key = {"chargebee-idempotency-key": "judge-key-2"}
    admin("POST", "/admin/chargebee/faults", {"kind": "loseAnswer", "method": "POST", "pathContains": "/customers"})
    try:
        cb.Customer.create({"company": "Lost"}, headers=dict(key))
        raise AssertionError("the answer was not lost")
    except APIError:
        raise
    except AssertionError:
        raise
    except Exception:
        pass
    assert cb.Customer.create({"company": "Lost"}, headers=dict(key)).is_idempotency_replayed
    assert len(pages(cb.Customer.list, "customer", {"company": {"is": "Lost"}})) == 1


JUDGEMENTS = [
    catalogue_is_version_2, every_list_answers, pages_join_without_gap_or_repetition,
    sorted_pages_keep_equal_seconds_apart, rows_without_updated_at_pass_no_filter_on_it, filters_narrow,
    deleted_rows_show_only_on_request, rows_are_retrieved, customers_are_written, coupons_are_created,
    invoices_are_paid_and_voided, charges_are_invoiced, errors_are_of_their_class, keys_replay_and_refuse,
    limits_are_retried, a_lost_answer_is_not_carried_out_twice, *kinds.judgements(pages, expect_error),
]


def main():
    failed = 0
    for judgement in JUDGEMENTS:
        name = judgement.__name__.replace("_", " ")
        try:
            judgement(client())
            print(f"ok      {name}")
        except Exception:
            failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc()
    print(f"{len(JUDGEMENTS) - failed} of {len(JUDGEMENTS)} judgements hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
