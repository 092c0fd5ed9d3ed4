"""Judgements of the kinds that a CRM keeps and of what it has Chargebee keep: by Chargebee's own Python client."""

from chargebee import InvalidRequestError


def judgements(pages, expect_error):
    """The judgements, with the judge's own helpers."""

    def every_other_list_answers(cb):
        lists = {
            "payment_source": cb.PaymentSource, "promotional_credit": cb.PromotionalCredit,
            "unbilled_charge": cb.UnbilledCharge, "feature": cb.Feature, "entitlement": cb.Entitlement,
        }
        for wrapper, operations in lists.items():
            rows = pages(operations.list, wrapper, {"limit": 3})
            assert rows and len({row.id for row in rows}) == len(rows), wrapper
        everything = pages(cb.PaymentSource.list, "payment_source", {"limit": 100, "include_deleted": True})
        since = {"limit": 100, "include_deleted": True, "sort_by": {"asc": "updated_at"}, "updated_at": {"after": 1000000000}}
        assert {row.id for row in pages(cb.PaymentSource.list, "payment_source", since)} == {row.id for row in everything}
        assert any(row.deleted for row in everything)

    def catalogue_features_and_entitlements_are_written(cb):
        cb.ItemFamily.create({"id": "judged", "name": "Judged"})
        cb.Item.create({"id": "judged-plan", "name": "Judged plan", "type": "plan", "item_family_id": "judged"})
        price = cb.ItemPrice.create({
            "id": "judged-eur", "name": "Judged EUR", "item_id": "judged-plan", "currency_code": "EUR", "period_unit": "month",
            "pricing_model": "tiered", "tiers": [
                {"starting_unit": 1, "ending_unit": 10, "price": 500}, {"starting_unit": 11, "price": 400}]}).item_price
        assert [tier.starting_unit for tier in price.tiers] == [1, 11]
        feature = cb.Feature.create({"name": "Judged feature", "type": "quantity", "unit": "cups"}).feature
        assert str(feature.status) == "draft"
        assert str(cb.Feature.activate(feature.id).feature.status) == "active"
        cb.ItemEntitlement.upsert_or_remove_item_entitlements_for_item("judged-plan", {
            "action": "upsert", "item_entitlements": [{"feature_id": feature.id, "value": "7"}]})
        own = cb.ItemEntitlement.item_entitlements_for_item("judged-plan", {"limit": 10}).list
        assert [(row.item_entitlement.feature_id, row.item_entitlement.value) for row in own] == [(feature.id, "7")]
        told = pages(cb.Entitlement.list, "entitlement", {"entity_id": {"is": "judged-plan"}})
        assert [row.value for row in told] == ["7"]
        assert str(cb.Item.delete("judged-plan").item.status) == "deleted"

    def contacts_and_addresses_are_written(cb):
        customer = cb.Customer.create({"company": "Met contacten"}).customer
        path = customer.id
        made = cb.Customer.add_contact(path, {"contact": {"email": "a@example.com", "first_name": "A"}}).customer
        contact = made.contacts[0]
        assert contact.email == "a@example.com" and not contact.enabled
        changed = cb.Customer.update_contact(path, {"contact": {"id": contact.id, "label": "Buyer"}}).customer
        assert (changed.contacts[0].label, changed.contacts[0].first_name) == ("Buyer", "A")
        assert [row.contact.id for row in cb.Customer.contacts_for_customer(path).list] == [contact.id]
        without = lambda: cb.Customer.add_contact(path, {"contact": {"first_name": "B"}})
        assert expect_error(InvalidRequestError, "param_wrong_value", without).param == "contact[email]"
        cb.Customer.delete_contact(path, {"contact": {"id": contact.id}})
        subscription = cb.Subscription.list({"limit": 1}).list[0].subscription
        where = {"subscription_id": subscription.id, "label": "shipping_address"}
        cb.Address.update({**where, "addr": "Haven 9", "city": "Gent", "country": "BE"})
        assert cb.Address.retrieve(where).address.addr == "Haven 9"

    def charges_wait_and_are_deleted(cb):
        subscription = next(entry.subscription for entry in cb.Subscription.list({"limit": 50}).list
                            if entry.subscription.currency_code == "EUR")
        made = cb.UnbilledCharge.create({
            "subscription_id": subscription.id, "charges": [{"amount": 500, "description": "A visit"}]}).unbilled_charges
        assert made[0].amount == 500
        of = {"subscription_id": {"is": subscription.id}, "limit": 100}
        assert made[0].id in {row.id for row in pages(cb.UnbilledCharge.list, "unbilled_charge", of)}
        cb.UnbilledCharge.delete(made[0].id)
        assert made[0].id not in {row.id for row in pages(cb.UnbilledCharge.list, "unbilled_charge", of)}

    def quotes_live(cb):
        customer = cb.Customer.create({
            "company": "Offerte", "preferred_currency_code": "EUR", "billing_address": {"country": "NL"}}).customer
        quote = cb.Quote.create_for_charge_items_and_charges({
            "customer_id": customer.id, "name": "Q1", "item_prices": [{"item_price_id": "training-eur", "quantity": 2}],
            "charges": [{"amount": 1000, "description": "Travel"}],
            "discounts": [{"apply_on": "invoice_amount", "percentage": 10.0}]}).quote
        assert (str(quote.status), quote.sub_total) == ("open", (2 * 84950 + 1000) * 9 // 10)
        edited = cb.Quote.edit_for_charge_items_and_charges(quote.id, {
            "item_prices": [{"item_price_id": "onboarding-eur"}]}).quote
        assert (edited.sub_total, edited.version, edited.name) == (49500, 2, "Q1")
        later = quote.valid_till + 86400
        assert cb.Quote.extend_expiry_date(quote.id, {"valid_till": later}).quote.valid_till == later
        assert str(cb.Quote.update_status(quote.id, {"status": "accepted"}).quote.status) == "accepted"
        again = lambda: cb.Quote.update_status(quote.id, {"status": "accepted"})
        assert expect_error(InvalidRequestError, "invalid_state_for_request", again).http_status_code == 409
        assert cb.Quote.convert(quote.id).invoice.total == edited.total
        planned = cb.Quote.create_sub_items_for_customer_quote(customer.id, {
            "subscription_items": [{"item_price_id": "team-eur-monthly", "quantity": 5}]})
        assert planned.quoted_subscription.subscription_items[0].item_price_id == "team-eur-monthly"
        listed = cb.Quote.list({"customer_id": {"is": customer.id}, "sort_by": {"asc": "date"}}).list
        assert [row.quote.id for row in listed] == [quote.id, planned.quote.id]
        cb.Quote.delete(planned.quote.id)
        expect_error(InvalidRequestError, "resource_not_found", lambda: cb.Quote.retrieve(planned.quote.id))

    return [
        every_other_list_answers, catalogue_features_and_entitlements_are_written, contacts_and_addresses_are_written,
        charges_wait_and_are_deleted, quotes_live,
    ]
