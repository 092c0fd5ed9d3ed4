//! Journal and currency: whether the sales journal takes the document's currency, and which rate is stated.

use rust_decimal::Decimal;

use super::case::Case;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::master::{Journal, JournalKind};

/// The rate to state on the entry, if any; a hold where the journal cannot take the document.
pub(super) fn rate(case: &Case<'_>) -> Result<Option<Decimal>, Hold> {
    let journal = journal(case)?;
    let currency = case.invoice.currency;
    let books = case.master().currency;
    let own = journal.currency.or(books);
    if own != Some(currency) && !journal.allows_other_currencies {
        let (code, division) = (&journal.code, case.division());
        let takes = own.map_or_else(|| "its own".to_owned(), |own| own.to_string());
        let message = format!("journal {code} takes {takes} only, the invoice is in {currency}");
        let remedy = format!(
            "allow variable currencies in journal {code} in Exact Online, {division}, or change spec.exactOnline.salesJournal of {}",
            case.mapping()
        );
        return Err(case.hold(HoldReason::CurrencyNotAllowed, message, remedy));
    }
    let is_foreign = books.is_some_and(|books| books != currency);
    Ok(billing_rate(case).filter(|_| is_foreign && journal.allows_rate))
}

/// Billing's own rate, where the rulebook wants it stated and it converts into the currency of the books.
fn billing_rate(case: &Case<'_>) -> Option<Decimal> {
    let books = case.master().currency?;
    let is_into_books =
        case.invoice.base_currency.as_deref().is_some_and(|base| base.eq_ignore_ascii_case(books.code()));
    let rate = case.invoice.exchange_rate.filter(|rate| *rate > Decimal::ZERO)?;
    (case.rules().send_exchange_rate && is_into_books).then(|| rate.normalize())
}

fn journal<'a>(case: &'a Case<'_>) -> Result<&'a Journal, Hold> {
    let wanted = &case.rules().sales_journal;
    let division = case.division();
    let problem = match case.master().journals.get(wanted) {
        None => "does not exist",
        Some(journal) if journal.blocked => "is blocked",
        Some(journal) if journal.kind != JournalKind::Sales => "is not a sales journal",
        Some(journal) => return Ok(journal),
    };
    let setting = format!("spec.exactOnline.salesJournal of {}", case.mapping());
    let message = format!("journal {wanted} of {setting} {problem} in {division}");
    Err(case.hold(HoldReason::RejectedByTarget, message, format!("change {setting} to an open sales journal")))
}
