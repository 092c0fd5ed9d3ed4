//! Writing master data: accounts, items, GL accounts, journals, VAT codes, cost centres and the like.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use uuid::Uuid;

use super::answer::Failure;
use super::body::Body;
use super::cell::Cell;
use super::contract::Resource;
use super::division::Division;
use super::refusal::{Field, Refusal};
use super::vat_number;

type Cells = BTreeMap<&'static str, Cell>;

/// Creates a row and gives its guid; or says everything that is wrong with it.
pub fn create(
    division: &mut Division,
    resource: &'static Resource,
    body: &Body,
    now: DateTime,
) -> Result<Uuid, Failure> {
    let mut cells = Cells::new();
    let mut refusals = Vec::new();
    for name in resource.mandatory.iter().filter(|name| body.text(name).is_empty()) {
        refusals.push(Refusal::Mandatory(field_of(name)));
    }
    take(division, body, &mut cells, &mut refusals);
    check(division, resource.path, None, &mut cells, &mut refusals);
    if !refusals.is_empty() {
        return Err(Failure::Business(refusals));
    }
    add_defaults(division, resource.path, &mut cells);
    let id = division.new_id();
    cells.insert("ID", id.into());
    cells.insert("Created", now.into());
    cells.insert("Modified", now.into());
    division.put(resource.path, id, cells);
    Ok(id)
}

/// Changes what was sent of a row.
pub fn update(
    division: &mut Division,
    resource: &'static Resource,
    id: Uuid,
    body: &Body,
    now: DateTime,
) -> Result<(), Failure> {
    let mut cells = division.table(resource.path).get(id).ok_or_else(Failure::not_found)?.cells.clone();
    let mut refusals = Vec::new();
    // A code is refused even when it is the row's own.
    if body.has("Code") && is_taken(division, resource.path, &body.text("Code")) {
        refusals.push(Refusal::AlreadyExists);
    }
    for name in resource.mandatory.iter().filter(|name| body.has(name) && body.text(name).is_empty()) {
        refusals.push(Refusal::Mandatory(field_of(name)));
    }
    take(division, body, &mut cells, &mut refusals);
    check(division, resource.path, Some(id), &mut cells, &mut refusals);
    if !refusals.is_empty() {
        return Err(Failure::Business(refusals));
    }
    cells.insert("Modified", now.into());
    division.put(resource.path, id, cells);
    Ok(())
}

/// Deletes a row, unless entries use it.
pub fn delete(division: &mut Division, resource: &Resource, id: Uuid, now: DateTime) -> Result<(), Failure> {
    division.table(resource.path).get(id).ok_or_else(Failure::not_found)?;
    let invoiced = || division.invoices.values().any(|invoice| [invoice.ordered_by, invoice.invoice_to].contains(&id));
    if resource.path == "crm/Accounts" && (division.books.in_order().any(|entry| entry.concerns(id)) || invoiced()) {
        return Err(Failure::refused(Refusal::InUse(Field::Customer)));
    }
    let deleted_kind = match resource.path {
        "crm/Accounts" => Some(2),
        "financial/GLAccounts" => Some(7),
        "logistics/Items" => Some(9),
        _ => None,
    };
    division.delete(resource.path, id, deleted_kind, now);
    Ok(())
}

fn field_of(property: &str) -> Field {
    match property {
        "Name" => Field::Name,
        "Description" => Field::Description,
        "SourceCurrency" => Field::Currency,
        _ => Field::Code,
    }
}

/// What a property refers to: the table, by code or by guid, and the field's name in a refusal.
fn reference(property: &str) -> Option<(&'static str, Field)> {
    Some(match property {
        "PaymentConditionSales" => ("cashflow/PaymentConditions", Field::PaymentCondition),
        "SalesVATCode" | "SalesVatCode" | "VATCode" => ("vat/VATCodes", Field::VatCode),
        "GLAccountSales" | "GLAR" | "GLRevenue" | "GLAccount" | "GLToPay" | "GLToClaim" | "GLCosts" => {
            ("financial/GLAccounts", Field::GlAccount)
        }
        "ItemGroup" => ("logistics/ItemGroups", Field::ItemGroup),
        "SalesCurrency" | "Currency" | "SourceCurrency" | "TargetCurrency" => ("general/Currencies", Field::Currency),
        "Costcenter" => ("hrm/Costcenters", Field::CostCenter),
        "Costunit" => ("hrm/Costunits", Field::CostUnit),
        "InvoiceAccount" => ("crm/Accounts", Field::Account),
        _ => return None,
    })
}

