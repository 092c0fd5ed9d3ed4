use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

use super::*;
use crate::domain::customer::Address;
use crate::domain::money::Currency;
use crate::domain::offer::{BillingAddress, WrittenVatNumber};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn street(line: &str, country: &str) -> Option<Address> {
    Some(Address {
        lines: vec![line.to_owned()],
        postcode: text("1015 CJ"),
        city: text("Amsterdam"),
        country: text(country),
        ..Address::default()
    })
}

fn account() -> CrmAccount {
    CrmAccount {
        id: Uuid::from_u128(7),
        name: "Boomgaard B.V.".to_owned(),
        number: None,
        email: text("info@boomgaard.nl"),
        phone: text("+31 20 123 45 67"),
        website: None,
        vat_number: text("NL 8536.39.814.B01"),
        billing_address: street("Keizersgracht 1", "Nederland"),
        shipping_address: street("Haven 9", "NL"),
        currency: Currency::from_code("EUR"),
        billing_customer: None,
        is_marked: false,
        is_active: true,
        merged_into: None,
        owner: None,
        modified_at: None,
    }
}

/// As billing has the account once everything of it was written.
fn in_step() -> BillingCustomer {
    BillingCustomer {
        id: "c".to_owned(),
        company: text("Boomgaard B.V."),
        email: text("Info@boomgaard.nl"),
        phone: text("+31201234567"),
        vat_number: text("NL853639814B01"),
        billing_address: street("Keizersgracht 1", "NL"),
        ..BillingCustomer::default()
    }
}

fn bounded<const MAX: usize>(text: &str) -> Bounded<MAX> {
    Bounded::new(text).unwrap().unwrap()
}

fn plan(account: &CrmAccount, customer: &BillingCustomer) -> CustomerPlan {
    plan_customer(account, customer, &FieldOwners::default(), &LastSeen::new())
}

#[test]
fn another_spelling_is_no_change() {
    assert_eq!(plan(&account(), &in_step()), CustomerPlan::default());
}

#[test]
fn a_street_is_written_with_the_person_that_billing_keeps() {
    let mut customer = in_step();
    customer.billing_address = Some(Address { first_name: text("Eline"), ..street("Oude Gracht 4", "NL").unwrap() });
    let changes = plan(&account(), &customer).changes;
    let expected = BillingAddress {
        first_name: Some(bounded("Eline")),
        line1: Some(bounded("Keizersgracht 1")),
        postcode: Some(bounded("1015 CJ")),
        city: Some(bounded("Amsterdam")),
        country: Some(bounded("NL")),
        ..BillingAddress::default()
    };
    assert_eq!(changes, CustomerChanges { billing_address: Change::Set(expected), ..CustomerChanges::default() });
}

#[rstest]
#[case::at_home("NL853639814B01", "NL", "853639814B01", None)]
#[case::of_another_country("DE811569869", "NL", "DE811569869", None)]
#[case::northern_ireland("XI110305878", "Northern Ireland", "110305878", Some("XI"))]
#[case::british_in_northern_ireland("GB110305878", "XI", "110305878", Some("GB"))]
#[case::of_a_country_whose_numbers_are_unknown("12-3456789", "US", "12-3456789", None)]
fn a_vat_number_goes_as_billing_spells_it(
    #[case] typed: &str,
    #[case] country: &str,
    #[case] number: &str,
    #[case] prefix: Option<&str>,
) {
    let account = CrmAccount { vat_number: text(typed), billing_address: street("Straat 1", country), ..account() };
    let plan = plan(&account, &BillingCustomer::default());
    let written = WrittenVatNumber { number: bounded(number), prefix: prefix.map(bounded) };
    assert_eq!((plan.changes.vat_number, plan.problems), (Change::Set(written), vec![]));
}

#[rstest]
#[case::vat(|account: &mut CrmAccount| account.vat_number = text("NL123456789B01"), CustomerField::VatNumber, "cannot be one")]
#[case::email(|account: &mut CrmAccount| account.email = text("nobody"), CustomerField::Email, "is none that billing takes")]
#[case::long_email(|account: &mut CrmAccount| account.email = text(&format!("{}@b.nl", "x".repeat(80))), CustomerField::Email, "has 85 characters, and billing takes 70")]
#[case::country(|account: &mut CrmAccount| account.billing_address = street("Straat 1", "Atlantis"), CustomerField::BillingAddress, "\"Atlantis\"")]
#[case::long_street(|account: &mut CrmAccount| account.billing_address = street(&"x".repeat(151), "NL"), CustomerField::BillingAddress, "line 1 has 151")]
fn what_billing_cannot_take_is_told_and_left_out(
    #[case] spoil: fn(&mut CrmAccount),
    #[case] field: CustomerField,
    #[case] why: &str,
) {
    let mut account = CrmAccount { phone: text("+31 20 9"), ..account() };
    spoil(&mut account);
    let plan = plan(&account, &in_step());
    let [problem] = plan.problems.as_slice() else { panic!("{:?}", plan.problems) };
    assert_eq!(problem.field, field);
    assert!(problem.message.contains("Boomgaard B.V.") && problem.message.contains(why), "{}", problem.message);
    assert!(problem.remedy.contains("Boomgaard B.V."));
    let others = CustomerChanges { phone: Change::Set(bounded("+31 20 9")), ..CustomerChanges::default() };
    assert_eq!(plan.changes, others, "the other fields go");
}

