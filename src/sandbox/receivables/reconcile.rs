//! The comparison, customer by customer: documents by their numbers, money by its amounts. What both sides have alike
//! cancels out; every rest is a difference with a reason.

use std::collections::BTreeMap;

use super::rows::{Document, Item, Money, documents, money, void_notes};
use super::{BothBooks, Compared, Difference, EntityBalance, Why};

/// One customer in one currency on both sides. Customers of Chargebee that share an account in Exact are one.
#[derive(Default)]
struct Customer {
    name: String,
    documents: BTreeMap<String, Document>,
    money: Vec<Money>,
    /// Exact's documents: number to the sum of their amounts.
    booked: BTreeMap<String, i64>,
    /// Exact's money.
    entered: Vec<Item>,
    open: i64,
}

/// The proof of every entity and currency that either side knows.
pub fn reconcile(books: &BothBooks, compared: &Compared) -> Vec<EntityBalance> {
    let of_entity = |(entity, division): &(Option<String>, i32)| {
        let mut balances: BTreeMap<String, EntityBalance> = BTreeMap::new();
        for ((currency, _), customer) in customers(books, entity.as_deref(), *division, compared) {
            let balance = balances.entry(currency.clone()).or_insert_with(|| EntityBalance {
                entity: entity.clone(),
                division: *division,
                currency,
                ..EntityBalance::default()
            });
            customer.add_to(balance, compared);
        }
        balances.into_values().collect::<Vec<_>>()
    };
    compared.entities.iter().flat_map(of_entity).collect()
}

fn customers(
    books: &BothBooks,
    entity: Option<&str>,
    division: i32,
    compared: &Compared,
) -> BTreeMap<(String, String), Customer> {
    let items = books.items.get(&division).map(Vec::as_slice).unwrap_or_default();
    let (documents, void) = (documents(books, entity, compared), void_notes(books));
    // An account is known by the documents that are booked on it.
    let mut accounts: BTreeMap<&str, &str> = BTreeMap::new();
    for item in items.iter().filter(|item| !item.money) {
        if let Some(document) = documents.get(&item.your_ref) {
            accounts.insert(&document.customer, &item.account);
        }
    }
    let key = |currency: &str, customer: &str| {
        (currency.to_owned(), accounts.get(customer).copied().unwrap_or(customer).to_owned())
    };
    let mut customers: BTreeMap<(String, String), Customer> = BTreeMap::new();
    for (number, document) in &documents {
        let customer = customers.entry(key(&document.currency, &document.customer)).or_default();
        customer.name.clone_from(&document.customer);
        customer.documents.insert(number.clone(), document.clone());
    }
    for money in money(books, entity, compared) {
        let customer = customers.entry(key(&money.currency, &money.customer)).or_default();
        customer.name.clone_from(&money.customer);
        customer.money.push(money);
    }
    for item in items {
        let customer = customers.entry((item.currency.clone(), item.account.clone())).or_default();
        customer.open += item.open;
        if item.money {
            customer.entered.push(item.clone());
        } else {
            let number = void.get(&item.your_ref).unwrap_or(&item.your_ref);
            *customer.booked.entry(number.clone()).or_default() += item.amount;
        }
    }
    customers
}

impl Customer {
    fn add_to(self, balance: &mut EntityBalance, compared: &Compared) {
        balance.due += self.documents.values().map(|document| document.due).sum::<i64>();
        balance.credit += self.documents.values().map(|document| document.credit).sum::<i64>();
        balance.unused += self.money.iter().map(|money| money.unused).sum::<i64>();
        balance.receivables += self.open;
        let mut differences = self.of_documents(compared);
        differences.extend(self.of_money(compared));
        let is_square = self.is_square();
        // Differences that make up for each other are none: money that paid a held invoice is held with it.
        let sum: i64 = differences.iter().map(|(_, amount, _)| amount).sum();
        let is_clear = differences.iter().all(|(_, _, why)| *why != Why::Unexplained);
        if is_square && sum == 0 && is_clear {
            return;
        }
        let rows = differences.into_iter().map(|(what, amount, why)| Difference {
            what,
            customer: self.name.clone(),
            amount,
            why,
        });
        balance.differences.extend(rows);
    }

