//! The VAT code of a part of a line, by the rows of `spec.vat`, and whether it agrees with the amounts (E17, E30).

use rust_decimal::Decimal;

use super::case::Case;
use super::position::{Position, supply};
use super::rulebook::{CustomerType, Region, Supply, VatRule, VatWhen};
use super::tax_parts::PartTax;
use crate::domain::country::Country;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{ExemptReason, InvoiceLine};
use crate::domain::master::{VatCode, VatMethod};

/// A VAT code with the reason why it is this one.
#[derive(Clone, Debug)]
pub(super) struct ChosenCode<'a> {
    pub code: &'a VatCode,
    pub why: String,
}

impl ChosenCode<'_> {
    /// The code's line amounts contain the VAT.
    pub fn is_included(&self) -> bool {
        self.code.method == VatMethod::Including
    }
}

/// What the rows ask.
struct Facts<'a> {
    country: Country,
    region: Region,
    customer_type: CustomerType,
    rate: Decimal,
    exempt_reason: Option<&'a ExemptReason>,
    supply: Supply,
}

/// The code of a part of `line`.
pub(super) fn code<'a>(
    case: &'a Case<'_>,
    position: &Position,
    line: &InvoiceLine,
    tax: PartTax,
) -> Result<ChosenCode<'a>, Hold> {
    if tax == PartTax::LeftUntaxed {
        return zero_code(case, "what is left untaxed of a partly taxed line");
    }
    let rate = tax.rate();
    let supply = supply(case, line);
    let facts = Facts {
        country: position.country,
        region: position.region(supply),
        customer_type: position.customer_type,
        rate,
        // A reason not to tax belongs to what is not taxed, should the rest of the line be.
        exempt_reason: line.exempt_reason.as_ref().filter(|_| rate.is_zero()),
        supply,
    };
    let names_untaxed = |row: &VatRule| is_untaxed(case, &row.code);
    if tax == PartTax::BeforeTax && !case.rules().vat.iter().any(|row| holds(&row.when, &facts) && names_untaxed(row)) {
        return zero_code(case, BEFORE_TAX);
    }
    let row = choose(case, line, &facts, |row| tax != PartTax::BeforeTax || names_untaxed(row))?;
    let because = format!("spec.vat[{}] of {}", row.index, case.mapping());
    let code = usable(case, &row.code, &because, Some(line))?;
    check(case, line, position, &facts, code, &because)?;
    Ok(ChosenCode { code, why: format!("{because} ({}): VAT code {}", row.when.describe(), row.code) })
}

/// What [`PartTax::BeforeTax`] is, in the words of an explanation.
pub(super) const BEFORE_TAX: &str = "a store credit, which is granted before tax";

/// Whether a code of the books takes no VAT on the entry's day; one that they do not have may take some.
pub(super) fn is_untaxed(case: &Case<'_>, code: &str) -> bool {
    let code = case.master().vat_codes.get(code);
    code.is_some_and(|code| percent(code, case) == Some(Decimal::ZERO))
}

/// The code of lines without VAT: rounding, and untaxed parts.
pub(super) fn zero_code<'a>(case: &'a Case<'_>, what: &str) -> Result<ChosenCode<'a>, Hold> {
    let mapping = case.mapping();
    let Some(wanted) = case.rules().zero_vat_code.as_deref() else {
        let message = format!("{what} needs the VAT code without VAT, and {mapping} names none");
        let remedy = format!("set spec.exactOnline.zeroVatCode of {mapping}");
        return Err(case.hold(HoldReason::VatCodeUnmapped, message, remedy));
    };
    let because = format!("spec.exactOnline.zeroVatCode of {mapping}");
    let code = usable(case, wanted, &because, None)?;
    if percent(code, case) != Some(Decimal::ZERO) {
        let message = format!("VAT code {wanted} of {because} is not a code of 0 %");
        return Err(case.hold(HoldReason::VatCodeUnmapped, message, format!("change {because} to a code without VAT")));
    }
    Ok(ChosenCode { code, why: format!("{because}, for {what}: VAT code {wanted}") })
}

