//! The customer's place for VAT, as it stands on the invoice itself: where (the billing address decides) and who (a number
//! that passes format and check digits makes a business).

use super::case::Case;
use super::rulebook::{CustomerType, Region, Supply};
use super::text;
use crate::domain::country::Country;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::{ExemptReason, InvoiceLine};
use crate::domain::vat_number::{VatNumber, VatNumberError};

/// Where and who the customer is.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub country: Country,
    pub home: Country,
    pub customer_type: CustomerType,
    pub number: Option<VatNumber>,
}

impl Position {
    /// Seen from the administration, for what is supplied.
    pub fn region(&self, supply: Supply) -> Region {
        region(self.country, self.home, supply)
    }
}

/// Where `country` is, seen from `home`. Northern Ireland belongs to the union's VAT area for goods only.
pub(super) fn region(country: Country, home: Country, supply: Supply) -> Region {
    if country == home {
        Region::Domestic
    } else if country.is_member_state() || (country == Country::NORTHERN_IRELAND && supply == Supply::Goods) {
        Region::Eu
    } else {
        Region::NonEu
    }
}

/// What a line supplies: what the rules say of its family, else of all lines. The exemption of physical goods says so
/// itself.
pub(super) fn supply(case: &Case<'_>, line: &InvoiceLine) -> Supply {
    if matches!(&line.exempt_reason, Some(ExemptReason::Other(reason)) if reason == "high_value_physical_goods") {
        return Supply::Goods;
    }
    let family = case.item(line).and_then(|facts| facts.family.as_ref());
    family.and_then(|family| case.rules().family_supply.get(family)).copied().unwrap_or(case.rules().supply)
}

/// The customer's position, or a hold where the invoice does not tell it (E17, E28).
pub(super) fn of(case: &Case<'_>) -> Result<Position, Hold> {
    let country = country(case)?;
    let home = Country::parse(&case.master().country).ok_or_else(|| no_home(case))?;
    let number = number(case, country)?;
    let is_reverse_charge = |line: &InvoiceLine| line.exempt_reason == Some(ExemptReason::ReverseCharge);
    // Billing charged nothing because it took the customer for a business: that outweighs what is known today.
    let is_business = number.is_some() || case.invoice.lines.iter().any(is_reverse_charge);
    let customer_type = if is_business { CustomerType::Business } else { CustomerType::Consumer };
    Ok(Position { country, home, customer_type, number })
}

fn country(case: &Case<'_>) -> Result<Country, Hold> {
    if let Some(country) = case.country {
        return Ok(country);
    }
    let customer = text::cut(&case.invoice.customer, 50);
    let message = match case.invoice.billing_address.country.as_deref().map(str::trim) {
        None | Some("") => {
            format!("the billing address of customer {customer} has no country, so no VAT code can be chosen")
        }
        Some(code) => {
            format!("country {:?} in the billing address of customer {customer} does not exist", text::cut(code, 20))
        }
    };
    let remedy = format!(
        "set the country in the billing address of customer {customer} in Chargebee, and in that of this invoice (update details)"
    );
    Err(case.hold(HoldReason::VatCodeUnmapped, message, remedy))
}

fn no_home(case: &Case<'_>) -> Hold {
    let (division, country) = (case.division(), &case.master().country);
    let message =
        format!("{division} is in country {country:?}, which does not exist, so what is domestic cannot be told");
    case.hold(HoldReason::VatCodeUnmapped, message, format!("set the country of {division} in Exact Online"))
}

/// The number on the invoice. One that is wrong is held; one of a country whose numbers are not known proves nothing.
fn number(case: &Case<'_>, country: Country) -> Result<Option<VatNumber>, Hold> {
    let Some(typed) = case.invoice.vat_number.as_deref().filter(|typed| !typed.trim().is_empty()) else {
        return Ok(None);
    };
    match VatNumber::parse(typed, Some(country.code())) {
        Ok(number) => Ok(Some(number)),
        Err(VatNumberError::UnknownCountry { .. } | VatNumberError::Empty) => Ok(None),
        Err(error) => {
            let customer = text::cut(&case.invoice.customer, 50);
            let remedy = format!(
                "correct the VAT number of customer {customer} in Chargebee, and that of this invoice (update details)"
            );
            Err(case.hold(HoldReason::VatNumberInvalid, format!("customer {customer}: {error}"), remedy))
        }
    }
}
