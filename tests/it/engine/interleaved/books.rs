//! Both sides' books as they can be compared: what a play did in another order leaves another history and the same sums.

use std::collections::{BTreeMap, BTreeSet};

use koppel::sync::kinds::{DOCUMENTS, RECEIPT};
use serde_json::Value;
use uuid::Uuid;

use crate::engine::world::{World, text};

const DIVISIONS: [i32; 3] = [100_001, 100_002, 100_003];

/// What both sides hold at the end. Amounts are in minor units; sums of zero are left out.
#[derive(Clone, Debug)]
pub struct Books {
    /// By division, customer, GL account and currency.
    balances: BTreeMap<Place, i64>,
    /// What is open in Exact, by division, account's mark and currency.
    open: BTreeMap<(i32, String, String), i64>,
    /// The items behind that, to show where they differ.
    items: BTreeMap<(i32, String), Vec<String>>,
    /// By division, reference and sign: how often it was booked.
    booked: BTreeMap<(i32, String, bool), usize>,
    /// By number: status, due, paid, adjusted, credits applied.
    invoices: BTreeMap<String, Vec<String>>,
    /// By content, for which note gets which number depends on what comes first: status, available, refunded, and how often.
    notes: BTreeMap<Vec<String>, usize>,
    /// The content of each note, by its number.
    named: BTreeMap<String, String>,
    /// Of each transaction what does not depend on when it was made, with how often there is such a one.
    money: BTreeMap<Vec<String>, usize>,
    /// By the reference that Koppel gives what it records: how often there is such a transaction.
    recorded: BTreeMap<String, usize>,
    /// Number, kind and reason of all that is held.
    held: Vec<(String, String, String)>,
    /// Documents that were deleted, by number. What was booked of one stays in the books and is told, what was not is not
    /// booked any more; of one that was made again under its number, the first or the second is booked. Which it is depends
    /// on what comes first, and is no difference: their own entries are left out of the comparison, and nothing else.
    deleted: BTreeSet<String>,
    /// What the sales entries under each number did: what is taken out with a deleted document.
    effects: BTreeMap<String, Vec<Effect>>,
}

/// What one row of a sales entry did.
#[derive(Clone, Debug)]
enum Effect {
    Balance(Place, i64),
    Open((i32, String, String), i64),
}

/// Division, customer, GL account and currency.
type Place = (i32, String, String, String);

impl Books {
    pub async fn read(world: &World) -> Self {
        let (invoices, notes) = (world.chargebee.invoices(), world.chargebee.credit_notes());
        let gone = invoices.iter().chain(&notes).filter(|row| row["deleted"] == true).map(|row| text(row, "id"));
        let held = held(world).await;
        let made_again = held.iter().filter(|(_, _, reason)| reason == "DocumentRecreated");
        let made_again = made_again.map(|(number, ..)| number.clone());
        let named: BTreeMap<String, String> =
            notes.iter().map(|note| (text(note, "id"), told(note, CONTENT).join(" "))).collect();
        let mut books = Self {
            deleted: gone.chain(made_again).collect(),
            effects: BTreeMap::new(),
            balances: BTreeMap::new(),
            open: BTreeMap::new(),
            items: BTreeMap::new(),
            booked: BTreeMap::new(),
            invoices: invoices.iter().map(|row| (text(row, "id"), told(row, INVOICE))).collect(),
            notes: counted(notes.iter().map(|note| [told(note, CONTENT), told(note, NOTE)].concat())),
            named,
            money: BTreeMap::new(),
            recorded: BTreeMap::new(),
            held,
        };
        // What was recorded and taken back is as if it had never been.
        for row in world.chargebee.transactions().into_iter().filter(|row| row["deleted"] != true) {
            let reference = word(&row["reference_number"]);
            let lasting = books.lasting(&reference);
            let told = TRANSACTION.iter().map(|name| word(&row[name])).chain([lasting]).collect();
            *books.money.entry(told).or_default() += 1;
            if reference.starts_with(OURS) {
                *books.recorded.entry(reference).or_default() += 1;
            }
        }
        for division in DIVISIONS {
            books.read_division(world, division);
        }
        books
    }

