//! What a salesperson does in the screens, by the same rules as the Web API.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Organization;
use super::call::Context;
use super::failure::{Failure, Outcome};
use super::org::Org;
use super::write::quotes::{self, Closing};
use super::write::{Payload, Writer, merge};

/// Why the organisation did not let a person do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refused {
    pub code: String,
    pub message: String,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code.to_owned(), message: failure.message }
    }
}

/// A line of a quote.
#[derive(Clone, Debug, PartialEq)]
pub enum QuoteLine {
    /// A product of the catalogue by its number, at the price of the list.
    Product { number: String, quantity: u32 },
    /// Something that is not in the catalogue, with its price in text.
    WriteIn { description: String, price: String, quantity: u32 },
}

impl Organization {
    /// Makes a row of any table; `values` are as the Web API takes them.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn create(&self, table: &str, values: &Value) -> Result<Uuid, Refused> {
        self.act(|org, context| Writer { org, context }.create_json(table, &object(values)?))
    }

    /// Changes a row of any table.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn change(&self, table: &str, id: Uuid, values: &Value) -> Result<(), Refused> {
        self.act(|org, context| {
            let payload = Payload::read(org, context, org.table(table)?, &object(values)?)?;
            Writer { org, context }.update(table, id, payload)
        })
    }

    /// Deletes a row of any table, with what goes with it.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn delete(&self, table: &str, id: Uuid) -> Result<(), Refused> {
        self.act(|org, context| Writer { org, context }.delete(table, id))
    }

    /// Makes an account.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn create_account(&self, name: &str, values: &Value) -> Result<Uuid, Refused> {
        self.create("account", &with(values, "name", json!(name)))
    }

    /// Makes a contact of an account.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn create_contact(&self, account: Uuid, values: &Value) -> Result<Uuid, Refused> {
        self.create(
            "contact",
            &with(values, "parentcustomerid_account@odata.bind", json!(format!("/accounts({account})"))),
        )
    }

    /// Makes a draft of a quote for an account, with its lines, by the organisation's first price list.
    ///
    /// # Errors
    /// What the Web API would refuse; a product that the catalogue does not have.
    pub fn create_quote(
        &self,
        account: Uuid,
        name: &str,
        lines: &[QuoteLine],
        values: &Value,
    ) -> Result<Uuid, Refused> {
        let values = with(values, "name", json!(name));
        let values = with(&values, "customerid_account@odata.bind", json!(format!("/accounts({account})")));
        self.act(|org, context| {
            let list = org.store.rows("pricelevel").next().map(|row| row.id);
            let values = match list {
                Some(list) => with(&values, "pricelevelid@odata.bind", json!(format!("/pricelevels({list})"))),
                None => values.clone(),
            };
            let quote = Writer { org: &mut *org, context }.create_json("quote", &object(&values)?)?;
            for line in lines {
                add_line(org, context, quote, line)?;
            }
            Ok(quote)
        })
    }

    /// Adds a line to a draft.
    ///
    /// # Errors
    /// What the Web API would refuse; a product that the catalogue does not have.
    pub fn add_quote_line(&self, quote: Uuid, line: &QuoteLine) -> Result<Uuid, Refused> {
        self.act(|org, context| add_line(org, context, quote, line))
    }

    /// Makes a draft an active proposal.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn activate_quote(&self, quote: Uuid) -> Result<(), Refused> {
        self.change("quote", quote, &json!({"statecode": 1, "statuscode": 2}))
    }

    /// Wins a quote; a draft is activated first, as the screens do.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn win_quote(&self, quote: Uuid) -> Result<(), Refused> {
        self.activate_draft(quote)?;
        self.act(|org, context| {
            quotes::win(org, context, &Closing { activity: &activity("Quote won", quote), status: -1 })
        })
    }

    /// Closes a quote as lost.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn lose_quote(&self, quote: Uuid) -> Result<(), Refused> {
        self.activate_draft(quote)?;
        self.act(|org, context| {
            quotes::close(org, context, &Closing { activity: &activity("Quote lost", quote), status: 5 })
        })
    }

    /// Revises a quote; the id of the new draft.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn revise_quote(&self, quote: Uuid) -> Result<Uuid, Refused> {
        self.act(|org, context| quotes::revise(org, context, quote))
    }

    /// Merges an account into another one.
    ///
    /// # Errors
    /// What the Web API would refuse.
    pub fn merge_accounts(&self, survivor: Uuid, loser: Uuid) -> Result<(), Refused> {
        self.act(|org, context| merge::merge(org, context, "account", survivor, loser))
    }

    fn activate_draft(&self, quote: Uuid) -> Result<(), Refused> {
        let state = self.org().store.get("quote", quote).and_then(|row| row.int("statecode"));
        if state == Some(0) { self.activate_quote(quote) } else { Ok(()) }
    }

    fn act<T>(&self, act: impl FnOnce(&mut Org, &Context) -> Outcome<T>) -> Result<T, Refused> {
        let caller = self.salesperson();
        let context = Context::new(caller, String::new());
        let mut org = self.org();
        org.go_on();
        Ok(org.atomically(|org| act(org, &context))?)
    }
}

fn object(values: &Value) -> Outcome<Map<String, Value>> {
    match values {
        Value::Object(values) => Ok(values.clone()),
        Value::Null => Ok(Map::new()),
        _ => Err(Failure::argument("The values of a row are an object.")),
    }
}

fn with(values: &Value, name: &str, value: Value) -> Value {
    let mut all = values.as_object().cloned().unwrap_or_default();
    all.insert(name.to_owned(), value);
    Value::Object(all)
}

fn activity(subject: &str, quote: Uuid) -> Map<String, Value> {
    Map::from_iter([
        ("subject".to_owned(), json!(subject)),
        ("quoteid@odata.bind".to_owned(), json!(format!("/quotes({quote})"))),
    ])
}

fn add_line(org: &mut Org, context: &Context, quote: Uuid, line: &QuoteLine) -> Outcome<Uuid> {
    let mut values = Map::new();
    values.insert("quoteid@odata.bind".to_owned(), json!(format!("/quotes({quote})")));
    match line {
        QuoteLine::Product { number, quantity } => {
            let product =
                org.store.rows("product").find(|row| row.text("productnumber") == Some(number.as_str())).cloned();
            let product =
                product.ok_or_else(|| Failure::argument(format!("The catalogue has no product {number}.")))?;
            let unit = product.id_of("defaultuomid").ok_or_else(|| Failure::argument("The product has no unit."))?;
            values.insert("productid@odata.bind".to_owned(), json!(format!("/products({})", product.id)));
            values.insert("uomid@odata.bind".to_owned(), json!(format!("/uoms({unit})")));
            values.insert("quantity".to_owned(), json!(quantity));
        }
        QuoteLine::WriteIn { description, price, quantity } => {
            let number = |_| Failure::argument(format!("'{price}' is no price."));
            values.insert("isproductoverridden".to_owned(), json!(true));
            values.insert("productdescription".to_owned(), json!(description));
            values.insert("priceperunit".to_owned(), serde_json::from_str(price).map_err(number)?);
            values.insert("quantity".to_owned(), json!(quantity));
        }
    }
    Writer { org, context }.create_json("quotedetail", &values)
}
