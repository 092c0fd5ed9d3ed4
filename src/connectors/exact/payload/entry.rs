//! The bytes of a sales entry. The same entry gives the same bytes (I8); amounts are written exactly (I2).

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Body, Terms, text};
use crate::connectors::exact::number::json_number;
use crate::connectors::exact::query::day;
use crate::domain::entry::{EntryKind, EntryLine, SalesEntry};

/// The vendor's type of a credit sales entry; an ordinary one is what it makes without being told.
const CREDIT: i32 = 21;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    customer: Uuid,
    journal: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<i32>,
    your_ref: &'a str,
    description: String,
    entry_date: String,
    #[serde(flatten)]
    terms: Terms<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<Box<RawValue>>,
    reporting_year: i16,
    reporting_period: i16,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_number: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_link_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_link_description: Option<&'a str>,
    sales_entry_lines: Vec<Line<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    #[serde(rename = "GLAccount")]
    gl_account: Uuid,
    #[serde(flatten)]
    body: Body<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<&'a str>,
}

/// The body that [`create_sales_entry`](super::ExactClient::create_sales_entry) sends, byte for byte.
pub fn sales_entry_payload(entry: &SalesEntry, account: Uuid) -> String {
    sales_entry_payload_with(entry, account, None)
}

/// The same with a document tied to the entry.
pub(in crate::connectors::exact) fn sales_entry_payload_with(
    entry: &SalesEntry,
    account: Uuid,
    document: Option<Uuid>,
) -> String {
    let wire = Entry {
        customer: account,
        journal: &entry.journal,
        r#type: (entry.kind == EntryKind::Credit).then_some(CREDIT),
        your_ref: &entry.your_ref,
        description: text(&entry.description),
        entry_date: day(entry.entry_date),
        terms: Terms::of(entry),
        document,
        rate: entry.rate.map(json_number),
        reporting_year: entry.reporting.year,
        reporting_period: entry.reporting.period,
        payment_reference: entry.fields.payment_reference.as_deref(),
        order_number: entry.fields.order_number,
        external_link_reference: entry.fields.external_link_reference.as_deref(),
        external_link_description: entry.fields.external_link_description.as_deref(),
        sales_entry_lines: entry.lines.iter().map(|line| wire_line(line, entry)).collect(),
    };
    // A struct of texts and numbers always has a JSON form.
    serde_json::to_string(&wire).unwrap_or_default()
}

