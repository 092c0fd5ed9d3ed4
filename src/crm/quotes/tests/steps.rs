//! What is done next, from both sides as they stand.

use jiff::civil::date;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::domain::offer::{BillingQuoteLine, QuoteKind, QuoteLine};

fn team() -> Vec<CrmQuoteLine> {
    vec![line(1, Some("TEAM"), "3", "49.50")]
}

/// A quote in billing as a draft makes it.
fn as_drafted(draft: &QuoteDraft, id: &str, status: BillingQuoteStatus) -> BillingQuote {
    let shown = |line: &QuoteLine| match line {
        QuoteLine::Item { item_price, quantity, unit_price } => BillingQuoteLine {
            item_price: Some(item_price.clone()),
            description: Some("Team".to_owned()),
            quantity: i64::from(*quantity),
            unit_amount: unit_price.unwrap_or_default(),
        },
        QuoteLine::Adhoc { description, amount } => BillingQuoteLine {
            item_price: None,
            description: Some(description.as_str().to_owned()),
            quantity: 1,
            unit_amount: *amount,
        },
    };
    let lines: Vec<_> = draft.lines.iter().map(shown).collect();
    let gross: i64 = lines.iter().map(|line| line.unit_amount.0 * line.quantity).sum();
    let off: i64 = draft.discounts.iter().map(|discount| discount.amount.0).sum();
    BillingQuote {
        id: id.to_owned(),
        name: Some(draft.name.as_str().to_owned()),
        customer: draft.customer.clone(),
        status,
        kind: Some(draft.kind),
        currency: Some(draft.currency),
        valid_till: draft.expires_at.or("2027-04-15T00:00:00Z".parse().ok()),
        sub_total: Some(Amount(gross - off)),
        lines,
        made_at: None,
    }
}

fn standing(of: &CrmQuote, status: BillingQuoteStatus) -> BillingQuote {
    as_drafted(&in_context(|context| draft(of, context)).unwrap(), "8", status)
}

fn step(quote: &CrmQuote, standing: &[BillingQuote]) -> Result<QuoteStep, Hold> {
    in_context(|context| next_step(quote, standing, context))
}

/// A word for a step, so that a table can be read.
fn word(step: Result<QuoteStep, Hold>) -> String {
    match step {
        Ok(QuoteStep::Create(_)) => "create".to_owned(),
        Ok(QuoteStep::Edit { .. }) => "edit".to_owned(),
        Ok(QuoteStep::Extend { .. }) => "extend".to_owned(),
        Ok(QuoteStep::Accept { .. }) => "accept".to_owned(),
        Ok(QuoteStep::Decline { .. }) => "decline".to_owned(),
        Ok(QuoteStep::Close { .. }) => "close".to_owned(),
        Ok(QuoteStep::Nothing(why)) => format!("{why:?}"),
        Err(hold) => hold.reason.to_string(),
    }
}

use BillingQuoteStatus::{Accepted, Closed, Declined, InApproval, Invoiced, Open};
use CrmQuoteState::{Active, Canceled, Draft, Lost, Revised, Won};

#[rstest]
#[case(Draft, None, "NotSent")]
#[case(Draft, Some(Open), "close")]
#[case(Draft, Some(Accepted), "NotSent")]
#[case(Revised, Some(Open), "close")]
#[case(Revised, Some(Closed), "NotSent")]
#[case(Active, None, "create")]
#[case(Active, Some(Open), "InStep")]
#[case(Active, Some(Accepted), "InStep")]
#[case(Active, Some(Invoiced), "InStep")]
#[case(Active, Some(Declined), "EndedInBilling")]
#[case(Active, Some(Closed), "EndedInBilling")]
#[case(Active, Some(InApproval), "InApproval")]
#[case(Won, None, "create")]
#[case(Won, Some(Open), "accept")]
#[case(Won, Some(Accepted), "InStep")]
#[case(Won, Some(Invoiced), "InStep")]
#[case(Won, Some(Declined), "create")]
#[case(Won, Some(Closed), "create")]
#[case(Won, Some(InApproval), "InApproval")]
#[case(Lost, None, "InStep")]
#[case(Lost, Some(Open), "decline")]
#[case(Lost, Some(Accepted), "decline")]
#[case(Lost, Some(Invoiced), "QuoteNotRepresentable")]
#[case(Lost, Some(Declined), "InStep")]
#[case(Canceled, Some(Open), "close")]
#[case(Canceled, Some(Closed), "InStep")]
fn both_states_say_what_is_done_next_c29(
    #[case] state: CrmQuoteState,
    #[case] status: Option<BillingQuoteStatus>,
    #[case] expected: &str,
) {
    let own = quote(state, team());
    let standing: Vec<_> = status.map(|status| standing(&own, status)).into_iter().collect();
    assert_eq!(word(step(&own, &standing)), expected);
}

