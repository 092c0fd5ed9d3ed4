//! Journal and currency: whether the sales journal takes the document's currency, and which rate is stated.

use rust_decimal::{Decimal, RoundingStrategy};

use super::case::Case;
use super::context::Conversion;
use super::quoted_rate::{Other, Quoted};
use crate::domain::entry::EntryLine;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::master::{Journal, JournalKind};
use crate::domain::money::{Amount, Currency};

/// The rate to state on an entry in another currency than the books', if any, and why it is that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChosenRate {
    pub rate: Option<Decimal>,
    books: Currency,
    why: String,
}

/// The rate of a document in a foreign currency, none of one in the books' own; a hold where the journal cannot take it.
pub(super) fn rate(case: &Case<'_>) -> Result<Option<ChosenRate>, Hold> {
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
    let foreign = books.filter(|books| *books != currency);
    Ok(foreign.map(|books| chosen(case, journal, books)))
}

/// The rate of an entry that gives back what another has booked: its own, or again the books' where it stated none.
pub(super) fn as_booked(case: &Case<'_>, rate: Option<Decimal>) -> Option<ChosenRate> {
    let books = case.master().currency.filter(|books| *books != case.invoice.currency)?;
    let why = match rate {
        Some(_) => "the rate of the entry that it gives back".to_owned(),
        None => "Exact Online's own rate of the day: the entry that it gives back states none".to_owned(),
    };
    Some(ChosenRate { rate, books, why })
}

fn chosen(case: &Case<'_>, journal: &Journal, books: Currency) -> ChosenRate {
    let left =
        |why: String| ChosenRate { rate: None, books, why: format!("Exact Online's own rate of the day: {why}") };
    if !case.rules().send_exchange_rate {
        return left(format!("spec.exactOnline.sendExchangeRate of {} is false", case.mapping()));
    }
    if !journal.allows_rate {
        return left(format!("journal {} allows no other", journal.code));
    }
    match of_document(case, books) {
        Ok((rate, why)) => ChosenRate { rate: Some(rate.normalize()), books, why },
        Err(why) => left(why),
    }
}

/// What one unit of the document's currency is worth in the books', as the document says it.
fn of_document(case: &Case<'_>, books: Currency) -> Result<(Decimal, String), String> {
    let invoice = case.invoice;
    let stated = invoice.stated_rates.iter().find(|rate| rate.currency.eq_ignore_ascii_case(books.code()));
    let quoted = Quoted {
        noun: "invoice",
        base_currency: invoice.base_currency.as_deref(),
        exchange_rate: invoice.exchange_rate,
        other: stated.map_or(Other::None, |rate| Other::Stated(rate.value)),
    };
    quoted.into(books)
}

/// What the entry is worth in the books' currency by its rate, and what rounding each line to it makes of difference.
pub(super) fn conversion(case: &Case<'_>, chosen: &ChosenRate, lines: &[EntryLine]) -> Conversion {
    let (currency, books) = (case.invoice.currency, chosen.books);
    let convert = |amount: Amount| in_books(amount.to_decimal(currency), chosen.rate?, books);
    let total = convert(lines.iter().map(|line| line.net + line.vat).sum());
    let of_lines: Option<Amount> = lines.iter().map(|line| Some(convert(line.net)? + convert(line.vat)?)).sum();
    let rounding = total.zip(of_lines).map(|(total, lines)| total - lines);
    let rate = chosen.rate.map_or_else(String::new, |rate| format!("1 {currency} = {rate} {books}, "));
    Conversion { rate: chosen.rate, total, rounding, why: format!("{rate}{}", chosen.why), books }
}

/// Half away from zero, as the books round.
fn in_books(amount: Decimal, rate: Decimal, books: Currency) -> Option<Amount> {
    let exact = amount.checked_mul(rate)?;
    let digits = Amount(1).to_decimal(books).scale();
    Amount::from_decimal(exact.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero), books)
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
