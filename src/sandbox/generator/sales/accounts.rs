//! Whom sales knows: customers that it can be told by, customers that it has twice, and companies that are none yet.

use std::collections::{BTreeMap, BTreeSet};

use super::super::builder::Builder;
use super::super::customers::Customer;
use super::super::dice::Dice;
use super::super::words;
use super::{SalesAccount, SalesContact, Trace, id};

/// Of so many companies in a row that billing knows, sales does not know the last.
const ROUND: [Option<Trace>; 6] = [
    Some(Trace::Pointer),
    Some(Trace::AccountNumber),
    Some(Trace::VatNumber),
    Some(Trace::EmailDomain),
    Some(Trace::Ambiguous),
    None,
];
/// So many are entered twice, and no more.
const TWICE_MAX: usize = 2;
/// Companies that billing has never heard of.
const PROSPECTS: usize = 5;
/// The length of an account's number.
const NUMBER_MAX: usize = 20;

/// The customers whom sales may know, and the domains that are taken.
pub(super) struct Circle<'a> {
    customers: Vec<&'a Customer>,
    domains: BTreeSet<&'a str>,
}

impl<'a> Circle<'a> {
    /// Companies that have a domain and a VAT number to themselves, and whose documents are in order.
    pub(super) fn around(builder: &'a Builder) -> Self {
        let failed: BTreeSet<usize> =
            builder.drafts.iter().filter(|draft| draft.failure.is_some()).map(|draft| draft.customer).collect();
        let mut uses: BTreeMap<String, usize> = BTreeMap::new();
        for customer in &builder.customers {
            let marks = [Some(domain(customer).to_owned()), customer.full_vat_number()];
            marks.into_iter().flatten().for_each(|mark| *uses.entry(mark).or_default() += 1);
        }
        let is_alone = |mark: &str| uses.get(mark) == Some(&1);
        let fits = |place: usize, customer: &Customer| {
            let is_plain = customer.company.is_some() && customer.exact_account.is_none() && !failed.contains(&place);
            let has_number = customer.full_vat_number().is_some_and(|number| is_alone(&number));
            is_plain && customer.currency == "EUR" && has_number && is_alone(domain(customer))
        };
        let all = builder.customers.iter().enumerate();
        let customers = all.filter(|(place, customer)| fits(*place, customer)).map(|(_, customer)| customer).collect();
        Self { customers, domains: builder.customers.iter().map(domain).collect() }
    }

    /// The accounts, each with its people.
    pub(super) fn accounts(&self, dice: &mut Dice) -> Vec<SalesAccount> {
        let mut accounts = Vec::new();
        let mut twice = 0;
        for (customer, trace) in self.customers.iter().zip(ROUND.into_iter().cycle()) {
            let Some(trace) = trace.filter(|trace| *trace != Trace::Ambiguous || twice < TWICE_MAX) else { continue };
            accounts.push(known(dice, customer, trace));
            if trace == Trace::Ambiguous {
                // A branch that somebody has entered as a company of its own.
                let twin = known(dice, customer, trace);
                accounts.push(SalesAccount { name: format!("{} (filiaal)", twin.name), contacts: Vec::new(), ..twin });
                twice += 1;
            }
        }
        accounts.extend((0..PROSPECTS).map(|_| self.prospect(dice)));
        // Nobody has ever asked for this one's.
        if let Some(contact) = accounts.first_mut().and_then(|account| account.contacts.last_mut()) {
            contact.email = None;
        }
        accounts
    }

    /// A company that billing has never heard of, at a domain that is nobody else's.
    fn prospect(&self, dice: &mut Dice) -> SalesAccount {
        let name = loop {
            let name = words::company(dice, "NL");
            if !self.domains.contains(host(&name).as_str()) {
                break name;
            }
        };
        let (line1, postcode, city) = words::address(dice, "NL");
        let domain = host(&name);
        SalesAccount {
            id: id(dice),
            customer: None,
            trace: Trace::Unknown,
            number: Some(format!("P-{}", dice.token(6))),
            vat_number: None,
            pointer: None,
            email: Some(format!("administratie@{domain}")),
            website: Some(format!("https://www.{domain}")),
            line1,
            postcode,
            city,
            country: "Nederland".to_owned(),
            currency: "EUR",
            contacts: people(dice, &domain, 1),
            quotes: Vec::new(),
            name,
        }
    }
}

/// The account of a customer, with one mark that tells whose it is.
fn known(dice: &mut Dice, customer: &Customer, trace: Trace) -> SalesAccount {
    let if_by = |mark: Trace, value: String| (trace == mark).then_some(value);
    let is_by_number = matches!(trace, Trace::VatNumber | Trace::Ambiguous);
    SalesAccount {
        id: id(dice),
        customer: Some(customer.id.clone()),
        trace,
        name: customer.display_name(),
        number: if_by(Trace::AccountNumber, customer.id.chars().take(NUMBER_MAX).collect()),
        vat_number: customer.full_vat_number().filter(|_| is_by_number),
        pointer: if_by(Trace::Pointer, customer.id.clone()),
        email: (trace != Trace::EmailDomain).then(|| customer.email.clone()),
        website: if_by(Trace::EmailDomain, format!("https://www.{}/", domain(customer))),
        line1: customer.line1.clone(),
        postcode: customer.zip.clone(),
        city: customer.city.clone(),
        country: country(customer.country).to_owned(),
        currency: customer.currency,
        contacts: people(dice, domain(customer), 2),
        quotes: Vec::new(),
    }
}

fn people(dice: &mut Dice, domain: &str, count: usize) -> Vec<SalesContact> {
    (0..count).map(|_| person(dice, domain)).collect()
}

fn person(dice: &mut Dice, domain: &str) -> SalesContact {
    let (first_name, last_name) = words::person(dice);
    let mailbox = format!("{}.{}", words::mailbox(&first_name), words::mailbox(&dice.token(5)));
    SalesContact {
        id: id(dice),
        email: Some(format!("{mailbox}@{domain}")),
        phone: format!("+31 6 {}", dice.between(10_000_000, 99_999_999)),
        job_title: dice.pick(&["Inkoper", "Financieel manager", "Directeur", "Projectleider"]).to_owned(),
        first_name,
        last_name,
    }
}

fn domain(customer: &Customer) -> &str {
    customer.email.rsplit_once('@').map_or("", |(_, domain)| domain)
}

fn host(company: &str) -> String {
    format!("{}.example", words::mailbox(company))
}

/// As people type it.
fn country(code: &str) -> &str {
    match code {
        "NL" => "Nederland",
        "BE" => "België",
        "DE" => "Deutschland",
        "FR" => "France",
        code => code,
    }
}
