//! Subscriptions: when they will bill next (N2).

use jiff::Timestamp;

use super::super::wire::SubscriptionRow;
use super::subject::{Subject, instant_or_none, small};
use super::{FromChargebee, parse};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{BillingUnit, SubscriptionTerm};

impl FromChargebee for SubscriptionTerm {
    const NOUN: &'static str = "subscription";
    /// Without it the periods that its next terms need cannot be foretold.
    const UNREADABLE: HoldReason = HoldReason::MissingFinancialPeriod;

    fn from_json(id: &str, json: &str) -> Result<Self, Hold> {
        let row: SubscriptionRow = parse(&Subject { noun: Self::NOUN, id, unreadable: Self::UNREADABLE }, json)?;
        Ok(Self {
            renews: renews(&row),
            next_billing_at: next_billing(&row),
            billing_period: small(&row.billing_period).filter(|period| *period > 0).unwrap_or(1),
            billing_unit: unit(row.billing_period_unit.as_deref()),
            deleted: row.deleted.0,
            updated_at: instant_or_none(&row.updated_at),
            id: row.id.or(id),
        })
    }
}

/// Whether another term follows: not once a cancellation stands or the last cycle runs, nor while it is paused with no
/// day on which it resumes. A status that is not known renews: a warning too early is the smaller harm.
fn renews(row: &SubscriptionRow) -> bool {
    let ends = !row.cancelled_at.is_absent() || small(&row.remaining_billing_cycles) == Some(0);
    match row.status.as_deref() {
        Some("non_renewing" | "cancelled" | "transferred") => false,
        Some("paused") => !row.resume_date.is_absent() && !ends,
        _ => !ends,
    }
}

fn next_billing(row: &SubscriptionRow) -> Option<Timestamp> {
    let stated = instant_or_none(&row.next_billing_at);
    match row.status.as_deref() {
        Some("paused") => instant_or_none(&row.resume_date).or(stated),
        Some("future") => stated.or_else(|| instant_or_none(&row.start_date)),
        Some("in_trial") => stated.or_else(|| instant_or_none(&row.trial_end)),
        _ => stated.or_else(|| instant_or_none(&row.current_term_end)),
    }
}

fn unit(text: Option<&str>) -> BillingUnit {
    match text {
        Some("day") => BillingUnit::Day,
        Some("week") => BillingUnit::Week,
        Some("year") => BillingUnit::Year,
        _ => BillingUnit::Month,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"status":"active","next_billing_at":1615310120}"#, true, Some(1_615_310_120))]
    #[case(
        r#"{"status":"active","next_billing_at":1615310120,"remaining_billing_cycles":1}"#,
        true,
        Some(1_615_310_120)
    )]
    #[case(
        r#"{"status":"active","current_term_end":1615310120,"remaining_billing_cycles":0}"#,
        false,
        Some(1_615_310_120)
    )]
    #[case(r#"{"status":"future","start_date":1615310120}"#, true, Some(1_615_310_120))]
    #[case(r#"{"status":"in_trial","trial_end":1615310120}"#, true, Some(1_615_310_120))]
    #[case(r#"{"status":"in_trial","trial_end":1615310120,"cancelled_at":1615310120}"#, false, Some(1_615_310_120))]
    #[case(r#"{"status":"non_renewing","current_term_end":1615310120}"#, false, Some(1_615_310_120))]
    #[case(r#"{"status":"cancelled"}"#, false, None)]
    #[case(r#"{"status":"paused"}"#, false, None)]
    #[case(r#"{"status":"paused","resume_date":1615310120}"#, true, Some(1_615_310_120))]
    #[case(r#"{"status":"hibernating","next_billing_at":1615310120}"#, true, Some(1_615_310_120))]
    #[case(r#"{"status":"transferred"}"#, false, None)]
    fn what_bills_next_n2(#[case] json: &str, #[case] renews: bool, #[case] next: Option<i64>) {
        let term = SubscriptionTerm::from_json("s", json).unwrap();
        assert_eq!((term.renews, term.next_billing_at.map(Timestamp::as_second)), (renews, next), "{json}");
    }

    #[test]
    fn the_period_is_the_stated_one_else_a_month() {
        let json = r#"{"status":"active","billing_period":2,"billing_period_unit":"year"}"#;
        let term = SubscriptionTerm::from_json("s", json).unwrap();
        assert_eq!((term.billing_period, term.billing_unit), (2, BillingUnit::Year));
        let bare = SubscriptionTerm::from_json("s", "{}").unwrap();
        assert_eq!((bare.billing_period, bare.billing_unit), (1, BillingUnit::Month));
    }
}
