//! Invoices as documents of the shared room.

use super::super::documents::Document;
use super::KIND;
use crate::domain::invoice::Invoice;
use crate::domain::money::{Amount, Currency};

impl Document for Invoice {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn number(&self) -> &str {
        &self.number
    }

    fn identity(&self) -> String {
        self.identity().0
    }

    fn customer(&self) -> &str {
        &self.customer
    }

    fn business_entity(&self) -> Option<&str> {
        self.business_entity.as_deref()
    }

    fn currency(&self) -> Currency {
        self.currency
    }

    fn total(&self) -> Amount {
        self.total
    }

    fn content(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn site_time_zone(&self) -> Option<&str> {
        self.site_time_zone.as_deref()
    }
}
