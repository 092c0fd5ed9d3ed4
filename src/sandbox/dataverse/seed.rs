//! An organisation on its first day: its units, people, roles, currencies, and with Sales a price list and products.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use uuid::Uuid;

use super::cell::Cell;
use super::fault::Faults;
use super::limits::Throttle;
use super::metadata;
use super::options::OrganizationOptions;
use super::org::Org;
use super::schema::{self, Kind};
use super::security::{Role, Security};
use super::store::{Row, Store};
use crate::sandbox::clock::SandboxClock;
use crate::sandbox::entra::EntraSandbox;

pub const ADMINISTRATOR_ROLE: &str = "System Administrator";
pub const CUSTOMIZER_ROLE: &str = "System Customizer";
pub const SALES_ROLE: &str = "Salesperson";
/// The team that rows can be given to.
pub const TEAM: &str = "Billing";
/// The person who sells.
pub const SALESPERSON: &str = "Sanne Verkoop";

/// What the catalogue has: number, name, price in the base currency.
const PRODUCTS: [(&str, &str, i64); 3] =
    [("WOLK-BASIS", "Wolkwerk Basis", 49), ("WOLK-PRO", "Wolkwerk Pro", 149), ("WOLK-SETUP", "Set-up", 500)];

/// Makes an organisation.
pub fn organization(options: &OrganizationOptions, clock: SandboxClock, entra: EntraSandbox) -> Org {
    let org = Org {
        name: options.name.clone(),
        id: Uuid::new_v4(),
        tenant: options.tenant,
        clock,
        entra,
        authority_url: String::new(),
        authorities: BTreeSet::new(),
        schema: schema::standard(options.sales),
        store: Store::default(),
        security: Security::default(),
        pace: options.pace,
        throttle: Throttle::new(options.limits),
        faults: Faults::default(),
        calls: Vec::new(),
        plug_ins: Vec::new(),
        unit: Uuid::nil(),
        base_currency: Uuid::nil(),
        administrator: Uuid::nil(),
        keys_held: false,
        customizing: false,
        customization_held: false,
        expired_version: None,
        numbers: BTreeMap::new(),
    };
    let mut seed = Seed(org);
    seed.currencies(options);
    seed.people();
    seed.publisher();
    seed.privileges();
    seed.messages();
    if options.sales {
        seed.catalogue();
    }
    seed.0
}

struct Seed(Org);

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

fn link(table: &str, id: Uuid) -> Cell {
    Cell::Link { table: table.to_owned(), id }
}

impl Seed {
    /// A row as the platform itself makes it, with its times and its first state.
    fn row(&mut self, table: &str, id: Uuid, cells: &[(&str, Cell)]) -> Uuid {
        let mut row = Row::new(id);
        let now = Cell::Moment(self.0.now());
        if let Some(definition) = self.0.schema.table(table) {
            row.set(&definition.primary_id, Some(Cell::Id(id)));
            for column in definition.columns.values() {
                match (&column.kind, column.logical.as_str()) {
                    (_, "createdon" | "modifiedon") => row.set(&column.logical, Some(now.clone())),
                    (Kind::State { options } | Kind::Status { options }, _) => {
                        row.set(&column.logical, options.first().map(|option| Cell::Int(option.value)));
                    }
                    (Kind::Bool { default, .. }, _) => row.set(&column.logical, Some(Cell::Bool(*default))),
                    _ => {}
                }
            }
        }
        for (name, cell) in cells {
            row.set(name, Some(cell.clone()));
        }
        self.0.store.put(table, row).id
    }

    fn currencies(&mut self, options: &OrganizationOptions) {
        let base = (options.base_currency.clone(), "1".to_owned());
        let all: Vec<(String, String)> = std::iter::once(base).chain(options.currencies.clone()).collect();
        for (index, (code, rate)) in all.iter().enumerate() {
            let known = iso_currency::Currency::from_code(code);
            let name = known.map_or_else(|| code.clone(), |currency| currency.name().to_owned());
            let symbol = known.map_or_else(|| code.clone(), |currency| currency.symbol().to_string());
            let precision = known.and_then(iso_currency::Currency::exponent).map_or(2, i64::from);
            let id = self.row(
                "transactioncurrency",
                Uuid::new_v4(),
                &[
                    ("isocurrencycode", text(code)),
                    ("currencyname", text(&name)),
                    ("currencysymbol", text(&symbol)),
                    ("currencyprecision", Cell::Int(precision)),
                    ("exchangerate", Cell::Number(rate.parse().unwrap_or(Decimal::ONE))),
                ],
            );
            if index == 0 {
                self.0.base_currency = id;
            }
        }
    }

