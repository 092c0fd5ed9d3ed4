//! An entry in words, whole: its head as an accountant reads it, and one line for each of its own.

use koppel::domain::entry::{EntryFields, LineOrigin, SalesEntry};

/// Head and lines: everything that the books get of the entry.
pub fn whole(entry: &SalesEntry) -> Vec<String> {
    let mut words = vec![head(entry)];
    words.extend(shown(entry));
    words
}

/// `Sales 70 INV-1 acme 2026-12-15 due 2026-12-29 terms 14 in 2026-12 EUR | INV-1 Acme B.V.`
fn head(entry: &SalesEntry) -> String {
    let due = entry.due_date.map(|day| format!(" due {day}")).unwrap_or_default();
    let terms = entry.payment_condition.as_deref().map(|code| format!(" terms {code}")).unwrap_or_default();
    let rate = entry.rate.map(|rate| format!(" at {rate}")).unwrap_or_default();
    format!(
        "{:?} {} {} {} {}{due}{terms} in {} {}{rate} | {}{}",
        entry.kind,
        entry.journal,
        entry.your_ref,
        entry.customer,
        entry.entry_date,
        entry.reporting,
        entry.currency,
        entry.description,
        fields(&entry.fields)
    )
}

/// ` | reference PO 77 | order 12`, of those that are filled.
fn fields(fields: &EntryFields) -> String {
    let order = fields.order_number.map(|number| number.to_string());
    let named = [
        ("reference", fields.payment_reference.as_deref()),
        ("order", order.as_deref()),
        ("link", fields.external_link_reference.as_deref()),
        ("link text", fields.external_link_description.as_deref()),
        ("notes", fields.notes.as_deref()),
    ];
    named.into_iter().filter_map(|(name, value)| value.map(|value| format!(" | {name} {value}"))).collect()
}

/// `R 8000 -600.00 -126.00 code 2 @NL/ABO | 2026-07-01..2026-12-31 | Line team-eur-yearly`: R for revenue, D for a discount,
/// X for rounding; account, net, VAT, VAT code, cost centre and unit, `From` and `To`, description.
pub fn shown(entry: &SalesEntry) -> Vec<String> {
    let lines = entry.lines.iter().map(|line| {
        let origin = match line.origin {
            LineOrigin::Revenue => "R",
            LineOrigin::Discount => "D",
            LineOrigin::Rounding => "X",
        };
        let (net, vat) = (line.net.to_decimal(entry.currency), line.vat.to_decimal(entry.currency));
        let included = if line.vat_included { " included" } else { "" };
        let dimensions = match (line.cost_center.as_deref(), line.cost_unit.as_deref()) {
            (None, None) => String::new(),
            (Some(center), None) => format!(" @{center}"),
            (center, Some(unit)) => format!(" @{}/{unit}", center.unwrap_or_default()),
        };
        let range = line.deferral.map_or(String::new(), |range| format!(" | {}..{}", range.from, range.to));
        format!(
            "{origin} {} {net} {vat} code {}{included}{dimensions}{range} | {}",
            line.account.code, line.vat_code, line.description
        )
    });
    lines.collect()
}
