//! The receivable account that a line is booked against.

use super::context::PaymentContext;
use crate::accounting::text;
use crate::domain::entry::AccountRef;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::master::{AccountKind, GlAccount};

/// The account of the receivables of `customer`: the one that its account has of its own, else the mapping's, else the only
/// one that the books have. The books used the same for its invoices.
pub(super) fn of_customer(context: &PaymentContext<'_>, customer: &str) -> Result<AccountRef, Unresolved> {
    let master = context.master;
    let own = context.own_receivables.get(customer).map(|id| master.account_by_id(*id));
    let found = match (own, context.rules.receivable_account.as_deref()) {
        (Some(own), _) => own.ok_or_else(|| Unresolved::Unknown(format!("the account of customer {customer}")))?,
        (None, Some(code)) => master.accounts.get(code).ok_or_else(|| Unresolved::Unknown(setting(context)))?,
        (None, None) => only(context)?,
    };
    if found.kind != AccountKind::Receivable || found.blocked {
        return Err(Unresolved::Unusable(found.code.clone()));
    }
    Ok(AccountRef { id: found.id, code: found.code.clone() })
}

fn only<'a>(context: &PaymentContext<'a>) -> Result<&'a GlAccount, Unresolved> {
    let mut all = context.master.accounts.values().filter(|account| account.kind == AccountKind::Receivable);
    match (all.next(), all.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Unresolved::None),
        (Some(_), Some(_)) => Err(Unresolved::Several),
    }
}

fn setting(context: &PaymentContext<'_>) -> String {
    format!("spec.exactOnline.receivableAccount of EntityMapping {}", context.rulebook.mapping)
}

/// Why there is no receivable account.
#[derive(Debug)]
pub(super) enum Unresolved {
    Unknown(String),
    Unusable(String),
    None,
    Several,
}

impl Unresolved {
    /// The hold of a document called `words`.
    pub fn hold(self, context: &PaymentContext<'_>, words: &str, customer: &str) -> Hold {
        let division = format!("division {}", context.master.division);
        let customer = text::cut(customer, 50);
        let problem = match self {
            Self::Unknown(by) => format!("the receivable account that {by} names does not exist in {division}"),
            Self::Unusable(code) => format!("account {code} is blocked or no receivable account in {division}"),
            Self::None => format!("{division} has no receivable account"),
            Self::Several => format!("{division} has several receivable accounts and none is named"),
        };
        let remedy = format!(
            "set {} to the receivable account, or give the account of customer {customer} one in Exact Online",
            setting(context)
        );
        Hold::new(HoldReason::RejectedByTarget, format!("{words}: {problem}"), remedy)
    }
}