/// What both said before, what each says now, and what becomes of it.
#[rstest]
#[case::crm_changed(Side::Crm, Some(("a", "a")), Some("b"), Some("a"), What::Set, None)]
#[case::billing_changed(Side::Crm, Some(("a", "a")), Some("a"), Some("b"), What::Set, Some(Side::Crm))]
#[case::both_changed(Side::Crm, Some(("a", "a")), Some("b"), Some("c"), What::Set, Some(Side::Crm))]
#[case::both_the_same(Side::Crm, Some(("a", "a")), Some("b"), Some("b"), What::Keep, None)]
#[case::billing_made_something_else_of_it(Side::Crm, Some(("a", "A.")), Some("a"), Some("A."), What::Keep, None)]
#[case::cleared_in_the_crm(Side::Crm, Some(("a", "a")), None, Some("a"), What::Clear, None)]
#[case::never_known_in_the_crm(Side::Crm, None, None, Some("a"), What::Keep, None)]
#[case::first_meeting(Side::Crm, None, Some("a"), Some("b"), What::Set, Some(Side::Crm))]
#[case::first_value(Side::Crm, None, Some("a"), None, What::Set, None)]
#[case::billings_own_changed_there(Side::Billing, Some(("a", "a")), Some("a"), Some("b"), What::Keep, None)]
#[case::billings_own_changed_in_the_crm(Side::Billing, Some(("a", "a")), Some("b"), Some("a"), What::Keep, Some(Side::Billing))]
#[case::billings_own_first_meeting(Side::Billing, None, Some("a"), Some("b"), What::Keep, Some(Side::Billing))]
#[case::billings_own_unknown_in_the_crm(Side::Billing, None, None, Some("b"), What::Keep, None)]
fn one_side_owns_a_field_and_conflicts_are_told(
    #[case] owner: Side,
    #[case] last: Option<(&str, &str)>,
    #[case] crm: Option<&str>,
    #[case] billing: Option<&str>,
    #[case] what: What,
    #[case] conflict: Option<Side>,
) {
    let last = last.map(|(crm, billing)| Seen { crm: Some(digest(crm)), billing: Some(digest(billing)) });
    let verdict = decide(owner, crm, billing, last.as_ref());
    assert_eq!((verdict.what, verdict.conflict), (what, conflict));
}

#[test]
fn a_conflict_names_the_field_and_never_the_value_i9() {
    let mut customer = in_step();
    customer.email = text("secret@elsewhere.nl");
    let last = seen(&account(), &in_step());
    let plan = plan_customer(&account(), &customer, &FieldOwners::default(), &last);
    let [conflict] = plan.conflicts.as_slice() else { panic!("{:?}", plan.conflicts) };
    assert_eq!((conflict.field, conflict.winner), (CustomerField::Email, Side::Crm));
    assert!(conflict.message.contains("e-mail address of account Boomgaard B.V."), "{}", conflict.message);
    assert!(!conflict.message.contains('@'));
}

#[rstest]
#[case(CreatePolicy::All, false, false, true)]
#[case(CreatePolicy::WonQuote, false, true, false)]
#[case(CreatePolicy::WonQuote, true, false, true)]
#[case(CreatePolicy::Marked, true, false, false)]
#[case(CreatePolicy::Marked, false, true, true)]
fn the_policy_says_who_becomes_a_customer(
    #[case] policy: CreatePolicy,
    #[case] has_won_quote: bool,
    #[case] is_marked: bool,
    #[case] is_made: bool,
) {
    let account = CrmAccount { is_marked, ..account() };
    let wish = Wish { account: &account, policy, has_won_quote, candidates: &[], business_entity: Some("wolkwerk-de") };
    let made = new_customer(&wish).unwrap();
    assert_eq!(made.is_some(), is_made);
    if let Some((new, problems)) = made {
        assert_eq!((new.id.as_str(), problems.len()), (account.id.to_string().as_str(), 0));
        assert_eq!(new.business_entity, Some(bounded("wolkwerk-de")));
        assert_eq!(new.fields.name, Change::Set(bounded("Boomgaard B.V.")));
        let Change::Set(address) = new.fields.billing_address else { panic!("it has an address") };
        assert_eq!(address.company, Some(bounded("Boomgaard B.V.")));
    }
}

