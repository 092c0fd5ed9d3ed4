//! A transaction's way to its entry.

use jiff::Timestamp;
use jiff::civil::Date;

use super::context::{MoneyDocument, Original, PaymentContext, PlannedMoney};
use super::fee::fee;
use super::journal::{self, Holder, Place};
use super::lines;
use crate::accounting::periods::Wanted;
use crate::accounting::text::{DESCRIPTION_LENGTH, cut};
use crate::domain::calendar::business_date;
use crate::domain::entry::AccountRef;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::money_entry::{FEE, MoneyEntry, MoneyLine, MoneyOrigin};

/// The entry of `document`, or the reason to hold it. Its lines but the fee add up to the transaction's amount to the cent
/// (I2); it is never in a closed or missing period of its journal (I3); and it is the same whatever the order of rules and
/// applications (I8).
///
/// # Errors
/// The hold.
pub fn book(document: &MoneyDocument<'_>, context: &PaymentContext<'_>) -> Result<PlannedMoney, Hold> {
    let words = document.words();
    let holder = Holder { context, words: &words };
    let transaction = document.transaction();
    check_amount(&holder, document)?;
    let date = date(&holder, context, document)?;
    let place = place(&holder, context, document)?;
    let rate = journal::rate(&holder, &place, transaction)?;
    let lines = lines::of(&holder, context, document)?;
    let wanted = Wanted {
        master: context.master,
        connection: &context.rulebook.connection,
        journal: &place.journal.code,
        policy: context.rulebook.policies.closed_period,
        day: date,
    };
    let placement = wanted.place().map_err(|(reason, problem, remedy)| holder.hold(reason, problem, remedy))?;
    let mut entry = MoneyEntry {
        act: document.act(),
        direction: document.direction(),
        form: place.form,
        journal: place.journal.code.clone(),
        transaction: transaction.id.clone(),
        date,
        reporting: placement.period.key,
        currency: transaction.currency,
        rate,
        control: place.control.clone(),
        has_control_line: place.has_control_line,
        lines,
    };
    entry.lines.extend(fee_line(&holder, document, &place)?);
    Ok(PlannedMoney { entry, chosen_by: place.chosen_by, moved_from: placement.moved_from })
}

fn check_amount(holder: &Holder<'_>, document: &MoneyDocument<'_>) -> Result<(), Hold> {
    let transaction = document.transaction();
    if transaction.amount.is_bookable() && transaction.amount.0 > 0 {
        return Ok(());
    }
    let problem = format!(
        "its amount is {}, which cannot be booked to the cent",
        transaction.amount.display(transaction.currency)
    );
    let remedy = format!("look at transaction {} in Chargebee", cut(&transaction.id, 50));
    Err(holder.hold(HoldReason::AmountMismatch, problem, remedy))
}

/// What is undone is dated by when that was.
fn date(holder: &Holder<'_>, context: &PaymentContext<'_>, document: &MoneyDocument<'_>) -> Result<Date, Hold> {
    let instant: Option<Timestamp> = match document {
        MoneyDocument::Undoing { undone, .. } => undone.undone_at(),
        _ => document.transaction().date,
    };
    let undated = || {
        let id = cut(&document.transaction().id, 50);
        let remedy = format!("set the date of transaction {id} in Chargebee");
        holder.hold(HoldReason::MissingFinancialPeriod, "it has no date, so no financial period can be told", remedy)
    };
    Ok(business_date(instant.ok_or_else(undated)?, &context.rulebook.time_zone))
}

fn place<'a>(
    holder: &Holder<'_>,
    context: &PaymentContext<'a>,
    document: &MoneyDocument<'_>,
) -> Result<Place<'a>, Hold> {
    match document {
        MoneyDocument::Payment(payment) => journal::of_rules(holder, context, payment),
        MoneyDocument::Refund { refund, by_way_of } => journal::of_rules(holder, context, by_way_of.unwrap_or(refund)),
        MoneyDocument::Undoing { original, .. } | MoneyDocument::Reversal { original, .. } => match original {
            Original::Booked(entry) => journal::as_booked(holder, context, entry),
            Original::Row(row) => journal::of_rules(holder, context, row),
        },
    }
}

/// The fee comes off what was received, and is not given back with it.
fn fee_line(holder: &Holder<'_>, document: &MoneyDocument<'_>, place: &Place<'_>) -> Result<Option<MoneyLine>, Hold> {
    let (MoneyDocument::Payment(payment), Some(rule)) = (document, place.fee) else { return Ok(None) };
    let refuse = |problem: String| {
        let remedy = format!("change fee in {}", place.chosen_by);
        holder.hold(HoldReason::RejectedByTarget, problem, remedy)
    };
    let amount = fee(rule, payment.amount, payment.currency)
        .ok_or_else(|| refuse(format!("its fee by {} is no whole number of minor units", place.chosen_by)))?;
    let account = holder.context.master.accounts.get(&rule.account).filter(|account| !account.blocked);
    let account = account.ok_or_else(|| {
        refuse(format!("account {} of its fee does not exist or is blocked in {}", rule.account, holder.division()))
    })?;
    let line = MoneyLine {
        origin: MoneyOrigin::Fee,
        document: None,
        account: AccountRef { id: account.id, code: account.code.clone() },
        customer: None,
        our_ref: None,
        amount: -amount,
        description: cut(&format!("{} {FEE}", payment.id), DESCRIPTION_LENGTH),
    };
    Ok(Some(line).filter(|line| !line.amount.is_zero()))
}