    fn people(&mut self) {
        let (organization, base) = (self.0.id, link("transactioncurrency", self.0.base_currency));
        let unit = self.row("businessunit", Uuid::new_v4(), &[("name", text(&self.0.name.clone()))]);
        self.0.unit = unit;
        self.row(
            "organization",
            organization,
            &[
                ("name", text(&self.0.name.clone())),
                ("languagecode", Cell::Int(1033)),
                ("localeid", Cell::Int(1033)),
                ("pricingdecimalprecision", Cell::Int(2)),
                ("currencydecimalprecision", Cell::Int(2)),
                ("expirechangetrackingindays", Cell::Int(7)),
                ("basecurrencyid", base),
            ],
        );
        let administrator = self.role(ADMINISTRATOR_ROLE, Role::Everything);
        self.role(CUSTOMIZER_ROLE, Role::Customizer);
        let sales = self.role(SALES_ROLE, Role::Everything);
        let admin = self.user("Anke", "Beheer");
        let seller = self.user("Sanne", "Verkoop");
        self.0.administrator = admin;
        self.0.security.members.insert(admin, [administrator].into());
        self.0.security.members.insert(seller, [sales].into());
        let cells = [
            ("name", text(TEAM)),
            ("businessunitid", link("businessunit", unit)),
            ("teamtype", Cell::Int(0)),
            ("administratorid", link("systemuser", admin)),
        ];
        let team = self.row("team", Uuid::new_v4(), &cells);
        self.0.security.members.insert(team, [administrator].into());
    }

    fn role(&mut self, name: &str, role: Role) -> Uuid {
        let cells = [("name", text(name)), ("businessunitid", link("businessunit", self.0.unit))];
        let id = self.row("role", Uuid::new_v4(), &cells);
        self.0.security.roles.insert(id, role);
        id
    }

    fn user(&mut self, first: &str, last: &str) -> Uuid {
        let name = format!("{first} {last}");
        let mail = format!("{}@{}.example", first.to_lowercase(), self.0.name);
        let cells = [
            ("fullname", text(&name)),
            ("firstname", text(first)),
            ("lastname", text(last)),
            ("internalemailaddress", text(&mail)),
            ("domainname", text(&mail)),
            ("businessunitid", link("businessunit", self.0.unit)),
            ("azureactivedirectoryobjectid", Cell::Id(Uuid::new_v4())),
        ];
        self.row("systemuser", Uuid::new_v4(), &cells)
    }

    fn publisher(&mut self) {
        let cells = [
            ("uniquename", text("DefaultPublisher")),
            ("friendlyname", text("Default Publisher")),
            ("customizationprefix", text("new")),
            ("customizationoptionvalueprefix", Cell::Int(10_000)),
        ];
        let publisher = self.row("publisher", Uuid::new_v4(), &cells);
        let cells = [
            ("uniquename", text("Default")),
            ("friendlyname", text("Default Solution")),
            ("version", text("1.0")),
            ("publisherid", link("publisher", publisher)),
        ];
        self.row("solution", Uuid::new_v4(), &cells);
    }

    fn privileges(&mut self) {
        for (name, right) in super::security::all(&self.0.schema) {
            let cells = [("name", text(&name)), ("accessright", Cell::Int(right))];
            self.row("privilege", super::security::privilege_id(&name), &cells);
        }
    }

    fn messages(&mut self) {
        let tables: Vec<String> =
            self.0.schema.tables.values().filter(|table| table.bulk).map(|table| table.logical.clone()).collect();
        for table in tables {
            metadata::add_messages(&mut self.0, &table);
        }
    }

    fn catalogue(&mut self) {
        let base = link("transactioncurrency", self.0.base_currency);
        let group = self.row(
            "uomschedule",
            Uuid::new_v4(),
            &[("name", text("Default Unit")), ("baseuomname", text("Primary Unit"))],
        );
        let cells = [
            ("name", text("Primary Unit")),
            ("uomscheduleid", link("uomschedule", group)),
            ("quantity", Cell::Number(Decimal::ONE)),
        ];
        let unit = self.row("uom", Uuid::new_v4(), &cells);
        let cells = [
            ("name", text("Standard")),
            ("transactioncurrencyid", base.clone()),
            ("statecode", Cell::Int(0)),
            ("statuscode", Cell::Int(100_001)),
        ];
        let list = self.row("pricelevel", Uuid::new_v4(), &cells);
        for (number, name, price) in PRODUCTS {
            let price = Cell::Number(Decimal::from(price));
            let cells = [
                ("productnumber", text(number)),
                ("name", text(name)),
                ("defaultuomid", link("uom", unit)),
                ("defaultuomscheduleid", link("uomschedule", group)),
                ("pricelevelid", link("pricelevel", list)),
                ("transactioncurrencyid", base.clone()),
                ("price", price.clone()),
                ("statecode", Cell::Int(0)),
                ("statuscode", Cell::Int(1)),
            ];
            let product = self.row("product", Uuid::new_v4(), &cells);
            let cells = [
                ("pricelevelid", link("pricelevel", list)),
                ("productid", link("product", product)),
                ("uomid", link("uom", unit)),
                ("transactioncurrencyid", base.clone()),
                ("amount", price),
            ];
            self.row("productpricelevel", Uuid::new_v4(), &cells);
        }
    }
}