#[test]
fn nothing_is_made_beside_a_customer_that_may_be_the_account() {
    let candidates = ["c2".to_owned(), "c1".to_owned()];
    let own = account();
    let wish = Wish {
        account: &own,
        policy: CreatePolicy::All,
        has_won_quote: false,
        candidates: &candidates,
        business_entity: None,
    };
    let hold = new_customer(&wish).unwrap_err();
    assert_eq!(hold.reason, HoldReason::CustomerAmbiguous);
    assert!(hold.message.contains("customer c1 or c2"), "{}", hold.message);
    let inactive = CrmAccount { is_active: false, ..account() };
    assert_eq!(new_customer(&Wish { account: &inactive, candidates: &[], ..wish }).unwrap(), None);
}

#[test]
fn a_shipping_address_goes_to_each_subscription_that_has_another_c28() {
    let standing = |subscription: &str, address| StandingAddress { subscription: subscription.to_owned(), address };
    let all = [standing("s1", None), standing("s2", street("Haven 9", "nl")), standing("s3", street("Elders 1", "BE"))];
    let plan = plan_shipping(&account(), &all, Side::Crm, &BTreeMap::new());
    assert_eq!(plan.writes.keys().collect::<Vec<_>>(), ["s1", "s3"]);
    assert_eq!(plan.writes["s1"].line1, Some(bounded("Haven 9")));
    assert_eq!(plan.conflicts.len(), 1, "s3 was sent elsewhere");
    let written = [standing("s1", street("HAVEN 9", "NL")), standing("s3", street("Haven 9 ", "NL"))];
    let again = plan_shipping(&account(), &written, Side::Crm, &plan.seen);
    assert_eq!((again.writes.len(), again.conflicts.len()), (0, 0), "billing's spelling of our own words is no news");
    let owned = plan_shipping(&account(), &all, Side::Billing, &BTreeMap::new());
    assert!(owned.writes.is_empty() && owned.conflicts.len() == 1);
}

/// Billing as it answers a write, spelling some things in its own way.
fn carried_out(mut customer: BillingCustomer, changes: &CustomerChanges, shouts: bool) -> BillingCustomer {
    fn apply<T>(slot: &mut Option<String>, change: &Change<T>, spell: impl Fn(&T) -> String) {
        match change {
            Change::Keep => {}
            Change::Set(value) => *slot = Some(spell(value)),
            Change::Clear => *slot = None,
        }
    }
    let spelt = |text: &str| if shouts { text.to_uppercase() } else { text.to_owned() };
    apply(&mut customer.company, &changes.name, |name| spelt(name.as_str()));
    apply(&mut customer.email, &changes.email, |email| email.as_str().to_owned());
    apply(&mut customer.phone, &changes.phone, |phone| phone.as_str().to_owned());
    customer
}

fn names() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(vec!["Acme", "Boom", "Cirkel"])).prop_map(|name| name.map(str::to_owned))
}

proptest! {
    /// I4: whatever both sides do, once a plan is carried out the next one is empty, however billing spells things.
    #[test]
    fn twenty_rounds_bring_nothing_new_after_the_second(
        before in (names(), names()), after in (names(), names()), shouts in any::<bool>(), billing_owns in any::<bool>(),
    ) {
        let side = if billing_owns { Side::Billing } else { Side::Crm };
        let owners = FieldOwners(CustomerField::ALL.into_iter().map(|field| (field, side)).collect());
        let account = |name: &Option<String>, phone: &Option<String>| CrmAccount {
            name: name.clone().unwrap_or_default(),
            phone: phone.clone(),
            email: None,
            vat_number: None,
            billing_address: None,
            ..account()
        };
        let mut customer = BillingCustomer { company: before.1.clone(), phone: after.1.clone(), ..Default::default() };
        let mut last = LastSeen::new();
        for round in 0..20 {
            let account = if round == 0 { account(&before.0, &after.0) } else { account(&after.0, &before.0) };
            if round == 1 {
                customer.company = after.1.clone();
            }
            let plan = plan_customer(&account, &customer, &owners, &last);
            prop_assert!(round < 2 || plan.changes.is_empty() && plan.conflicts.is_empty(), "{:?}", plan);
            customer = carried_out(customer, &plan.changes, shouts);
            last = seen(&account, &customer);
            if billing_owns {
                prop_assert!(plan.changes.is_empty());
            }
        }
    }
}
