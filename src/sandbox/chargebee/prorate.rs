//! The lines of a credit note: a part of an invoice's lines with the same part of their discounts and taxes, so that
//! every sum comes out to the minor unit.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::rows::{list, number, share, text};

/// Lines with their discounts and taxes, and the sums over them.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pub lines: Vec<Value>,
    pub taxes: Vec<Value>,
    pub discounts: Vec<Value>,
    /// Line amounts less discounts.
    pub sub_total: i64,
    pub tax: i64,
}

/// A line's amount after its discounts.
pub(super) fn net_of(line: &Value) -> i64 {
    number(line, "amount") - number(line, "discount_amount")
}

/// What a line adds to the document's total: with its tax, unless the amount holds it already.
pub(super) fn gross_of(invoice: &Value, line: &Value) -> i64 {
    net_of(line) + if is_inclusive(invoice) { 0 } else { number(line, "tax_amount") }
}

fn is_inclusive(invoice: &Value) -> bool {
    text(invoice, "price_type") == "tax_inclusive"
}

/// Lines of together `total`, each line of the invoice giving its part; and the part of the invoice's rounding, which
/// is in `total` too.
pub(super) fn of_total(invoice: &Value, total: i64, prefix: &str) -> (Body, i64) {
    let lines: Vec<&Value> = list(invoice, "line_items").iter().filter(|line| gross_of(invoice, line) != 0).collect();
    let exact: i64 = lines.iter().map(|line| gross_of(invoice, line)).sum();
    let rounding = share(number(invoice, "total") - exact, total, number(invoice, "total"));
    let mut body = Body::default();
    let (mut left, mut of) = (total - rounding, exact);
    for (index, line) in lines.into_iter().enumerate() {
        // What is left is shared by what is left of the invoice, so that the last line takes the rest.
        let whole = gross_of(invoice, line);
        let gross = share(left, whole, of);
        (left, of) = (left - gross, of - whole);
        let tax = share(number(line, "tax_amount"), gross, whole);
        let net = gross - if is_inclusive(invoice) { 0 } else { tax };
        body.add(invoice, line, net, tax, &format!("{prefix}{index}"));
    }
    (body, rounding)
}

impl Body {
    /// Credits `net` of an invoice's line, with the part of its tax that goes with it.
    pub(super) fn credit(&mut self, invoice: &Value, line: &Value, net: i64, id: &str) {
        let tax = share(number(line, "tax_amount"), net, net_of(line));
        self.add(invoice, line, net, tax, id);
    }

    /// The same lines without their taxes: what is granted before tax has none.
    pub(super) fn before_tax(mut self) -> Self {
        for line in &mut self.lines {
            (line["is_taxed"], line["tax_amount"]) = (false.into(), 0.into());
            line.as_object_mut().map(|row| row.remove("tax_rate"));
        }
        Self { taxes: Vec::new(), tax: 0, ..self }
    }

    fn add(&mut self, invoice: &Value, line: &Value, net: i64, tax: i64, id: &str) {
        let discounts = self.discount(invoice, line, net, id);
        let base = net - if is_inclusive(invoice) { tax } else { 0 };
        self.taxes.extend(tax_rows(invoice, line, (base, tax), id));
        let mut credited = line.clone();
        let is_whole = net == net_of(line);
        (credited["id"], credited["reference_line_item_id"]) = (id.into(), line["id"].clone());
        (credited["amount"], credited["discount_amount"]) = ((net + discounts).into(), discounts.into());
        (credited["tax_amount"], credited["object"]) = (tax.into(), "line_item".into());
        if !is_whole {
            (credited["unit_amount"], credited["quantity"]) = ((net + discounts).into(), 1.into());
            let item_level = share(number(line, "item_level_discount_amount"), net, net_of(line));
            credited["item_level_discount_amount"] = item_level.into();
            for name in ["quantity_in_decimal", "unit_amount_in_decimal", "amount_in_decimal"] {
                credited.as_object_mut().map(|row| row.remove(name));
            }
        }
        self.lines.push(credited);
        self.sub_total += net;
        self.tax += tax;
    }

    /// The part of each of the line's discounts; gives their sum.
    fn discount(&mut self, invoice: &Value, line: &Value, net: i64, id: &str) -> i64 {
        let mut sum = 0;
        for discount in list(invoice, "line_item_discounts").iter().filter(|row| row["line_item_id"] == line["id"]) {
            let amount = share(number(discount, "discount_amount"), net, net_of(line));
            let mut row = discount.clone();
            (row["line_item_id"], row["discount_amount"]) = (id.into(), amount.into());
            self.discounts.push(row);
            sum += amount;
        }
        sum
    }

    /// The document's taxes: one row per name.
    pub(super) fn tax_rows(&self) -> Value {
        let mut sums = BTreeMap::<&str, i64>::new();
        for row in &self.taxes {
            *sums.entry(text(row, "tax_name")).or_default() += number(row, "tax_amount");
        }
        sums.into_iter().map(|(name, amount)| json!({"name": name, "amount": amount, "object": "tax"})).collect()
    }

