//! VAT of a sales line: by code and date, with the override that the vendor allows within reason.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::sandbox::exact::body::Body;
use crate::sandbox::exact::books::Entry;
use crate::sandbox::exact::cell::Cell;
use crate::sandbox::exact::division::Division;
use crate::sandbox::exact::money::Cents;
use crate::sandbox::exact::refusal::{Field, Refusal};

/// An override may differ from the computed VAT by this, or by half a percent of the net amount if that is more.
const TOLERANCE: Cents = Cents(5);

/// What a line's VAT comes to.
#[derive(Clone, Debug, Default)]
pub struct LineVat {
    pub code: String,
    pub percentage: Decimal,
    pub net: Cents,
    pub vat: Cents,
}

/// The VAT of `amount` under `code`, with the line's override. Without a code there is none.
pub fn of_line(division: &Division, code: &str, amount: Cents, body: &Body, day: Date) -> Result<LineVat, Refusal> {
    let sent = body.value("VATAmountFC").and_then(Cents::from_json);
    if code.is_empty() {
        return match sent {
            Some(vat) if vat != Cents::ZERO => Err(Refusal::Mandatory(Field::VatCode)),
            _ => Ok(LineVat { net: amount, ..LineVat::default() }),
        };
    }
    let row = division.table("vat/VATCodes").by_code(code).ok_or(Refusal::InvalidReference(Field::VatCode))?;
    if row.flag("IsBlocked") {
        return Err(Refusal::Blocked(Field::VatCode));
    }
    if row.text("VATTransactionType") == "P" {
        return Err(Refusal::NotAllowed(Field::VatCode));
    }
    let percentage = percentage(division, row.id, day).ok_or(Refusal::Invalid(Field::VatPercentage))?;
    let percentage = if matches!(row.text("Type"), "E" | "I") { percentage } else { Decimal::ZERO };
    check_sent_percentage(body, percentage)?;
    let including = row.text("Type") == "I";
    let computed =
        if including { amount.times(percentage / (Decimal::ONE + percentage)) } else { amount.times(percentage) };
    let vat = sent.unwrap_or(computed);
    let net = if including { amount - vat } else { amount };
    check_plausible(vat, computed, net, percentage)?;
    Ok(LineVat { code: code.to_owned(), percentage, net, vat })
}

/// The percentage of a code on a day, as a fraction.
fn percentage(division: &Division, code: uuid::Uuid, day: Date) -> Option<Decimal> {
    let table = division.table("vat/VatPercentages");
    let rows = table.lookup("VATCodeID", &Cell::Guid(code))?;
    let holds = |row: &&crate::sandbox::exact::table::Record| {
        row.cell("StartDate").date().is_none_or(|start| start <= day)
            && row.cell("EndDate").date().is_none_or(|end| day <= end)
    };
    let row = rows.into_iter().filter_map(|id| table.get(id)).find(holds)?;
    if let Cell::Double(fraction) = row.cell("Percentage") { Decimal::try_from(fraction).ok() } else { None }
}

/// `VATPercentage` is for internal use: the vendor takes it above zero only, and only the code's own.
fn check_sent_percentage(body: &Body, percentage: Decimal) -> Result<(), Refusal> {
    let Cell::Double(sent) = body.cell("VATPercentage") else { return Ok(()) };
    let own = f64::try_from(percentage).unwrap_or(0.0);
    if sent > 0.0 && (sent - own).abs() < 1e-9 { Ok(()) } else { Err(Refusal::Invalid(Field::VatPercentage)) }
}

fn check_plausible(vat: Cents, computed: Cents, net: Cents, percentage: Decimal) -> Result<(), Refusal> {
    let half_percent = net.times(Decimal::new(5, 3)).abs();
    let allowed = if percentage.is_zero() { Cents::ZERO } else { TOLERANCE.max(half_percent) };
    if (vat - computed).abs() <= allowed { Ok(()) } else { Err(Refusal::Invalid(Field::VatPercentage)) }
}

/// `VATAmountFC` of the head overrides the entry's total VAT: the difference goes to the first line that has VAT.
pub fn override_total(entry: &mut Entry, body: &Body) -> Result<(), Refusal> {
    let Some(sent) = body.value("VATAmountFC").and_then(Cents::from_json) else { return Ok(()) };
    let difference = sent - entry.vat();
    if difference == Cents::ZERO {
        return Ok(());
    }
    let line = entry.lines.iter_mut().find(|line| !line.percentage.is_zero());
    let line = line.ok_or(Refusal::Invalid(Field::VatPercentage))?;
    check_plausible(line.vat + difference, line.vat, line.net, line.percentage)?;
    line.vat += difference;
    Ok(())
}
