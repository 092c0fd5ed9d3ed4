//! Journal, control account and fee of a payment, by the mapping (E7, P11); and whether the journal takes it.

use rust_decimal::Decimal;

use super::context::{PaymentContext, Settled};
use super::method;
use super::rules::FeeRule;
use crate::accounting::quoted_rate::{Other, Quoted};
use crate::domain::entry::AccountRef;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::master::{Journal, JournalKind};
use crate::domain::money_entry::{MoneyEntry, MoneyForm};
use crate::domain::payment::Transaction;

/// Where a payment is booked.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub journal: &'a Journal,
    pub form: MoneyForm,
    pub control: AccountRef,
    pub has_control_line: bool,
    pub fee: Option<&'a FeeRule>,
    /// The setting that said so.
    pub chosen_by: String,
}

/// Holds one document, called `words` in messages.
#[derive(Clone, Copy)]
pub(super) struct Holder<'a> {
    pub context: &'a PaymentContext<'a>,
    pub words: &'a str,
}

impl Holder<'_> {
    pub fn hold(&self, reason: HoldReason, problem: impl AsRef<str>, remedy: impl Into<String>) -> Hold {
        Hold::new(reason, format!("{}: {}", self.words, problem.as_ref()), remedy)
    }

    pub fn division(&self) -> String {
        format!("division {}", self.context.master.division)
    }

    fn mapping(&self) -> String {
        format!("EntityMapping {}", self.context.rulebook.mapping)
    }
}

/// The place that the rules name for `payment`.
pub(super) fn of_rules<'a>(
    holder: &Holder<'_>,
    context: &PaymentContext<'a>,
    payment: &Transaction,
) -> Result<Place<'a>, Hold> {
    let rules = context.rules;
    let tied = |[one, other]: [&super::rules::PaymentMethodRule; 2]| {
        let mapping = holder.mapping();
        let rows = format!("spec.paymentMethods[{}] and spec.paymentMethods[{}] of {mapping}", one.index, other.index);
        let problem = format!("{rows} apply to it equally and differ");
        holder.hold(HoldReason::PaymentUnclear, problem, "add a condition to one of the two rows, or make them agree")
    };
    let row = method::choose(&rules.methods, payment).map_err(tied)?;
    let (code, control, fee, setting) = match (row, rules.journal.as_deref()) {
        (Some(row), _) => (
            row.journal.as_str(),
            row.control_account.as_deref(),
            row.fee.as_ref(),
            format!("spec.paymentMethods[{}] of {}", row.index, holder.mapping()),
        ),
        (None, Some(journal)) => {
            (journal, None, None, format!("spec.exactOnline.paymentsJournal of {}", holder.mapping()))
        }
        (None, None) => return Err(unmapped(holder, payment)),
    };
    let journal = usable(holder, context, code, &setting)?;
    let form = form(holder, journal, &setting)?;
    let (control, has_control_line) = control_of(holder, context, journal, form, control, &setting)?;
    Ok(Place { journal, form, control, has_control_line, fee, chosen_by: setting })
}

/// The place where `entry` was booked, for what takes it back.
pub(super) fn as_booked<'a>(
    holder: &Holder<'_>,
    context: &PaymentContext<'a>,
    entry: &MoneyEntry,
) -> Result<Place<'a>, Hold> {
    let setting = format!("the entry of transaction {}", entry.transaction);
    let journal = usable(holder, context, &entry.journal, &setting)?;
    let (form, control, has_control_line) = (entry.form, entry.control.clone(), entry.has_control_line);
    Ok(Place { journal, form, control, has_control_line, fee: None, chosen_by: setting })
}

fn unmapped(holder: &Holder<'_>, payment: &Transaction) -> Hold {
    let gateway = payment.gateway.as_deref().unwrap_or("no gateway");
    let (method, currency, mapping) = (&payment.method, payment.currency, holder.mapping());
    let problem = format!("no row of spec.paymentMethods of {mapping} takes {method} by {gateway} in {currency}");
    let remedy = format!("add a row with the journal to spec.paymentMethods of {mapping}, or set its paymentsJournal");
    holder.hold(HoldReason::PaymentUnclear, problem, remedy)
}

