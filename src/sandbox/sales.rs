//! What sales keeps, entered into an organisation as salespeople enter it: through the rules of its screens, row by row.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::dataverse::{Organization, Refused};
use super::generator::sales::{Fate, PriceList, Product, Sales, SalesAccount, SalesContact, SalesQuote, UNITS};

/// Columns of accounts that the organisation has made for itself.
pub const VAT_NUMBER_COLUMN: &str = "wolk_vatnumber";
pub const CUSTOMER_COLUMN: &str = "wolk_chargebeeid";
/// The teams of the group's three companies, in their order.
pub const TEAMS: [&str; 3] = ["Wolkwerk B.V.", "Wolkwerk GmbH", "Wolkwerk BV"];

/// Enters everything.
///
/// # Errors
/// What the organisation refuses.
pub fn furnish(organization: &Organization, sales: &Sales) -> Result<(), Refused> {
    for team in TEAMS {
        organization.add_team(team);
    }
    // Columns of one's own bear the prefix of a publisher that is there.
    let publisher = json!({
        "uniquename": "wolkwerk", "friendlyname": "Wolkwerk", "customizationprefix": "wolk", "customizationoptionvalueprefix": 20_000,
    });
    organization.create("publisher", &publisher)?;
    for (name, label) in [("wolk_VatNumber", "VAT Number"), ("wolk_ChargebeeId", "Chargebee ID")] {
        organization.add_text_column("account", name, label, 100);
    }
    let shop = Shop::open(organization, &sales.products)?;
    for account in &sales.accounts {
        enter_account(organization, account)?;
        account.contacts.iter().try_for_each(|contact| enter_contact(organization, account.id, contact))?;
        account.quotes.iter().try_for_each(|quote| shop.enter_quote(account, quote))?;
    }
    Ok(())
}

fn enter_account(organization: &Organization, account: &SalesAccount) -> Result<(), Refused> {
    let values = row([
        ("accountid", Some(json!(account.id))),
        ("name", Some(json!(account.name))),
        ("accountnumber", account.number.clone().map(Value::from)),
        (VAT_NUMBER_COLUMN, account.vat_number.clone().map(Value::from)),
        (CUSTOMER_COLUMN, account.pointer.clone().map(Value::from)),
        ("emailaddress1", account.email.clone().map(Value::from)),
        ("websiteurl", account.website.clone().map(Value::from)),
        ("address1_line1", Some(json!(account.line1))),
        ("address1_postalcode", Some(json!(account.postcode))),
        ("address1_city", Some(json!(account.city))),
        ("address1_country", Some(json!(account.country))),
    ]);
    organization.create("account", &values).map(drop)
}

fn enter_contact(organization: &Organization, account: Uuid, contact: &SalesContact) -> Result<(), Refused> {
    let values = row([
        ("contactid", Some(json!(contact.id))),
        ("firstname", Some(json!(contact.first_name))),
        ("lastname", Some(json!(contact.last_name))),
        ("emailaddress1", contact.email.clone().map(Value::from)),
        ("telephone1", Some(json!(contact.phone))),
        ("jobtitle", Some(json!(contact.job_title))),
    ]);
    organization.create_contact(account, &values).map(drop)
}

/// The price lists and units of an organisation whose catalogue is filled.
struct Shop<'a> {
    organization: &'a Organization,
    /// By code of ISO 4217: the currency's row and its list.
    lists: BTreeMap<String, (Uuid, Uuid)>,
    units: BTreeMap<&'static str, Uuid>,
    group: Uuid,
    products: BTreeMap<String, Uuid>,
}

impl<'a> Shop<'a> {
    fn open(organization: &'a Organization, products: &[Product]) -> Result<Self, Refused> {
        let mut lists = BTreeMap::new();
        for currency in organization.rows("transactioncurrency") {
            let (code, id) = (text(&currency, "isocurrencycode"), id(&currency, "transactioncurrencyid"));
            let values = json!({
                "name": format!("Wolkwerk {code}"), "transactioncurrencyid@odata.bind": bind("transactioncurrencies", id),
            });
            lists.insert(code, (id, organization.create("pricelevel", &values)?));
        }
        let values = json!({"name": "Wolkwerk", "baseuomname": UNITS[0]});
        let group = organization.create("uomschedule", &values)?;
        let mut shop = Self { organization, lists, units: BTreeMap::new(), group, products: BTreeMap::new() };
        for unit in UNITS {
            let values = json!({"name": unit, "quantity": 1, "uomscheduleid@odata.bind": bind("uomschedules", group)});
            shop.units.insert(unit, organization.create("uom", &values)?);
        }
        products.iter().try_for_each(|product| shop.offer(product))?;
        Ok(shop)
    }

