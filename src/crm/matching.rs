//! Which account of the CRM a customer is (C3): by ordered rules, of which the first that says anything decides. What fits
//! several accounts is left open, never guessed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::crm::CrmAccount;
use crate::domain::offer::BillingCustomer;
use crate::domain::vat_number::VatNumber;

/// How a customer finds its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MatchRule {
    /// One of the two names the other.
    Pointer,
    AccountNumber,
    VatNumber,
    /// The whole address.
    Email,
    /// Both alike.
    NameAndPostcode,
    /// The part behind the `@`, where a company has it to itself.
    EmailDomain,
}

impl MatchRule {
    /// All of them, the surest first.
    pub const ALL: [Self; 6] =
        [Self::Pointer, Self::AccountNumber, Self::VatNumber, Self::Email, Self::NameAndPostcode, Self::EmailDomain];
}

/// What a customer says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub customer: String,
    /// The account's id, where a field of the customer holds one.
    pub pointer: Option<String>,
    pub account_number: Option<String>,
    pub vat_number: Option<String>,
    /// ISO code of the billing address, by which a VAT number without prefix is read.
    pub country: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub postcode: Option<String>,
}

/// Which fields of the site's own tell a customer's account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityFields {
    /// Holds the account's id.
    pub pointer: Option<String>,
    /// Holds the account's number; the customer's own id where there is none.
    pub account_number: Option<String>,
}

impl Identity {
    /// What a customer of billing says of itself.
    pub fn of(customer: &BillingCustomer, fields: &IdentityFields) -> Self {
        let own = |name: &Option<String>| name.as_ref().and_then(|name| customer.custom_fields.get(name)).cloned();
        let address = customer.billing_address.as_ref();
        Self {
            customer: customer.id.clone(),
            pointer: own(&fields.pointer),
            account_number: own(&fields.account_number).or_else(|| Some(customer.id.clone())),
            vat_number: customer.vat_number.clone(),
            country: address.and_then(|address| address.country.clone()),
            email: customer.email.clone().or_else(|| address.and_then(|address| address.email.clone())),
            name: customer.company.clone().or_else(|| address.and_then(|address| address.company.clone())),
            postcode: address.and_then(|address| address.postcode.clone()),
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    Linked {
        account: Uuid,
        by: MatchRule,
    },
    /// Several accounts fit equally well. Sorted.
    Open {
        candidates: Vec<Uuid>,
        by: MatchRule,
    },
    None,
}

/// Mailboxes that say nothing about whose they are.
const PUBLIC_DOMAINS: [&str; 28] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "outlook.nl",
    "outlook.be",
    "outlook.de",
    "hotmail.com",
    "hotmail.nl",
    "hotmail.be",
    "live.com",
    "live.nl",
    "live.be",
    "msn.com",
    "yahoo.com",
    "icloud.com",
    "me.com",
    "proton.me",
    "protonmail.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "t-online.de",
    "ziggo.nl",
    "kpnmail.nl",
    "planet.nl",
    "xs4all.nl",
    "telenet.be",
    "skynet.be",
];

/// Longest chain of merged accounts that is followed.
const MERGES_MAX: usize = 16;

/// Accounts by all that a rule looks for.
#[derive(Clone, Debug, Default)]
pub struct AccountIndex {
    known: BTreeMap<Uuid, Standing>,
    pointed_at_by: BTreeMap<String, BTreeSet<Uuid>>,
    numbers: BTreeMap<String, BTreeSet<Uuid>>,
    vat_numbers: BTreeMap<String, BTreeSet<Uuid>>,
    emails: BTreeMap<String, BTreeSet<Uuid>>,
    places: BTreeMap<String, BTreeSet<Uuid>>,
    domains: BTreeMap<String, BTreeSet<Uuid>>,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    is_active: bool,
    merged_into: Option<Uuid>,
}

impl AccountIndex {
    /// The index; the order of the accounts does not matter.
    pub fn new<'a>(accounts: impl IntoIterator<Item = &'a CrmAccount>) -> Self {
        let mut index = Self::default();
        for account in accounts {
            index.add(account);
        }
        index
    }