/// The row with the most conditions that all hold; rows tied at the top that name different codes are an error.
fn choose<'a>(
    case: &'a Case<'_>,
    line: &InvoiceLine,
    facts: &Facts<'_>,
    may: impl Fn(&VatRule) -> bool,
) -> Result<&'a VatRule, Hold> {
    let mut rows: Vec<&VatRule> = case.rules().vat.iter().filter(|row| holds(&row.when, facts) && may(row)).collect();
    let most = rows.iter().map(|row| row.when.conditions()).max();
    rows.retain(|row| Some(row.when.conditions()) == most);
    // By place, so that the order of the rows in memory decides nothing (I8).
    rows.sort_by_key(|row| row.index);
    let Some(first) = rows.first().copied() else { return Err(unmapped(case, line, facts)) };
    let Some(other) = rows.iter().find(|row| row.code != first.code) else { return Ok(first) };
    let (mapping, left, right) = (case.mapping(), first.index, other.index);
    let message = format!(
        "rows spec.vat[{left}] (code {}) and spec.vat[{right}] (code {}) of {mapping} apply equally to {}",
        first.code,
        other.code,
        facts.describe()
    );
    let remedy = format!("add a condition to spec.vat[{left}] or spec.vat[{right}] of {mapping}");
    Err(case.hold_line(line, HoldReason::VatCodeUnmapped, message, remedy))
}

fn holds(when: &VatWhen, facts: &Facts<'_>) -> bool {
    when.country.as_deref().is_none_or(|code| Country::parse(code) == Some(facts.country))
        && when.region.is_none_or(|region| region == facts.region)
        && when.customer_type.is_none_or(|customer_type| customer_type == facts.customer_type)
        && when.rate.is_none_or(|rate| rate == facts.rate)
        && when.exempt_reason.as_ref().is_none_or(|reason| Some(reason) == facts.exempt_reason)
        && when.supply.is_none_or(|supply| supply == facts.supply)
}

impl VatWhen {
    /// Number of conditions given.
    pub(super) fn conditions(&self) -> usize {
        [self.country.is_some(), self.region.is_some(), self.customer_type.is_some()]
            .into_iter()
            .filter(|given| *given)
            .count()
            + [self.rate.is_some(), self.exempt_reason.is_some(), self.supply.is_some()]
                .into_iter()
                .filter(|given| *given)
                .count()
    }

    /// The conditions as the manifest spells them.
    pub(super) fn describe(&self) -> String {
        let parts = [
            self.country.as_ref().map(|country| format!("country: {country}")),
            self.region.map(|region| format!("region: {}", region.as_str())),
            self.customer_type.map(|customer_type| format!("customerType: {customer_type:?}")),
            self.rate.map(|rate| format!("rate: {}", rate.normalize())),
            self.exempt_reason.as_ref().map(|reason| format!("exemptReason: {}", reason_word(reason))),
            self.supply.map(|supply| format!("supply: {supply:?}")),
        ];
        let given: Vec<String> = parts.into_iter().flatten().collect();
        if given.is_empty() { "always".to_owned() } else { given.join(", ") }
    }
}

fn reason_word(reason: &ExemptReason) -> String {
    match reason {
        ExemptReason::Other(word) => super::text::cut(word, 50),
        known => format!("{known:?}"),
    }
}

impl Facts<'_> {
    fn describe(&self) -> String {
        let when = VatWhen {
            country: Some(self.country.code().to_owned()),
            region: Some(self.region),
            customer_type: Some(self.customer_type),
            rate: Some(self.rate),
            exempt_reason: self.exempt_reason.cloned(),
            supply: Some(self.supply),
        };
        when.describe()
    }

    /// The row that would fit these facts and no more than it must.
    fn row_to_add(&self) -> String {
        let when = VatWhen {
            country: Some(self.country.code().to_owned()),
            customer_type: Some(self.customer_type),
            rate: Some(self.rate),
            exempt_reason: self.exempt_reason.cloned(),
            ..VatWhen::default()
        };
        when.describe()
    }
}

