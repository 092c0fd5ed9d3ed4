//! The entry of a document as an invoice that the books issue themselves: every line sells an item (P6).

use rust_decimal::Decimal;
use uuid::Uuid;

use super::context::{BookingContext, PlannedEntry};
use super::text;
use crate::domain::entry::{EntryFields, EntryLine, LineOrigin, SalesEntry};
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{Invoice, InvoiceLine};
use crate::domain::money::Currency;
use crate::domain::sales_invoice::{SalesInvoice, SoldItem};

/// The item of lines that no item of the catalogue stands behind: typed in by hand, discounts, rounding.
#[derive(Clone, Copy, Debug)]
pub struct AdHocItem<'a> {
    /// Its code, as the mapping names it.
    pub code: &'a str,
    /// Its id in the books; none where they have no such item.
    pub id: Option<Uuid>,
}

/// The sales invoice of a planned entry, or the hold of the document where a line has no item. Pure (I8); amounts, VAT
/// codes, dimensions and ranges are the entry's own, so that both forms of booking come to the same (I2).
///
/// # Errors
/// The hold, with the item that is missing and what to do.
pub fn sales_invoice(
    planned: &PlannedEntry,
    invoice: &Invoice,
    context: &BookingContext<'_>,
    ad_hoc: Option<AdHocItem<'_>>,
) -> Result<SalesInvoice, Hold> {
    let entry = &planned.entry;
    let sold = entry.lines.iter().map(|line| {
        let source = source_of(invoice, line);
        let item = item(line, source, invoice, context, ad_hoc)?;
        Ok(sold(item, line, source.filter(|source| is_whole(entry, source)), entry.currency))
    });
    let sold = sold.collect::<Result<_, Hold>>()?;
    // A sales invoice states no rate, the books take their own; and it has no external link.
    let fields = EntryFields { external_link_reference: None, external_link_description: None, ..entry.fields.clone() };
    Ok(SalesInvoice { sold, entry: SalesEntry { rate: None, fields, ..entry.clone() } })
}

/// What of the invoice's own fields a sales invoice has no property for, in words.
pub fn not_on_sales_invoices(entry: &SalesEntry) -> Vec<String> {
    let EntryFields { external_link_reference, external_link_description, .. } = &entry.fields;
    let links = [
        ("ExternalLinkReference", external_link_reference.is_some()),
        ("ExternalLinkDescription", external_link_description.is_some()),
    ];
    let lost = links.into_iter().filter(|(_, filled)| *filled);
    lost.map(|(property, _)| format!("a sales invoice has no {property}, and it was left out")).collect()
}

fn source_of<'a>(invoice: &'a Invoice, line: &EntryLine) -> Option<&'a InvoiceLine> {
    let id = line.source_line.as_deref()?;
    invoice.lines.iter().find(|source| source.id == id)
}

/// Whether the invoice line became one line of the entry: of a split one no part has the quantity of the whole.
fn is_whole(entry: &SalesEntry, source: &InvoiceLine) -> bool {
    let parts = entry.lines.iter().filter(|line| line.source_line.as_deref() == Some(&source.id));
    parts.filter(|line| line.origin == LineOrigin::Revenue).count() == 1
}

fn item(
    line: &EntryLine,
    source: Option<&InvoiceLine>,
    invoice: &Invoice,
    context: &BookingContext<'_>,
    ad_hoc: Option<AdHocItem<'_>>,
) -> Result<Uuid, Hold> {
    let price = source.filter(|_| line.origin == LineOrigin::Revenue).and_then(|source| source.item_price.as_deref());
    let Some(price) = price else { return by_hand(line, invoice, context, ad_hoc) };
    let facts = context.items.get(price);
    facts.and_then(|facts| facts.in_books).ok_or_else(|| {
        let item = facts.map_or(price, |facts| facts.item.as_str());
        let division = context.master.division;
        hold(
            invoice,
            &format!(
                "item {item} of line {:?} is not in division {division}, and a sales invoice sells items",
                line.description
            ),
            format!(
                "turn flows.catalogue of SyncConnection {} on, or make the item in Exact Online",
                context.rulebook.connection
            ),
        )
    })
}

fn by_hand(
    line: &EntryLine,
    invoice: &Invoice,
    context: &BookingContext<'_>,
    ad_hoc: Option<AdHocItem<'_>>,
) -> Result<Uuid, Hold> {
    let setting = format!("spec.exactOnline.adHocItem of EntityMapping {}", context.rulebook.mapping);
    let what = match line.origin {
        LineOrigin::Revenue => "names no item",
        LineOrigin::Discount => "is a discount",
        LineOrigin::Rounding => "is rounding",
    };
    let line = &line.description;
    match ad_hoc {
        Some(AdHocItem { id: Some(id), .. }) => Ok(id),
        Some(AdHocItem { code, id: None }) => {
            let message = format!(
                "line {line:?} {what}, and item {code} of {setting} is not in division {}",
                context.master.division
            );
            Err(hold(invoice, &message, format!("make item {code} in Exact Online, or change {setting}")))
        }
        None => {
            let message = format!("line {line:?} {what}, and a sales invoice sells items");
            Err(hold(invoice, &message, format!("set {setting} to the code of an item for such lines")))
        }
    }
}

fn hold(invoice: &Invoice, message: &str, remedy: String) -> Hold {
    let number = text::cut(&invoice.number, 50);
    Hold::new(HoldReason::WaitingFor, format!("invoice {number}: {message}"), remedy)
}

/// Quantity and price as billed where they make the amount in whole cents; else one of it at the whole amount, since a
/// price that had to be rounded would make another amount. What takes something off is a negative quantity.
fn sold(item: Uuid, line: &EntryLine, source: Option<&InvoiceLine>, currency: Currency) -> SoldItem {
    let amount = if line.vat_included { line.net + line.vat } else { line.net }.to_decimal(currency);
    let one = if amount.is_sign_negative() { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let billed = source.and_then(|source| source.quantity).filter(|quantity| *quantity > Decimal::ZERO);
    let quantity = billed.map(|quantity| quantity * one).filter(|quantity| is_exact(amount, *quantity, currency));
    let quantity = quantity.unwrap_or(one).normalize();
    SoldItem { item, quantity, price: amount.checked_div(quantity).unwrap_or(amount).normalize() }
}

fn is_exact(amount: Decimal, quantity: Decimal, currency: Currency) -> bool {
    let cents = crate::domain::money::Amount(1).to_decimal(currency).scale();
    let price = amount.checked_div(quantity).filter(|price| price.round_dp(cents) == *price);
    price.and_then(|price| price.checked_mul(quantity)).is_some_and(|whole| whole == amount)
}
