//! `read/financial/ReceivablesList` and its twin by account: one row per part that is open.

use std::collections::BTreeMap;

use super::TermRow;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::division::Division;

/// The rows: an entry that is not among them is settled. `by_account` is the twin, whose `HID` is shorter.
pub fn outstanding(division: &Division, by_account: bool) -> Vec<BTreeMap<&'static str, Cell>> {
    let mut rows: Vec<(i64, BTreeMap<&'static str, Cell>)> = Vec::new();
    for item in division.subledger.items().filter(|item| !item.is_fully_paid()) {
        for (term, place) in item.terms.iter().zip(0_i64..) {
            if term.closed.is_some() {
                continue;
            }
            // Parts of an item share its number, spread so that every row has one of its own.
            let hid = item.hid * 1_024 + place;
            let key = if by_account { Cell::Int(hid) } else { Cell::Long(hid) };
            let account = if by_account { item.account.to_string().into() } else { Cell::from(item.account) };
            let cell = |property: &str| TermRow { division, item, term }.cell(property);
            rows.push((
                hid,
                BTreeMap::from([
                    ("HID", key),
                    ("Id", term.id.into()),
                    ("AccountId", account),
                    ("AccountCode", cell("AccountCode")),
                    ("AccountName", cell("AccountName")),
                    ("Amount", term.amount.into()),
                    ("AmountInTransit", Cell::Double(0.0)),
                    ("CurrencyCode", cell("Currency")),
                    ("Description", cell("Description")),
                    ("DueDate", cell("DueDate")),
                    ("EntryNumber", cell("EntryNumber")),
                    ("InvoiceDate", cell("InvoiceDate")),
                    ("InvoiceNumber", cell("InvoiceNumber")),
                    ("JournalCode", cell("Journal")),
                    ("JournalDescription", cell("JournalDescription")),
                    ("YourRef", cell("YourRef")),
                ]),
            ));
        }
    }
    rows.sort_by_key(|(hid, _)| *hid);
    rows.into_iter().map(|(_, row)| row).collect()
}