    fn read_division(&mut self, world: &World, division: i32) {
        let accounts = world.exact.accounts(division);
        let mark_of = |id: Uuid| {
            let account = accounts.iter().find(|account| account.id == id);
            account.map(|account| account.search_code.clone()).unwrap_or_default()
        };
        let ledger = world.exact.ledger(division, None);
        let customers: BTreeMap<Uuid, Uuid> =
            ledger.iter().filter_map(|row| Some((row.source_entry, row.account?))).collect();
        let entries = world.exact.entries(division);
        let numbers: BTreeMap<Uuid, String> =
            entries.iter().map(|entry| (entry.entry_id, entry.your_ref.clone())).collect();
        for row in ledger {
            let mark = customers.get(&row.source_entry).map(|account| mark_of(*account)).unwrap_or_default();
            let place = (division, mark, row.gl_account, row.currency);
            *self.balances.entry(place.clone()).or_default() += row.amount;
            if let Some(number) = numbers.get(&row.source_entry) {
                self.effects.entry(number.clone()).or_default().push(Effect::Balance(place, row.amount));
            }
        }
        for item in world.exact.open_items(division) {
            let mark = mark_of(item.account);
            let told = format!(
                "{} {} {} of {}, open {}",
                item.journal, item.entry_number, item.your_ref, item.amount, item.open
            );
            self.items.entry((division, mark.clone())).or_default().push(told);
            *self.open.entry((division, mark, item.currency)).or_default() += item.open;
        }
        for entry in entries {
            let owed = (division, mark_of(entry.customer), entry.currency);
            let effect = Effect::Open(owed, entry.total);
            self.effects.entry(entry.your_ref.clone()).or_default().push(effect);
            *self.booked.entry((division, entry.your_ref, entry.total < 0)).or_default() += 1;
        }
    }

    /// A world in which every side of the accounting has happened: else nothing is proved.
    pub fn assert_full(&self) {
        let paid_by_bank = self.money.keys().filter(|row| row[0] == "payment" && row[1] == "bank_transfer").count();
        let online = self.money.keys().filter(|row| row[1] == "card").count();
        let credits = self.booked.keys().filter(|(_, _, credit)| *credit).count();
        assert!(paid_by_bank > 3 && online > 3 && credits > 3, "{paid_by_bank} {online} {credits}");
        let divisions = DIVISIONS.map(|division| self.booked.keys().filter(|(of, ..)| *of == division).count());
        assert!(divisions.iter().all(|count| *count > 0), "{divisions:?}");
    }