/// Takes over what was sent, checks what it refers to, and pads as the vendor does.
fn take(division: &Division, body: &Body, cells: &mut Cells, refusals: &mut Vec<Refusal>) {
    for (property, cell) in body.cells().filter(|(property, _)| property.name != "ID") {
        if cell.is_null() || matches!(&cell, Cell::Text(text) if text.is_empty()) {
            cells.remove(property.name);
            continue;
        }
        if let Some((path, field)) = reference(property.name) {
            let table = division.table(path);
            let known = match &cell {
                Cell::Guid(id) => table.get(*id).is_some(),
                other => table.by_code(other.text()).is_some(),
            };
            if !known {
                refusals.push(Refusal::InvalidReference(field));
                continue;
            }
        }
        cells.insert(property.name, padded(property.name, cell));
    }
}

/// VAT codes and countries come back padded to 3.
pub fn padded(property: &str, cell: Cell) -> Cell {
    match (property, cell) {
        ("SalesVATCode" | "SalesVatCode" | "VATCode" | "Country", Cell::Text(text)) => {
            Cell::Text(format!("{:<3}", text.trim()))
        }
        (_, cell) => cell,
    }
}

fn is_taken(division: &Division, path: &str, code: &str) -> bool {
    let code = if path == "crm/Accounts" { format!("{:>18}", code.trim()) } else { code.trim().to_owned() };
    !code.trim().is_empty() && division.table(path).find("Code", &code).is_some()
}

/// What each resource demands beyond known references. `id` is the row that is changed.
fn check(division: &Division, path: &str, id: Option<Uuid>, cells: &mut Cells, refusals: &mut Vec<Refusal>) {
    let code = cells.get("Code").map(|cell| cell.text().to_owned()).unwrap_or_default();
    if id.is_none() && is_taken(division, path, &code) {
        refusals.push(Refusal::AlreadyExists);
    }
    match path {
        "crm/Accounts" => check_account(cells, &code, refusals),
        "vat/VATCodes" => {
            cells.insert("Code", format!("{code:<3}").into());
        }
        _ => {}
    }
}

fn check_account(cells: &mut Cells, code: &str, refusals: &mut Vec<Refusal>) {
    let text = |name: &str| cells.get(name).map(|cell| cell.text().to_owned()).unwrap_or_default();
    let (country, vat, email, status) = (text("Country"), text("VATNumber"), text("Email"), text("Status"));
    if !code.is_empty() && (code.len() > 18 || !code.bytes().all(|byte| byte.is_ascii_digit())) {
        refusals.push(Refusal::Invalid(Field::Code));
    }
    if !country.is_empty() && rust_iso3166::from_alpha2(&country).is_none() {
        refusals.push(Refusal::InvalidReference(Field::Country));
    }
    if !vat.is_empty() && !vat_number::is_acceptable(&vat, &country) {
        refusals.push(Refusal::Invalid(Field::VatNumber));
    }
    if !email.is_empty() && !is_email(&email) {
        refusals.push(Refusal::Invalid(Field::Email));
    }
    if !status.is_empty() && !matches!(status.as_str(), "A" | "C" | "P" | "S") {
        refusals.push(Refusal::Invalid(Field::Status));
    }
    if !code.is_empty() {
        cells.insert("Code", format!("{code:>18}").into());
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    !local.is_empty() && domain.contains('.') && !domain.contains('@') && !text.contains(char::is_whitespace)
}

/// What a new row has without being told.
fn add_defaults(division: &mut Division, path: &str, cells: &mut Cells) {
    let mut default = |name: &'static str, cell: Cell| {
        cells.entry(name).or_insert(cell);
    };
    match path {
        "crm/Accounts" => {
            default("Status", "A".into());
            default("Blocked", false.into());
            default("IsSupplier", false.into());
            default("Code", format!("{:>18}", division.next_account_code()).into());
        }
        "logistics/Items" => {
            let groups = division.table("logistics/ItemGroups");
            let group = groups.after(None).find(|group| group.flag("IsDefault")).map(|group| group.id);
            default("ItemGroup", group.into());
            default("IsSalesItem", false.into());
            default("IsStockItem", false.into());
            default("Unit", "pc".into());
        }
        "financial/GLAccounts" | "financial/Journals" | "vat/VATCodes" => default("IsBlocked", false.into()),
        _ => {}
    }
    if let Some(code) = cells.get("Code").and_then(|cell| cell.text().parse().ok()).filter(|_| path == "crm/Accounts") {
        division.note_account_code(code);
    }
}
