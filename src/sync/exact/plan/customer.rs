//! Which account of the books a customer is: by ordered rules, never by a weak guess (E1, P12).

use uuid::Uuid;

use crate::domain::hold::{Hold, HoldReason};
use crate::state::BookAccount;

/// By what a customer is looked for, in words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchRule {
    /// Our own mark on the account: its search code is the customer's id.
    Pointer,
    VatNumber,
    ChamberOfCommerce,
    Email,
}

impl MatchRule {
    pub fn words(self) -> &'static str {
        match self {
            Self::Pointer => "search code",
            Self::VatNumber => "VAT number",
            Self::ChamberOfCommerce => "chamber-of-commerce number",
            Self::Email => "e-mail address",
        }
    }

    /// Whether an account that belongs to another customer already may still be meant: one legal person can be two
    /// customers in billing, but one mailbox can serve many companies.
    fn may_be_shared(self) -> bool {
        matches!(self, Self::VatNumber | Self::ChamberOfCommerce)
    }
}

/// The accounts that one rule found.
#[derive(Clone, Debug)]
pub struct Candidates {
    pub rule: MatchRule,
    /// What was looked for.
    pub value: String,
    pub accounts: Vec<Candidate>,
}

/// An account with the customer that it is tied to already, if any.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub account: BookAccount,
    pub tied_to: Option<String>,
}

/// What the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerMatch {
    Account {
        id: Uuid,
        rule: MatchRule,
    },
    /// No rule found an account.
    None,
    /// More than one account fits, or the one that fits contradicts the customer: a person must decide.
    Unclear(Hold),
}

/// What of a customer the rules compare.
#[derive(Clone, Copy, Debug)]
pub struct CustomerFacts<'a> {
    pub id: &'a str,
    pub name: &'a str,
    /// Normalised.
    pub vat_number: Option<&'a str>,
}

/// The first rule that finds any account decides. Blocked and ended accounts count only where no usable one is found.
pub fn match_customer(customer: &CustomerFacts<'_>, candidates: &[Candidates]) -> CustomerMatch {
    for found in candidates {
        let fitting: Vec<&Candidate> =
            found.accounts.iter().filter(|candidate| fits(customer, found.rule, candidate)).collect();
        let usable: Vec<&Candidate> = fitting.iter().copied().filter(|candidate| candidate.account.usable).collect();
        let pool = if usable.is_empty() { &fitting } else { &usable };
        match pool.as_slice() {
            [] => {}
            [only] => return accept(customer, found, only),
            several => return CustomerMatch::Unclear(ambiguous(customer, found, several)),
        }
    }
    CustomerMatch::None
}

fn fits(customer: &CustomerFacts<'_>, rule: MatchRule, candidate: &Candidate) -> bool {
    candidate.tied_to.as_deref().is_none_or(|other| other == customer.id || rule.may_be_shared())
}

/// An e-mail address or chamber number that fits while the VAT numbers differ is a contradiction, not a match.
fn accept(customer: &CustomerFacts<'_>, found: &Candidates, candidate: &Candidate) -> CustomerMatch {
    let account = &candidate.account;
    let contradiction = match (customer.vat_number, account.vat_number.as_deref()) {
        (Some(ours), Some(theirs)) => ours != theirs && found.rule != MatchRule::Pointer,
        _ => false,
    };
    if contradiction {
        return CustomerMatch::Unclear(contradicting(customer, found, account));
    }
    CustomerMatch::Account { id: account.id, rule: found.rule }
}

fn ambiguous(customer: &CustomerFacts<'_>, found: &Candidates, several: &[&Candidate]) -> Hold {
    let names: Vec<String> = several.iter().map(|candidate| describe(&candidate.account)).collect();
    Hold::new(
        HoldReason::CustomerAmbiguous,
        format!(
            "customer {} ({}) fits {} accounts in Exact Online by {} {}: {}",
            customer.id,
            customer.name,
            several.len(),
            found.rule.words(),
            found.value,
            names.join(", ")
        ),
        format!("merge the accounts in Exact Online, or put {:?} into the search code of the right one", customer.id),
    )
}

fn contradicting(customer: &CustomerFacts<'_>, found: &Candidates, account: &BookAccount) -> Hold {
    Hold::new(
        HoldReason::CustomerAmbiguous,
        format!(
            "customer {} ({}) fits account {} by {} {}, but their VAT numbers differ: {} in Chargebee, {} in Exact Online",
            customer.id,
            customer.name,
            describe(account),
            found.rule.words(),
            found.value,
            customer.vat_number.unwrap_or("none"),
            account.vat_number.as_deref().unwrap_or("none"),
        ),
        format!(
            "correct the VAT number on either side, or put {:?} into the search code of the right account",
            customer.id
        ),
    )
}

fn describe(account: &BookAccount) -> String {
    match &account.code {
        Some(code) => format!("{code} ({})", account.name),
        None => format!("{} ({})", account.id, account.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: CustomerFacts<'static> = CustomerFacts { id: "c1", name: "Acme", vat_number: Some("NL123") };

    fn account(id: u128) -> BookAccount {
        BookAccount {
            id: Uuid::from_u128(id),
            code: Some(id.to_string()),
            name: format!("Account {id}"),
            vat_number: None,
            chamber_of_commerce: None,
            email: None,
            search_code: None,
            usable: true,
            state: String::new(),
            receivable: None,
            row_version: 1,
        }
    }

    fn found(rule: MatchRule, accounts: Vec<BookAccount>) -> Candidates {
        let accounts = accounts.into_iter().map(|account| Candidate { account, tied_to: None }).collect();
        Candidates { rule, value: "x".to_owned(), accounts }
    }

    #[test]
    fn the_first_rule_that_finds_one_decides() {
        let rules = [
            found(MatchRule::Pointer, vec![]),
            found(MatchRule::VatNumber, vec![account(1)]),
            found(MatchRule::Email, vec![account(2), account(3)]),
        ];
        let expected = CustomerMatch::Account { id: Uuid::from_u128(1), rule: MatchRule::VatNumber };
        assert_eq!(match_customer(&FACTS, &rules), expected);
    }

    #[test]
    fn two_accounts_are_never_guessed_between() {
        let CustomerMatch::Unclear(hold) =
            match_customer(&FACTS, &[found(MatchRule::VatNumber, vec![account(1), account(2)])])
        else {
            panic!("a guess was made");
        };
        assert_eq!(hold.reason, HoldReason::CustomerAmbiguous);
        assert!(hold.message.contains("1 (Account 1), 2 (Account 2)"), "{}", hold.message);
    }

    #[test]
    fn a_blocked_twin_does_not_make_it_ambiguous() {
        let blocked = BookAccount { usable: false, ..account(1) };
        let found = [found(MatchRule::VatNumber, vec![blocked, account(2)])];
        let expected = CustomerMatch::Account { id: Uuid::from_u128(2), rule: MatchRule::VatNumber };
        assert_eq!(match_customer(&FACTS, &found), expected);
    }

    #[test]
    fn a_shared_mailbox_is_no_match_and_another_vat_number_is_a_contradiction() {
        let mut tied = found(MatchRule::Email, vec![account(1)]);
        tied.accounts[0].tied_to = Some("c2".to_owned());
        assert_eq!(match_customer(&FACTS, &[tied]), CustomerMatch::None);

        let other = BookAccount { vat_number: Some("NL999".to_owned()), ..account(1) };
        let outcome = match_customer(&FACTS, &[found(MatchRule::Email, vec![other])]);
        assert!(matches!(outcome, CustomerMatch::Unclear(_)));
    }
}