    /// The document's discounts: one row per kind and coupon.
    pub(super) fn discount_rows(&self) -> Value {
        let mut sums = BTreeMap::<(&str, &str), i64>::new();
        for row in &self.discounts {
            let key = (text(row, "discount_type"), text(row, "entity_id"));
            *sums.entry(key).or_default() += number(row, "discount_amount");
        }
        let row = |((kind, entity), amount): ((&str, &str), i64)| {
            let mut row = json!({"amount": amount, "description": entity, "entity_type": kind, "object": "discount"});
            if !entity.is_empty() {
                row["entity_id"] = entity.into();
            }
            row
        };
        sums.into_iter().map(row).collect()
    }
}

/// The line's tax rows for a part of its base and its tax. The last row takes the rest of the tax, and of the base where
/// the rows cover the whole line.
fn tax_rows(invoice: &Value, line: &Value, (base, tax): (i64, i64), id: &str) -> Vec<Value> {
    let rows: Vec<&Value> =
        list(invoice, "line_item_taxes").iter().filter(|row| row["line_item_id"] == line["id"]).collect();
    let own = |name: &str| rows.iter().map(|row| number(row, name)).sum::<i64>();
    let (taxable, taxed) = (own("taxable_amount"), own("tax_amount"));
    let line_base = net_of(line) - if is_inclusive(invoice) { number(line, "tax_amount") } else { 0 };
    let mut left = (if taxable == line_base { base } else { share(taxable, base, line_base) }, tax);
    let mut of = (taxable, taxed);
    let part = |row: &&Value| {
        let (row_base, row_tax) = (number(row, "taxable_amount"), number(row, "tax_amount"));
        let part = (share(left.0, row_base, of.0), share(left.1, row_tax, of.1));
        left = (left.0 - part.0, left.1 - part.1);
        of = (of.0 - row_base, of.1 - row_tax);
        let mut credited = (*row).clone();
        (credited["line_item_id"], credited["taxable_amount"]) = (id.into(), part.0.into());
        credited["tax_amount"] = part.1.into();
        credited
    };
    rows.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lines, the first of two rates and with a coupon, rounded to five cents.
    fn invoice() -> Value {
        json!({
            "id": "INV-1", "price_type": "tax_exclusive", "sub_total": 29_997, "tax": 5_100, "total": 35_095,
            "line_items": [
                {"id": "a", "amount": 11_110, "discount_amount": 1_111, "tax_amount": 1_620, "quantity": 3},
                {"id": "b", "amount": 19_998, "discount_amount": 0, "tax_amount": 3_480, "quantity": 2},
            ],
            "line_item_discounts": [{"line_item_id": "a", "discount_type": "item_level_coupon", "entity_id": "C",
                "discount_amount": 1_111}],
            "line_item_taxes": [
                {"line_item_id": "a", "tax_name": "BTW", "taxable_amount": 5_999, "tax_amount": 1_260},
                {"line_item_id": "a", "tax_name": "BTW", "taxable_amount": 4_000, "tax_amount": 360},
                {"line_item_id": "b", "tax_name": "BTW", "taxable_amount": 19_998, "tax_amount": 3_480},
            ],
        })
    }

    #[test]
    fn the_whole_is_the_invoice_itself() {
        let (body, rounding) = of_total(&invoice(), 35_095, "li_n");
        assert_eq!((body.sub_total, body.tax, rounding), (29_997, 5_100, -2));
        assert_eq!((&body.lines[0]["amount"], &body.lines[0]["quantity"]), (&json!(11_110), &json!(3)));
        assert_eq!((&body.discounts[0]["discount_amount"], &body.taxes[1]["tax_amount"]), (&json!(1_111), &json!(360)));
    }

    #[test]
    fn every_part_adds_up_to_what_was_asked_for() {
        for total in [1, 2, 7, 99, 1_000, 12_345, 35_094] {
            let (body, rounding) = of_total(&invoice(), total, "li_n");
            assert_eq!(body.sub_total + body.tax + rounding, total, "of {total}");
            let tax: i64 = body.taxes.iter().map(|row| number(row, "tax_amount")).sum();
            let lines: i64 = body.lines.iter().map(|line| number(line, "tax_amount")).sum();
            assert_eq!((tax, lines), (body.tax, body.tax), "taxes of {total}");
            let net: i64 = body.lines.iter().map(net_of).sum();
            assert_eq!(net, body.sub_total, "nets of {total}");
        }
    }

    #[test]
    fn a_part_of_a_line_takes_its_part_of_discount_and_taxes() {
        let (invoice, mut body) = (invoice(), Body::default());
        body.credit(&invoice, &invoice["line_items"][0], 5_000, "li_x");
        assert_eq!((body.sub_total, body.tax), (5_000, 810));
        assert_eq!((&body.lines[0]["amount"], &body.lines[0]["discount_amount"]), (&json!(5_556), &json!(556)));
        let bases: i64 = body.taxes.iter().map(|row| number(row, "taxable_amount")).sum();
        assert_eq!(bases, 5_000);
    }
}