    /// Takes in one more account.
    pub fn add(&mut self, account: &CrmAccount) {
        let standing = Standing { is_active: account.is_active, merged_into: account.merged_into };
        self.known.insert(account.id, standing);
        let mut put = |map: fn(&mut Self) -> &mut BTreeMap<String, BTreeSet<Uuid>>, key: Option<String>| {
            if let Some(key) = key {
                map(self).entry(key).or_default().insert(account.id);
            }
        };
        put(|index| &mut index.pointed_at_by, account.billing_customer.as_deref().and_then(plain));
        if !account.is_active {
            return;
        }
        let country = account.billing_address.as_ref().and_then(|address| address.country.as_deref());
        put(|index| &mut index.numbers, account.number.as_deref().and_then(plain));
        put(|index| &mut index.vat_numbers, account.vat_number.as_deref().and_then(|text| vat_number(text, country)));
        put(|index| &mut index.emails, account.email.as_deref().and_then(plain));
        let postcode = account.billing_address.as_ref().and_then(|address| address.postcode.as_deref());
        put(|index| &mut index.places, place(Some(&account.name), postcode));
        put(|index| &mut index.domains, account.email.as_deref().and_then(domain));
        put(|index| &mut index.domains, account.website.as_deref().and_then(host));
    }

    /// The account of a customer by `rules`, in their order.
    pub fn find(&self, identity: &Identity, rules: &[MatchRule]) -> Match {
        for rule in rules {
            let mut candidates: Vec<Uuid> = self.candidates(identity, *rule).into_iter().collect();
            candidates.dedup();
            match candidates.as_slice() {
                [] => {}
                [account] => return Match::Linked { account: *account, by: *rule },
                _ => return Match::Open { candidates, by: *rule },
            }
        }
        Match::None
    }

    fn candidates(&self, identity: &Identity, rule: MatchRule) -> BTreeSet<Uuid> {
        let of = |map: &BTreeMap<String, BTreeSet<Uuid>>, key: Option<String>| {
            key.and_then(|key| map.get(&key)).cloned().unwrap_or_default()
        };
        match rule {
            MatchRule::Pointer => self.pointed(identity),
            MatchRule::AccountNumber => of(&self.numbers, identity.account_number.as_deref().and_then(plain)),
            MatchRule::VatNumber => {
                let key = identity.vat_number.as_deref().and_then(|text| vat_number(text, identity.country.as_deref()));
                of(&self.vat_numbers, key)
            }
            MatchRule::Email => of(&self.emails, identity.email.as_deref().and_then(plain)),
            MatchRule::NameAndPostcode => {
                of(&self.places, place(identity.name.as_deref(), identity.postcode.as_deref()))
            }
            MatchRule::EmailDomain => of(&self.domains, identity.email.as_deref().and_then(domain)),
        }
    }

    /// What the customer names, and what names the customer; of merged accounts the survivor.
    fn pointed(&self, identity: &Identity) -> BTreeSet<Uuid> {
        let own = [identity.pointer.as_deref(), Some(&identity.customer)].into_iter().flatten();
        let own = own.filter_map(|text| Uuid::parse_str(text.trim()).ok());
        let others = plain(&identity.customer).and_then(|key| self.pointed_at_by.get(&key));
        own.chain(others.into_iter().flatten().copied()).filter_map(|account| self.survivor(account)).collect()
    }

    /// The account itself, or what it was merged into; none where that is not active, or not there.
    pub fn survivor(&self, account: Uuid) -> Option<Uuid> {
        let mut account = account;
        for _ in 0..MERGES_MAX {
            match self.known.get(&account)? {
                Standing { merged_into: Some(other), .. } => account = *other,
                Standing { is_active, .. } => return is_active.then_some(account),
            }
        }
        None
    }
}

fn plain(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    (!text.is_empty()).then_some(text)
}

/// Name and postcode without regard to blanks and case; nothing where one of them is missing.
fn place(name: Option<&str>, postcode: Option<&str>) -> Option<String> {
    let words = name?.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let code: String = postcode?.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
    (!words.is_empty() && !code.is_empty()).then(|| format!("{words}\u{1f}{code}"))
}

/// In its one normal spelling. A number that cannot be one matches nothing: it might be anybody's.
fn vat_number(text: &str, country: Option<&str>) -> Option<String> {
    VatNumber::parse(text, country).ok().map(|number| number.as_str().to_owned())
}

fn domain(email: &str) -> Option<String> {
    let (_, domain) = email.trim().rsplit_once('@')?;
    own_domain(domain)
}

fn host(website: &str) -> Option<String> {
    let text = website.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = text.split(['/', '?', '#', ':']).next().unwrap_or_default();
    own_domain(host.strip_prefix("www.").unwrap_or(host))
}

fn own_domain(domain: &str) -> Option<String> {
    let domain = domain.trim().trim_end_matches('.').to_ascii_lowercase();
    (domain.contains('.') && !PUBLIC_DOMAINS.contains(&domain.as_str())).then_some(domain)
}

#[cfg(test)]
mod tests;
