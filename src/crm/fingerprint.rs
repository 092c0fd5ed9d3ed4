//! Whether a record has changed since it was sent. What has not is not sent again, which spares the target's limits and
//! keeps the date of change in the CRM true.

use std::fmt;

use rust_decimal::RoundingStrategy;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::tables::{self, ColumnType};
use crate::domain::record::{Record, Value};

/// A digest of everything of a record that is written: equal for equal rows, whatever was read in between. The counters
/// of the billing system are left out, for a change of them alone changes nothing that anybody sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Fingerprint {
    /// The fingerprint of `record` as its table keeps it, and of what is written beside it, such as its owner.
    pub fn of(record: &Record, beside: &[&str]) -> Self {
        let mut digest = Lines(Sha256::new());
        digest.line("id", &record.id);
        digest.line("entity", record.business_entity.as_deref().unwrap_or_default());
        digest.line("currency", record.currency.as_ref().map_or("", |currency| currency.code()));
        digest.line("deleted", if record.deleted { "1" } else { "0" });
        let table = tables::of(record.kind);
        for (field, value) in &record.values {
            let decimals = match table.column(field).map(|column| column.column_type) {
                Some(ColumnType::Decimal { decimals }) => u32::from(decimals),
                _ => 28,
            };
            let (kind, text) = spell(value, decimals);
            digest.line(&format!("{kind} {field}"), &text);
        }
        for (field, link) in &record.links {
            digest.line(&format!("link {field} {}", link.kind), &link.id);
        }
        for text in beside {
            digest.line("beside", text);
        }
        Self(digest.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A digest of names and values, each with its length before it: no value can pass for another's name.
struct Lines(Sha256);

impl Lines {
    fn line(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            self.0.update((text.len() as u64).to_be_bytes());
            self.0.update(text);
        }
    }
}

/// One value as text, equal for values that the target keeps alike.
fn spell(value: &Value, decimals: u32) -> (&'static str, String) {
    match value {
        Value::Text(text) => ("text", text.clone()),
        Value::Money(amount) => ("money", amount.0.to_string()),
        Value::Decimal(number) => {
            let kept = number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
            ("decimal", kept.normalize().to_string())
        }
        Value::Integer(number) => ("integer", number.to_string()),
        Value::Flag(flag) => ("flag", flag.to_string()),
        // The target keeps whole seconds.
        Value::Instant(instant) => ("instant", instant.as_second().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::record::RecordKind;

    fn line() -> Record {
        let mut record = Record::new(RecordKind::InvoiceLine, "INV-1/li1");
        record.set("quantity", Some(Decimal::new(15, 1)));
        record.set("description", Some("Plan"));
        record.resource_version = Some(7);
        record
    }

    fn of(record: &Record) -> Fingerprint {
        Fingerprint::of(record, &[])
    }

    #[test]
    fn what_the_target_keeps_alike_is_alike() {
        let mut other = line();
        other.values.insert("quantity", Value::Decimal("1.500000000001".parse().unwrap()));
        (other.resource_version, other.updated_at) = (Some(8), Some(jiff::Timestamp::UNIX_EPOCH));
        assert_eq!(of(&line()), of(&other));
    }

    #[test]
    fn every_part_counts() {
        let changes: [fn(&mut Record); 8] = [
            |record| record.id.push('x'),
            |record| record.deleted = true,
            |record| record.business_entity = Some("nl".to_owned()),
            |record| record.set("quantity", Some(Decimal::TWO)),
            |record| record.set("position", Some(1_i64)),
            |record| record.link("invoice", RecordKind::Invoice, Some("INV-1")),
            |record| drop(record.values.remove("description")),
            |record| record.set("description", Some("plan")),
        ];
        let mut seen = vec![of(&line()), Fingerprint::of(&line(), &["owner"])];
        for change in changes {
            let mut record = line();
            change(&mut record);
            assert!(!seen.contains(&of(&record)));
            seen.push(of(&record));
        }
    }
}