/// What was quoted before, what is quoted now, and what is done about it.
#[rstest]
#[case::another_price(Active, Open, |quote: &mut CrmQuote| quote.lines[0].unit_price = decimal("45.00"), "edit")]
#[case::another_quantity(Won, Open, |quote: &mut CrmQuote| quote.lines[0].quantity = decimal("4"), "edit")]
#[case::a_discount_on_the_whole(Won, Open, |quote: &mut CrmQuote| quote.discount_amount = Some(decimal("1")), "edit")]
#[case::one_more_line(Active, Open, |quote: &mut CrmQuote| quote.lines.push(line(2, Some("SEATS"), "1", "7.25")), "edit")]
#[case::charges_instead(Active, Open, |quote: &mut CrmQuote| quote.lines = vec![line(1, Some("onboarding-eur"), "1", "1.00")], "close")]
#[case::accepted_as_it_was(Won, Accepted, |quote: &mut CrmQuote| quote.lines[0].quantity = decimal("4"), "QuoteNotRepresentable")]
#[case::more_time(Active, Open, |quote: &mut CrmQuote| quote.valid_to = Some(date(2027, 3, 1)), "extend")]
#[case::won_needs_no_time(Won, Open, |quote: &mut CrmQuote| quote.valid_to = Some(date(2027, 3, 1)), "accept")]
#[case::over(Active, Open, |quote: &mut CrmQuote| quote.valid_to = Some(date(2027, 1, 4)), "close")]
#[case::over_and_closed(Active, Closed, |quote: &mut CrmQuote| quote.valid_to = Some(date(2027, 1, 4)), "Expired")]
#[case::a_new_revision_of_a_closed_one(Active, Closed, |quote: &mut CrmQuote| quote.revision = 1, "create")]
#[case::a_new_revision_of_an_open_one(Active, Open, |quote: &mut CrmQuote| { quote.revision = 1; quote.lines[0].quantity = decimal("9"); }, "edit")]
fn what_has_changed_is_brought_over_or_told(
    #[case] state: CrmQuoteState,
    #[case] status: BillingQuoteStatus,
    #[case] change: fn(&mut CrmQuote),
    #[case] expected: &str,
) {
    let before = quote(state, team());
    let mut now = before.clone();
    change(&mut now);
    assert_eq!(word(step(&now, &[standing(&before, status)])), expected);
}

#[test]
fn time_that_ran_out_is_given_again_and_one_that_never_was_sent_stays_so() {
    let own = quote(Active, team());
    let mut ran_out = standing(&own, Closed);
    ran_out.valid_till = "2027-01-04T00:00:00Z".parse().ok();
    assert_eq!(word(step(&own, &[ran_out])), "create");
    let over = CrmQuote { valid_to: Some(date(2027, 1, 4)), ..own.clone() };
    assert_eq!(word(step(&over, &[])), "Expired");
    let mut open = standing(&own, Open);
    open.valid_till = "2027-01-05T00:00:00Z".parse().ok();
    assert_eq!(word(step(&over, &[open])), "Expired", "billing closes it by itself");
    let won = CrmQuote { state: Won, ..over };
    assert_eq!(word(step(&won, &[])), "create", "what was won in time holds");
}

#[test]
fn of_several_the_one_that_can_still_become_something_counts() {
    let own = quote(Won, team());
    let closed = BillingQuote { id: "9".to_owned(), ..standing(&own, Closed) };
    let foreign = BillingQuote { name: Some("Somebody's own".to_owned()), ..standing(&own, Open) };
    let open = BillingQuote { id: "5".to_owned(), ..standing(&own, Open) };
    assert_eq!(
        step(&own, &[closed.clone(), foreign.clone(), open]).unwrap(),
        QuoteStep::Accept { quote: "5".to_owned() }
    );
    assert_eq!(word(step(&own, &[foreign, closed])), "create");
}