fn wire_line<'a>(line: &'a EntryLine, entry: &'a SalesEntry) -> Line<'a> {
    Line {
        gl_account: line.account.id,
        body: Body::of(line, entry.currency),
        from: line.deferral.map(|range| day(range.from)),
        to: line.deferral.map(|range| day(range.to)),
        notes: entry.fields.notes.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::domain::calendar::DateRange;
    use crate::domain::entry::{AccountRef, EntryFields, LineOrigin, PeriodKey};
    use crate::domain::money::{Amount, Currency};

    fn line(net: i64, vat: i64, vat_included: bool) -> EntryLine {
        EntryLine {
            origin: LineOrigin::Revenue,
            source_line: Some("li_1".into()),
            account: AccountRef { id: Uuid::from_u128(8000), code: "8000".into() },
            net: Amount(net),
            vat: Amount(vat),
            vat_code: "2".into(),
            vat_included,
            cost_center: None,
            cost_unit: None,
            deferral: None,
            description: "Plan \"Groei\"".into(),
            credits: None,
        }
    }

    fn entry(kind: EntryKind, lines: Vec<EntryLine>) -> SalesEntry {
        SalesEntry {
            kind,
            journal: "70".into(),
            customer: "cust".into(),
            your_ref: "INV-1".into(),
            description: "é".repeat(80),
            entry_date: Date::constant(2026, 1, 31),
            due_date: Some(Date::constant(2026, 3, 2)),
            payment_condition: Some("30".into()),
            currency: Currency::EUR,
            rate: None,
            reporting: PeriodKey { year: 2026, period: 2 },
            lines,
            fields: EntryFields::default(),
        }
    }

    fn json(entry: &SalesEntry) -> serde_json::Value {
        serde_json::from_str(&sales_entry_payload(entry, Uuid::from_u128(1))).unwrap()
    }

    #[test]
    fn the_bytes_are_fixed() {
        let mut deferred = line(10_000, 2_100, false);
        deferred.deferral = DateRange::new(Date::constant(2026, 2, 1), Date::constant(2027, 1, 31));
        deferred.cost_center = Some("KP1".into());
        let entry = SalesEntry { description: "Factuur".into(), ..entry(EntryKind::Sales, vec![deferred]) };
        let expected = concat!(
            r#"{"Customer":"00000000-0000-0000-0000-000000000001","Journal":"70","YourRef":"INV-1","Description":"Factuur","#,
            r#""EntryDate":"2026-01-31T00:00:00","DueDate":"2026-03-02T00:00:00","PaymentCondition":"30","Currency":"EUR","#,
            r#""ReportingYear":2026,"ReportingPeriod":2,"SalesEntryLines":[{"#,
            r#""GLAccount":"00000000-0000-0000-0000-000000001f40","AmountFC":100,"VATCode":"2","VATAmountFC":21,"#,
            r#""Description":"Plan \"Groei\"","CostCenter":"KP1","From":"2026-02-01T00:00:00","To":"2027-01-31T00:00:00"}]}"#,
        );
        assert_eq!(sales_entry_payload(&entry, Uuid::from_u128(1)), expected);
        assert_eq!(sales_entry_payload(&entry.clone(), Uuid::from_u128(1)), expected);
    }

    #[test]
    fn an_including_code_carries_the_vat_in_the_amount() {
        let body = sales_entry_payload(
            &entry(EntryKind::Sales, vec![line(8_264, 1_736, true), line(8_264, 1_735, false)]),
            Uuid::nil(),
        );
        assert!(body.contains(r#""AmountFC":100,"VATCode":"2","VATAmountFC":17.36"#), "{body}");
        assert!(body.contains(r#""AmountFC":82.64,"VATCode":"2","VATAmountFC":17.35"#), "{body}");
    }

    #[test]
    fn a_credit_says_so_and_is_negative() {
        let value = json(&entry(EntryKind::Credit, vec![line(-10_000, -2_100, false)]));
        assert_eq!(value["Type"], 21);
        assert_eq!(value["SalesEntryLines"][0]["AmountFC"], -100);
        assert_eq!(json(&entry(EntryKind::Sales, vec![])).get("Type"), None);
    }

    #[test]
    fn fields_of_a_mapping_stand_on_the_entry_and_its_lines_p5() {
        let fields = EntryFields {
            payment_reference: Some("PO 77".into()),
            order_number: Some(77),
            external_link_reference: Some("ext".into()),
            external_link_description: Some("link".into()),
            notes: Some("Noord".into()),
        };
        let value = json(&SalesEntry { fields, ..entry(EntryKind::Sales, vec![line(100, 21, false)]) });
        let head =
            ["PaymentReference", "ExternalLinkReference", "ExternalLinkDescription"].map(|name| value[name].clone());
        assert_eq!(head, ["PO 77", "ext", "link"]);
        assert_eq!(
            (value["OrderNumber"].as_i64(), value["SalesEntryLines"][0]["Notes"].as_str()),
            (Some(77), Some("Noord"))
        );
    }

    #[test]
    fn a_rate_is_exact_and_a_long_text_is_cut_between_characters() {
        let rate = SalesEntry { rate: Some("0.87654321".parse().unwrap()), ..entry(EntryKind::Sales, vec![]) };
        assert!(sales_entry_payload(&rate, Uuid::nil()).contains(r#""Rate":0.87654321,"#));
        assert_eq!(json(&rate)["Description"].as_str().unwrap().chars().count(), 60);
    }

    #[test]
    fn the_largest_amount_keeps_its_cents() {
        let body =
            sales_entry_payload(&entry(EntryKind::Sales, vec![line(999_999_999_999_999, 0, false)]), Uuid::nil());
        assert!(body.contains(r#""AmountFC":9999999999999.99"#), "{body}");
    }
}