    /// No document is booked twice, and no money recorded twice (I1).
    pub fn assert_nothing_twice(&self) {
        let twice: Vec<_> = self.booked.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "booked more than once: {twice:?}");
        let twice: Vec<_> = self.recorded.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "recorded more than once: {twice:?}");
    }

    pub fn assert_same(&self, other: &Self, when: &str) {
        // Another note may have the number of a deleted one in the other play.
        let of_other = |books: &Self, theirs: &Self| -> BTreeSet<String> {
            let invoices = theirs.deleted.iter().filter(|number| !theirs.named.contains_key(*number));
            books.deleted.iter().chain(invoices).cloned().collect()
        };
        let (one, other) = (self.without(&of_other(self, other)), other.without(&of_other(other, self)));
        same(&one.invoices, &other.invoices, when, "invoices in Chargebee");
        same(&one.notes, &other.notes, when, "credit notes in Chargebee");
        same(&one.money, &other.money, when, "transactions in Chargebee");
        same(&one.lasting_held(), &other.lasting_held(), when, "what is held");
        one.show_accounts_that_differ(&other);
        same(&one.open, &other.open, when, "what is open in Exact Online");
        same(&one.balances, &other.balances, when, "balances in Exact Online");
    }

    /// Without what was booked, or is held, of these documents.
    fn without(&self, deleted: &BTreeSet<String>) -> Self {
        let mut books = self.clone();
        books.held.retain(|(number, ..)| !deleted.contains(number));
        for effect in deleted.iter().filter_map(|number| self.effects.get(number)).flatten() {
            match effect {
                Effect::Balance(place, amount) => *books.balances.entry(place.clone()).or_default() -= amount,
                Effect::Open(owed, amount) => *books.open.entry(owed.clone()).or_default() -= amount,
            }
        }
        books.balances.retain(|_, amount| *amount != 0);
        books.open.retain(|_, amount| *amount != 0);
        books
    }

    /// What is held, by what is the same in each play.
    fn lasting_held(&self) -> BTreeMap<Vec<String>, usize> {
        let told = |(number, kind, reason): &(String, String, String)| {
            vec![self.lasting(number), kind.clone(), reason.clone()]
        };
        counted(self.held.iter().map(told))
    }

    /// A number or reference without what is another in each play: the row's id in a reference, the number of a note.
    fn lasting(&self, reference: &str) -> String {
        let named = |number: &str| self.named.get(number).cloned().unwrap_or_else(|| number.to_owned());
        let Some(rest) = reference.strip_prefix(OURS) else { return named(reference) };
        let (division, rest) = rest.split_once('-').unwrap_or((rest, ""));
        let document = rest.get(32..).unwrap_or_default();
        format!("{OURS}{division}-{}", named(document.strip_prefix('-').unwrap_or(document)))
    }

    fn show_accounts_that_differ(&self, other: &Self) {
        let keys = self.open.keys().chain(other.open.keys());
        for key in keys.filter(|key| self.open.get(*key) != other.open.get(*key)) {
            let account = (key.0, key.1.clone());
            eprintln!("{account:?}: {:#?}\nor {:#?}", self.items.get(&account), other.items.get(&account));
        }
    }
}

/// All that is held, of every kind.
async fn held(world: &World) -> Vec<(String, String, String)> {
    let state = world.state().await;
    let mut all = Vec::new();
    for kind in DOCUMENTS.into_iter().chain([RECEIPT]) {
        let held = state.held_page(kind, "", 10_000).await.unwrap();
        all.extend(held.into_iter().map(|held| (held.number, kind.to_owned(), held.hold.reason.to_string())));
    }
    all
}

const INVOICE: &[&str] =
    &["status", "amount_due", "amount_paid", "amount_adjusted", "credits_applied", "write_off_amount"];
/// What a note is, whatever becomes of it.
const CONTENT: &[&str] =
    &["customer_id", "reference_invoice_id", "type", "create_reason_code", "currency_code", "total"];
const NOTE: &[&str] = &["status", "amount_available", "amount_allocated", "amount_refunded"];
const TRANSACTION: [&str; 5] = ["type", "payment_method", "status", "amount", "customer_id"];
/// How the references of what Koppel records begin: `EX-{division}-{row of the books}-{document}`.
const OURS: &str = "EX-";

/// Attributes of a document. What is open is that, by whichever word: after its due date that depends on what it was before.
fn told(row: &Value, names: &[&str]) -> Vec<String> {
    let told = names.iter().map(|name| match word(&row[*name]).as_str() {
        "posted" | "payment_due" | "not_paid" => "open".to_owned(),
        other => other.to_owned(),
    });
    told.chain([word(&row["deleted"])]).collect()
}

fn counted(rows: impl Iterator<Item = Vec<String>>) -> BTreeMap<Vec<String>, usize> {
    let mut counts = BTreeMap::new();
    rows.for_each(|row| *counts.entry(row).or_default() += 1);
    counts
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Says where they differ, not all that they hold.
fn same<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    one: &BTreeMap<K, V>,
    other: &BTreeMap<K, V>,
    when: &str,
    what: &str,
) {
    let keys: BTreeSet<&K> = one.keys().chain(other.keys()).collect();
    let differ: Vec<_> = keys
        .into_iter()
        .filter(|key| one.get(key) != other.get(key))
        .map(|key| (key, one.get(key), other.get(key)))
        .take(6)
        .collect();
    assert!(differ.is_empty(), "{what} differ in {when}: {differ:#?}");
}