    /// Whether Exact shows what Chargebee says.
    fn is_square(&self) -> bool {
        let documents: i64 = self.documents.values().map(|document| document.due - document.credit).sum();
        self.open == documents - self.money.iter().map(|money| money.unused).sum::<i64>()
    }

    fn of_documents(&self, compared: &Compared) -> Vec<(String, i64, Why)> {
        let mut numbers: Vec<&String> = self.documents.keys().chain(self.booked.keys()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let difference = |number: &String| {
            let document = self.documents.get(number);
            let amount = self.booked.get(number).copied().unwrap_or(0) - document.map_or(0, |known| known.amount);
            let why = match (compared.held.get(number), document) {
                (Some(reason), _) => Why::Held(reason.clone()),
                (None, Some(document)) if document.is_deleted => Why::DeletedInChargebee,
                (None, Some(_)) => Why::Unexplained,
                (None, None) => Why::OutOfScope,
            };
            (amount != 0).then(|| (number.clone(), amount, why))
        };
        numbers.into_iter().filter_map(difference).collect()
    }

    fn of_money(&self, compared: &Compared) -> Vec<(String, i64, Why)> {
        let (mut here, mut there) = (self.entered.clone(), self.money.clone());
        // Money before what was given up, and what is matched first: of two equal amounts the other side has no reason to
        // know the later one.
        here.sort_by_key(|item| (item.is_general(), item.open != 0));
        cancel(&mut here, &mut there);
        let mut rest =
            here.iter().map(|item| item.amount).sum::<i64>() - there.iter().map(|money| money.amount).sum::<i64>();
        let mut differences = Vec::new();
        if rest == 0 {
            return differences;
        }
        let only_there = there.iter().filter_map(|money| {
            let why = match compared.held.get(&money.id) {
                Some(reason) => Why::Held(reason.clone()),
                None if money.out_of_scope != 0 => Why::OutOfScope,
                None if money.is_offline => Why::RecordedByHand,
                None => return None,
            };
            Some((money.id.clone(), -money.amount, why))
        });
        let only_here = here.iter().filter_map(|item| match (item.is_general(), item.open) {
            (true, _) => Some((format!("journal {}", item.journal.trim()), item.amount, Why::WrittenOffInExact)),
            (false, 0) => None,
            (false, open) => Some((format!("journal {}", item.journal.trim()), open, Why::NotMatched)),
        });
        for (what, amount, why) in only_there.chain(only_here) {
            // A reason that would make the rest larger is none for it.
            if rest != 0 && (rest - amount).abs() < rest.abs() {
                rest -= amount;
                differences.push((what, amount, why));
            }
        }
        if rest != 0 {
            differences.push(("money".to_owned(), rest, Why::Unexplained));
        }
        differences
    }
}

impl Item {
    /// Whether a person gave it up, and no money came.
    fn is_general(&self) -> bool {
        self.journal.trim() == "90"
    }
}

/// Takes away what both sides have alike: an amount for an amount, and one that the other side has in up to four pieces.
fn cancel(here: &mut Vec<Item>, there: &mut Vec<Money>) {
    for count in 1..=4 {
        here.retain(|item| {
            let found = pieces(&there.iter().map(|money| money.amount).collect::<Vec<_>>(), item.amount, count);
            found.map(|places| places.into_iter().rev().for_each(|place| drop(there.remove(place)))).is_none()
        });
        there.retain(|money| {
            let found = pieces(&here.iter().map(|item| item.amount).collect::<Vec<_>>(), money.amount, count);
            found.map(|places| places.into_iter().rev().for_each(|place| drop(here.remove(place)))).is_none()
        });
    }
}

/// The places, rising, of `count` amounts that make `sum` together.
fn pieces(amounts: &[i64], sum: i64, count: usize) -> Option<Vec<usize>> {
    if count == 1 {
        return amounts.iter().position(|amount| *amount == sum).map(|place| vec![place]);
    }
    amounts.iter().enumerate().find_map(|(place, amount)| {
        let rest = pieces(&amounts[place + 1..], sum - amount, count - 1)?;
        Some([place].into_iter().chain(rest.into_iter().map(|later| later + place + 1)).collect())
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
