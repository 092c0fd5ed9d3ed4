//! Credit notes as documents of the shared room.

use super::super::documents::Document;
use super::KIND;
use crate::domain::credit_note::CreditNote;
use crate::domain::money::{Amount, Currency};

impl Document for CreditNote {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn number(&self) -> &str {
        &self.body.number
    }

    fn identity(&self) -> String {
        self.identity().0
    }

    fn customer(&self) -> &str {
        &self.body.customer
    }

    fn business_entity(&self) -> Option<&str> {
        self.body.business_entity.as_deref()
    }

    fn currency(&self) -> Currency {
        self.body.currency
    }

    fn total(&self) -> Amount {
        self.body.total
    }

    fn content(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn site_time_zone(&self) -> Option<&str> {
        self.body.site_time_zone.as_deref()
    }
}