    /// A product is a draft until it is published.
    fn offer(&mut self, product: &Product) -> Result<(), Refused> {
        let unit = product.prices.first().map_or(UNITS[0], |price| price.unit);
        let values = json!({
            "productid": product.id, "productnumber": product.number, "name": product.name, "quantitydecimal": 0,
            "productstructure": 1,
            "defaultuomid@odata.bind": bind("uoms", self.units[unit]),
            "defaultuomscheduleid@odata.bind": bind("uomschedules", self.group),
        });
        let made = self.organization.create("product", &values)?;
        product.prices.iter().try_for_each(|price| self.price(made, price))?;
        self.organization.change("product", made, &json!({"statecode": 0, "statuscode": 1}))?;
        self.products.insert(product.number.clone(), made);
        Ok(())
    }

    fn price(&self, product: Uuid, price: &PriceList) -> Result<(), Refused> {
        let Some((currency, list)) = self.lists.get(price.currency) else { return Ok(()) };
        let values = json!({
            "pricelevelid@odata.bind": bind("pricelevels", *list), "productid@odata.bind": bind("products", product),
            "uomid@odata.bind": bind("uoms", self.units[price.unit]),
            "transactioncurrencyid@odata.bind": bind("transactioncurrencies", *currency),
            "amount": number(price.amount),
        });
        self.organization.create("productpricelevel", &values).map(drop)
    }

    fn enter_quote(&self, account: &SalesAccount, quote: &SalesQuote) -> Result<(), Refused> {
        let Some((currency, list)) = self.lists.get(account.currency) else { return Ok(()) };
        let values = json!({
            "quoteid": quote.id, "name": quote.title, "effectiveto": format!("{}T00:00:00Z", quote.until),
            "customerid_account@odata.bind": bind("accounts", account.id),
            "pricelevelid@odata.bind": bind("pricelevels", *list),
            "transactioncurrencyid@odata.bind": bind("transactioncurrencies", *currency),
        });
        self.organization.create("quote", &values)?;
        for line in &quote.lines {
            let product = self.products.get(&line.product).copied().unwrap_or_default();
            let values = json!({
                "quotedetailid": line.id, "quoteid@odata.bind": bind("quotes", quote.id), "quantity": line.quantity,
                "productid@odata.bind": bind("products", product), "uomid@odata.bind": bind("uoms", self.units[line.unit]),
            });
            self.organization.create("quotedetail", &values)?;
        }
        self.settle(quote)
    }

    fn settle(&self, quote: &SalesQuote) -> Result<(), Refused> {
        match quote.fate {
            Fate::Draft => Ok(()),
            Fate::Active | Fate::Expired | Fate::Bespoke => self.organization.activate_quote(quote.id),
            Fate::Won => self.organization.win_quote(quote.id),
            Fate::Lost => self.organization.lose_quote(quote.id),
            Fate::Revised => {
                self.organization.activate_quote(quote.id)?;
                let draft = self.organization.revise_quote(quote.id)?;
                self.organization.activate_quote(draft)
            }
        }
    }
}

/// The values that there are.
fn row<const N: usize>(values: [(&str, Option<Value>); N]) -> Value {
    let there = values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect())
}

fn bind(set: &str, id: Uuid) -> String {
    format!("/{set}({id})")
}

fn text(row: &Map<String, Value>, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

fn id(row: &Map<String, Value>, name: &str) -> Uuid {
    row[name].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Minor units as the amount that a person types.
fn number(minor: i64) -> Value {
    serde_json::from_str(&Decimal::new(minor, 2).to_string()).unwrap_or_default()
}
