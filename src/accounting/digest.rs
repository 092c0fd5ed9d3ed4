//! The digest of what is sent (I5, N3): a payload that was refused is known again by it, and not sent until it changes.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::calendar::DateRange;
use crate::domain::entry::{EntryFields, EntryKind, EntryLine, LineOrigin, SalesEntry};

/// Digest of an entry with the customer's `account` in the books: 64 hexadecimal digits. Two entries have the same digest
/// only where all that is sent of them is the same; a rate of 1.1 is one of 1.10.
pub fn books_digest(entry: &SalesEntry, account: Uuid) -> String {
    let mut bytes = Canonical::default();
    bytes.text("sales entry 1");
    bytes.text(&account.to_string());
    head(&mut bytes, entry);
    for line in &entry.lines {
        of_line(&mut bytes, line);
    }
    bytes.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

// All functions name every field, so that a new one cannot be forgotten: the compiler asks for it.
fn head(bytes: &mut Canonical, entry: &SalesEntry) {
    let SalesEntry {
        kind,
        journal,
        customer,
        your_ref,
        description,
        entry_date,
        due_date,
        payment_condition,
        currency,
        rate,
        reporting,
        lines,
        fields,
    } = entry;
    bytes.text(match kind {
        EntryKind::Sales => "sales",
        EntryKind::Credit => "credit",
    });
    for text in [journal, customer, your_ref, description] {
        bytes.text(text);
    }
    bytes.text(&entry_date.to_string());
    bytes.option(due_date.map(|due| due.to_string()).as_deref());
    bytes.option(payment_condition.as_deref());
    bytes.text(currency.code());
    bytes.option(rate.map(|rate| rate.normalize().to_string()).as_deref());
    bytes.text(&reporting.to_string());
    bytes.text(&lines.len().to_string());
    // Entries without any have the digests that they had before there were any.
    if !fields.is_empty() {
        of_fields(bytes, fields);
    }
}

fn of_fields(bytes: &mut Canonical, fields: &EntryFields) {
    let EntryFields { payment_reference, order_number, external_link_reference, external_link_description, notes } =
        fields;
    bytes.option(payment_reference.as_deref());
    bytes.option(order_number.map(|number| number.to_string()).as_deref());
    bytes.option(external_link_reference.as_deref());
    bytes.option(external_link_description.as_deref());
    bytes.option(notes.as_deref());
}

fn of_line(bytes: &mut Canonical, line: &EntryLine) {
    let EntryLine {
        origin,
        source_line,
        account,
        net,
        vat,
        vat_code,
        vat_included,
        cost_center,
        cost_unit,
        deferral,
        description,
        // Stays with us.
        credits: _,
    } = line;
    bytes.text(match origin {
        LineOrigin::Revenue => "revenue",
        LineOrigin::Discount => "discount",
        LineOrigin::Rounding => "rounding",
    });
    bytes.option(source_line.as_deref());
    bytes.text(&account.id.to_string());
    bytes.text(&account.code);
    bytes.text(&net.0.to_string());
    bytes.text(&vat.0.to_string());
    bytes.text(vat_code);
    bytes.text(if *vat_included { "included" } else { "excluded" });
    bytes.option(cost_center.as_deref());
    bytes.option(cost_unit.as_deref());
    bytes.option(deferral.map(|DateRange { from, to }| format!("{from}..{to}")).as_deref());
    bytes.text(description);
}

/// Texts with their lengths in front, so that no two different lists of texts make the same bytes.
#[derive(Default)]
struct Canonical(Sha256);

impl Canonical {
    fn text(&mut self, text: &str) {
        self.0.update(format!("{}:", text.len()));
        self.0.update(text);
    }

    fn option(&mut self, text: Option<&str>) {
        match text {
            None => self.0.update("-"),
            Some(text) => self.text(text),
        }
    }
}