fn unmapped(case: &Case<'_>, line: &InvoiceLine, facts: &Facts<'_>) -> Hold {
    let (mapping, division) = (case.mapping(), case.division());
    let message = format!("no row of spec.vat of {mapping} applies to {}", facts.describe());
    let remedy = format!(
        "add a row to spec.vat of {mapping}: when {{{}}} with the VAT code of Exact Online, {division}",
        facts.row_to_add()
    );
    case.hold_line(line, HoldReason::VatCodeUnmapped, message, remedy)
}

/// The code in the books, which must exist, be open and have a percentage on the entry's date.
fn usable<'a>(
    case: &'a Case<'_>,
    wanted: &str,
    because: &str,
    line: Option<&InvoiceLine>,
) -> Result<&'a VatCode, Hold> {
    let division = case.division();
    let problem = match case.master().vat_codes.get(wanted) {
        None => format!("does not exist in {division}"),
        Some(code) if code.blocked => format!("is blocked in {division}"),
        Some(code) if percent(code, case).is_none() => {
            format!("has no percentage on {} in {division}", case.entry_date)
        }
        Some(code) => return Ok(code),
    };
    let message = format!("VAT code {wanted} of {because} {problem}");
    let remedy = format!("change the code in {because}, or the VAT code in Exact Online, {division}");
    Err(match line {
        Some(line) => case.hold_line(line, HoldReason::VatCodeUnmapped, message, remedy),
        None => case.hold(HoldReason::VatCodeUnmapped, message, remedy),
    })
}

/// The percentage that a code puts on amounts on the entry's date; codes without VAT put none.
fn percent(code: &VatCode, case: &Case<'_>) -> Option<Decimal> {
    match code.method {
        VatMethod::BaseOnly | VatMethod::None => Some(Decimal::ZERO),
        VatMethod::Excluding | VatMethod::Including => code.percent_on(case.entry_date),
    }
}

/// Percentage, type, country and listing of the code agree with what billing did.
fn check(
    case: &Case<'_>,
    line: &InvoiceLine,
    position: &Position,
    facts: &Facts<'_>,
    code: &VatCode,
    because: &str,
) -> Result<(), Hold> {
    let name = format!("VAT code {} of {because}", code.code);
    let unmapped = |(message, remedy): (String, String)| {
        Err(case.hold_line(line, HoldReason::VatCodeUnmapped, format!("{name} {message}"), remedy))
    };
    let percent = percent(code, case).unwrap_or_default();
    if percent != facts.rate {
        return unmapped(wrong_rate(case, percent, facts.rate, because));
    }
    if let Some(shop) = code.oss_country.as_deref().filter(|shop| Country::parse(shop) != Some(facts.country)) {
        return unmapped(wrong_shop(shop, facts.country, because));
    }
    if code.eu_sales_listing && facts.region != Region::Eu {
        let message = "is for supplies to other member states, and this one goes elsewhere".to_owned();
        return unmapped((message, format!("give {because} a code without EU sales listing")));
    }
    if code.eu_sales_listing && position.number.is_none() {
        return Err(unlisted(case, line, &name));
    }
    Ok(())
}

fn wrong_rate(case: &Case<'_>, is: Decimal, charged: Decimal, because: &str) -> (String, String) {
    let (is, charged, day) = (is.normalize(), charged.normalize(), case.entry_date);
    let message = format!("is {is} % on {day}, the invoice charges {charged} %");
    (message, format!("give {because} the code of {charged} %, or correct the tax rate in Chargebee"))
}

fn wrong_shop(shop: &str, country: Country, because: &str) -> (String, String) {
    let message = format!("is the one-stop-shop code of {shop}, the customer is in {country}");
    (message, format!("give {because} the code of country {country}"))
}

/// An intra-EU supply is listed under the customer's number.
fn unlisted(case: &Case<'_>, line: &InvoiceLine, name: &str) -> Hold {
    let customer = super::text::cut(&case.invoice.customer, 50);
    let message =
        format!("{name} is listed as an intra-EU supply, and the invoice has no VAT number of customer {customer}");
    let remedy =
        format!("enter the VAT number of customer {customer} in Chargebee, also on this invoice (update details)");
    case.hold_line(line, HoldReason::VatNumberInvalid, message, remedy)
}
