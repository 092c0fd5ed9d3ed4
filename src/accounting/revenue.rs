//! Where the revenue of a line goes: the closest of the RevenueRules, the item's own account and its item group's account
//! in the books (E8, E12, E32; design §3).

use uuid::Uuid;

use super::case::Case;
use super::matching::{Level, LineFacts, Picked, Tie, pick};
use super::text;
use crate::domain::entry::AccountRef;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::InvoiceLine;
use crate::domain::master::{AccountKind, GlAccount};

/// An account with the reason why it is this one.
#[derive(Clone, Debug)]
pub(super) struct ChosenAccount<'a> {
    pub account: &'a GlAccount,
    pub why: String,
}

impl ChosenAccount<'_> {
    pub fn reference(&self) -> AccountRef {
        AccountRef { id: self.account.id, code: self.account.code.clone() }
    }
}

/// The revenue account of a line.
pub(super) fn account<'a>(case: &'a Case<'_>, line: &InvoiceLine) -> Result<ChosenAccount<'a>, Hold> {
    let facts = LineFacts::of(case, line);
    let rule =
        pick(&case.rules().revenue, &facts, None, |rule| rule.revenue_account.as_deref()).map_err(|tie: Tie<'_>| {
            case.hold_line(line, HoldReason::RevenueAccountMissing, tie.message("the revenue account"), tie.remedy())
        })?;
    let level = rule.as_ref().map(|rule| rule.level);
    if let Some(id) = own_account(case, line).filter(|_| level.is_none_or(|level| level < Level::OwnAccount)) {
        let item = case.item(line).map_or("", |facts| &facts.item);
        return by_id(case, line, id, &format!("own account of item {item} in Exact Online"));
    }
    if let Some((group, id)) = group_account(case, line).filter(|_| level.is_none_or(|level| level < Level::ItemGroup))
    {
        return by_id(case, line, id, &format!("account of item group {group} in Exact Online"));
    }
    rule.map_or_else(|| Err(missing(case, line)), |rule| by_rule(case, line, &rule))
}

fn own_account(case: &Case<'_>, line: &InvoiceLine) -> Option<Uuid> {
    case.item(line)?.own_account
}

fn group_account<'a>(case: &'a Case<'_>, line: &InvoiceLine) -> Option<(&'a str, Uuid)> {
    let code = case.item(line)?.item_group.as_deref()?;
    let group = case.master().item_groups.get(code)?;
    Some((&group.code, group.revenue_account?))
}

fn by_rule<'a>(case: &'a Case<'_>, line: &InvoiceLine, rule: &Picked<'_, &str>) -> Result<ChosenAccount<'a>, Hold> {
    let because = format!("RevenueRule {} ({})", rule.rule.name, level_word(rule.level));
    let remedy = format!("change revenueAccount of RevenueRule {}", rule.rule.name);
    by_code(case, rule.value, &[AccountKind::Revenue], &because)
        .map_err(|problem| case.hold_line(line, HoldReason::RevenueAccountMissing, problem, remedy))
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::ItemPrice => "by item price",
        Level::Item | Level::OwnAccount => "by item",
        Level::Family | Level::ItemGroup => "by item family",
        Level::ChargeType => "by charge type",
        Level::Anything => "for every line",
    }
}

/// The account of this code, which must be open and of one of these kinds; the error says what is wrong with it.
pub(super) fn by_code<'a>(
    case: &'a Case<'_>,
    code: &str,
    kinds: &[AccountKind],
    because: &str,
) -> Result<ChosenAccount<'a>, String> {
    let account = case.master().accounts.get(code);
    let problem = match account {
        None => format!("does not exist in {}", case.division()),
        Some(account) => match flaw(account, kinds) {
            None => return Ok(ChosenAccount { account, why: format!("{because}: account {code}") }),
            Some(flaw) => format!("{flaw} in {}", case.division()),
        },
    };
    Err(format!("account {code} of {because} {problem}"))
}

/// What keeps an account from being booked on, if anything.
pub(super) fn flaw(account: &GlAccount, kinds: &[AccountKind]) -> Option<String> {
    if account.blocked {
        return Some("is blocked".to_owned());
    }
    (!kinds.contains(&account.kind)).then(|| format!("is {}", kind_word(account.kind)))
}

fn kind_word(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Revenue => "a revenue account",
        AccountKind::Receivable => "a receivables account, not a revenue account",
        AccountKind::Vat => "a VAT account, not a revenue account",
        AccountKind::Bank => "a bank account, not a revenue account",
        AccountKind::Other => "not of type revenue",
    }
}

fn by_id<'a>(case: &'a Case<'_>, line: &InvoiceLine, id: Uuid, because: &str) -> Result<ChosenAccount<'a>, Hold> {
    let remedy = || format!("choose another account there, or apply a RevenueRule for {}", named(case, line));
    let chosen = match case.master().account_by_id(id) {
        Some(account) => by_code(case, &account.code, &[AccountKind::Revenue], because),
        None => Err(format!("the {because} ({id}) is not among the accounts of {}", case.division())),
    };
    chosen.map_err(|problem| case.hold_line(line, HoldReason::RevenueAccountMissing, problem, remedy()))
}

/// What the line sells, as a RevenueRule would name it.
fn named(case: &Case<'_>, line: &InvoiceLine) -> String {
    match (case.item(line), line.item_price.as_deref()) {
        (Some(facts), _) => format!("item {}", text::cut(&facts.item, 100)),
        (None, Some(price)) => format!("item price {}", text::cut(price, 100)),
        (None, None) => "charge type Adhoc".to_owned(),
    }
}

fn missing(case: &Case<'_>, line: &InvoiceLine) -> Hold {
    let what = named(case, line);
    let facts = case.item(line);
    let family =
        facts.and_then(|facts| facts.family.as_deref()).map(|family| format!(" of family {}", text::cut(family, 50)));
    let group = match facts.and_then(|facts| facts.item_group.as_deref()) {
        Some(group) => format!("item group {group} in Exact Online has none"),
        None => "it has no item group in Exact Online".to_owned(),
    };
    let message = format!(
        "{what}{} has no revenue account: no RevenueRule applies, the item has none of its own and {group}",
        family.unwrap_or_default()
    );
    let remedy = format!(
        "apply a RevenueRule with a revenueAccount for {what}{}",
        match facts {
            Some(facts) => facts.item_group.as_deref().map_or(String::new(), |group| {
                format!(", or set the revenue account of item group {group} in Exact Online, {}", case.division())
            }),
            None => String::new(),
        }
    );
    case.hold_line(line, HoldReason::RevenueAccountMissing, message, remedy)
}
