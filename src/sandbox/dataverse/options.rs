//! What an organisation is made of.

use uuid::Uuid;

use super::limits::ServiceLimits;
use super::org::Pace;

/// An organisation to make.
#[derive(Clone, Debug)]
pub struct OrganizationOptions {
    /// By which tests and the admin interface name it.
    pub name: String,
    pub tenant: Uuid,
    /// Whether Dynamics 365 Sales is there: without it there are no quotes and no products.
    pub sales: bool,
    /// ISO code of the base currency, which can never be changed.
    pub base_currency: String,
    /// Other currencies with how many units of them one unit of the base currency is, in text.
    pub currencies: Vec<(String, String)>,
    pub pace: Pace,
    pub limits: ServiceLimits,
}

impl OrganizationOptions {
    /// With the sales tables, in euro, beside US dollars and pounds, at the vendor's pace and with its limits.
    pub fn new(name: &str, tenant: Uuid) -> Self {
        Self {
            name: name.to_owned(),
            tenant,
            sales: true,
            base_currency: "EUR".to_owned(),
            currencies: vec![("USD".to_owned(), "1.1".to_owned()), ("GBP".to_owned(), "0.85".to_owned())],
            pace: Pace::vendor(),
            limits: ServiceLimits::vendor(),
        }
    }

    /// A plain environment, without the sales tables.
    pub fn without_sales(mut self) -> Self {
        self.sales = false;
        self
    }

    /// Everything at once, without limits: for tests of something else.
    pub fn quick(mut self) -> Self {
        self.pace = Pace::immediate();
        self.limits = ServiceLimits::off();
        self
    }
}
