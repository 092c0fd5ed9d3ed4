//! Payment sources: made by checkouts and gateways, so that the API of this simulation only takes them away.

use serde_json::json;

use super::error::ApiError;
use super::site::{Caller, Site};
use super::store::Kind;

/// `POST /payment_sources/{id}/delete` and `/delete_local`.
pub(super) fn delete(site: &mut Site, id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
    let mut source = site.fetch(Kind::PaymentSource, id, caller)?;
    source["deleted"] = true.into();
    site.save(Kind::PaymentSource, &mut source, caller);
    let customer = source["customer_id"].as_str().unwrap_or_default();
    let mut customer = site.fetch(Kind::Customer, customer, caller)?;
    if customer["primary_payment_source_id"] == source["id"] {
        customer.as_object_mut().map(|row| row.remove("primary_payment_source_id"));
        site.save_and_emit(Kind::Customer, &mut customer, "customer_changed", caller);
    }
    let content = json!({"customer": customer, "payment_source": source});
    site.emit("payment_source_deleted", content.clone(), caller);
    Ok(content.to_string())
}