fn usable<'a>(
    holder: &Holder<'_>,
    context: &PaymentContext<'a>,
    code: &str,
    setting: &str,
) -> Result<&'a Journal, Hold> {
    let problem = match context.master.journals.get(code) {
        None => "does not exist",
        Some(journal) if journal.blocked => "is blocked",
        Some(journal) => return Ok(journal),
    };
    let division = holder.division();
    let problem = format!("journal {code} of {setting} {problem} in {division}");
    let remedy = format!("open journal {code} in Exact Online, {division}, or change {setting}");
    Err(holder.hold(HoldReason::RejectedByTarget, problem, remedy))
}

/// Which form an entry has in a journal; none in one that takes no money.
pub(in crate::accounting) fn form_of(kind: JournalKind) -> Option<MoneyForm> {
    match kind {
        JournalKind::Bank | JournalKind::PaymentService => Some(MoneyForm::Bank),
        JournalKind::Cash => Some(MoneyForm::Cash),
        JournalKind::General => Some(MoneyForm::General),
        JournalKind::Sales | JournalKind::SalesReturn | JournalKind::Other => None,
    }
}

fn form(holder: &Holder<'_>, journal: &Journal, setting: &str) -> Result<MoneyForm, Hold> {
    let no_form = || {
        let problem =
            format!("journal {} of {setting} is of type {:?}, which takes no payment", journal.code, journal.kind);
        let remedy = format!("change {setting} to a bank, payment service, cash or general journal");
        holder.hold(HoldReason::RejectedByTarget, problem, remedy)
    };
    form_of(journal.kind).ok_or_else(no_form)
}

/// The control account, and whether it needs a line of its own.
fn control_of(
    holder: &Holder<'_>,
    context: &PaymentContext<'_>,
    journal: &Journal,
    form: MoneyForm,
    named: Option<&str>,
    setting: &str,
) -> Result<(AccountRef, bool), Hold> {
    let master = context.master;
    let own = journal.account.filter(|_| form != MoneyForm::General).and_then(|id| master.account_by_id(id));
    let found = match named {
        Some(code) => master.accounts.get(code).filter(|account| !account.blocked),
        None => own,
    };
    if let Some(found) = found {
        let is_own = own.is_some_and(|own| own.id == found.id);
        return Ok((AccountRef { id: found.id, code: found.code.clone() }, !is_own));
    }
    let division = holder.division();
    let (problem, remedy) = match named {
        Some(code) => (
            format!("control account {code} of {setting} does not exist or is blocked in {division}"),
            format!("create or open account {code} in Exact Online, {division}, or change controlAccount in {setting}"),
        ),
        None => (
            format!("journal {} of {setting} has no account of its own in {division}", journal.code),
            format!(
                "add a row to spec.paymentMethods of {} with journal {} and controlAccount",
                holder.mapping(),
                journal.code
            ),
        ),
    };
    Err(holder.hold(HoldReason::RejectedByTarget, problem, remedy))
}

/// The rate to state, if any; a hold where the journal does not take the currency.
pub(super) fn rate(holder: &Holder<'_>, place: &Place<'_>, transaction: &Transaction) -> Result<Option<Decimal>, Hold> {
    let (journal, books) = (place.journal, holder.context.master.currency);
    let own = journal.currency.or(books);
    if own != Some(transaction.currency) && !journal.allows_other_currencies {
        let (code, division) = (&journal.code, holder.division());
        let takes = own.map_or_else(|| "its own".to_owned(), |own| own.to_string());
        let problem = format!("journal {code} takes {takes} only, the transaction is in {}", transaction.currency);
        let remedy = format!(
            "allow variable currencies in journal {code} in Exact Online, {division}, or name another journal for {} in \
             spec.paymentMethods of {}",
            transaction.currency,
            holder.mapping()
        );
        return Err(holder.hold(HoldReason::CurrencyNotAllowed, problem, remedy));
    }
    let Some(books) = books.filter(|books| *books != transaction.currency) else { return Ok(None) };
    if !journal.allows_rate || !holder.context.rulebook.send_exchange_rate {
        return Ok(None);
    }
    let quoted = Quoted {
        noun: "payment",
        base_currency: transaction.base_currency.as_deref(),
        exchange_rate: transaction.exchange_rate,
        other: booked_rate(holder.context).map_or(Other::None, Other::Booked),
    };
    Ok(quoted.into(books).ok().map(|(rate, _)| rate.normalize()))
}

/// The rate at which the books hold the first document that is settled and has one.
fn booked_rate(context: &PaymentContext<'_>) -> Option<Decimal> {
    context.settled.values().find_map(|settled| match settled {
        Settled::Booked { rate, .. } => *rate,
        Settled::Unlinked | Settled::Planned { .. } | Settled::NotYet => None,
    })
}