#[test]
fn a_step_has_one_key_while_billing_stands_as_it_does_and_another_then() {
    let own = quote(Won, team());
    let reference = QuoteReference::of(ORGANIZATION, &own.number);
    let closed = [standing(&own, Closed)];
    let create = step(&own, &[]).unwrap();
    let key = create.key(&reference, &[]);
    assert_eq!(key, step(&own, &[]).unwrap().key(&reference, &[]));
    assert!(key.len() <= 100 && key.starts_with("koppel-quote-"), "{key}");
    let again = step(&own, &closed).unwrap();
    assert_eq!(again, create, "the same is made once more");
    assert_ne!(again.key(&reference, &closed), key);
    let foreign = [BillingQuote { name: Some("Somebody's own".to_owned()), ..standing(&own, Open) }];
    assert_eq!(create.key(&reference, &foreign), key);
}

#[test]
fn the_latest_revision_of_a_number_counts() {
    let first = CrmQuote { id: Uuid::from_u128(5), ..quote(Revised, team()) };
    let second = CrmQuote { id: Uuid::from_u128(4), revision: 1, ..quote(Active, team()) };
    for quotes in [[&first, &second], [&second, &first]] {
        assert_eq!(latest_revisions(quotes)["QUO-01042"].revision, 1);
    }
}

/// Billing carries a step out.
fn carry_out(step: QuoteStep, billing: &mut Vec<BillingQuote>) {
    let mut set =
        |id: &str, change: &dyn Fn(&mut BillingQuote)| billing.iter_mut().filter(|own| own.id == id).for_each(change);
    match step {
        QuoteStep::Create(draft) => {
            let id = (billing.len() + 1).to_string();
            billing.push(as_drafted(&draft, &id, Open));
        }
        QuoteStep::Edit { quote, draft } => set(&quote, &|own| {
            *own = BillingQuote { name: own.name.clone(), ..as_drafted(&draft, &own.id, Open) };
        }),
        QuoteStep::Extend { quote, until } => set(&quote, &|own| own.valid_till = Some(until)),
        QuoteStep::Accept { quote } => set(&quote, &|own| own.status = Accepted),
        QuoteStep::Decline { quote } => set(&quote, &|own| own.status = Declined),
        QuoteStep::Close { quote } => set(&quote, &|own| own.status = Closed),
        QuoteStep::Nothing(_) => {}
    }
}

proptest! {
    /// Whatever sales does in turn, three steps bring billing there and the fourth is nothing; a quote that was won stands
    /// accepted exactly once.
    #[test]
    fn it_comes_to_rest_after_each_change_and_nothing_is_accepted_twice(
        turns in prop::collection::vec((prop::sample::select(vec![Active, Draft, Lost, Canceled]), 1..5_u32, any::<bool>()), 0..5),
    ) {
        let mut billing = Vec::new();
        let mut own = quote(Draft, team());
        for (state, quantity, is_revised) in turns {
            own.revision += i32::from(is_revised);
            own.lines[0].quantity = Decimal::from(quantity);
            own.state = state;
            for _ in 0..3 {
                carry_out(step(&own, &billing).unwrap(), &mut billing);
            }
            prop_assert!(matches!(step(&own, &billing).unwrap(), QuoteStep::Nothing(_)));
            prop_assert!(billing.iter().filter(|quote| quote.status == Open).count() <= 1);
        }
        own.state = Won;
        for _ in 0..3 {
            carry_out(step(&own, &billing).unwrap(), &mut billing);
        }
        prop_assert_eq!(step(&own, &billing).unwrap(), QuoteStep::Nothing(Settled::InStep));
        let accepted: Vec<_> = billing.iter().filter(|quote| quote.status == Accepted).collect();
        prop_assert_eq!(accepted.len(), 1);
        prop_assert_eq!(accepted[0].lines[0].quantity, i64::try_from(own.lines[0].quantity).unwrap());
        prop_assert_eq!(accepted[0].kind, Some(QuoteKind::NewSubscription));
    }
}
