//! `documents/Documents` and their attachments: the PDF beside an entry. A document is tied to its entry from either side:
//! by the entry's `Document`, or by the document's own `FinancialTransactionEntryID`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use serde::Serialize;
use uuid::Uuid;

use super::ExactSandbox;
use super::answer::Failure;
use super::body::Body;
use super::cell::Cell;
use super::division::Division;
use super::refusal::{Field, Refusal};
use super::register::Booked;
use super::table::Record;

/// Path of the documents.
pub const DOCUMENTS: &str = "documents/Documents";
/// Path of their attachments.
pub const ATTACHMENTS: &str = "documents/DocumentAttachments";
/// Largest attachment, decoded.
pub const ATTACHMENT_MAX: usize = 10 * 1024 * 1024;

/// Type of a document that is a sales invoice.
pub const SALES_INVOICE: i64 = 10;
const TYPES: [(i64, &str); 2] = [(SALES_INVOICE, "Verkoopfactuur"), (20, "Inkoopfactuur")];
/// What `sync/Deleted` calls an attachment and a document.
const DELETED: (i64, i64) = (4, 6);

type Cells = BTreeMap<&'static str, Cell>;

/// The rows of `documents/DocumentTypes`.
pub fn types() -> Vec<Cells> {
    let row = |(id, description): (i64, &str)| {
        Cells::from([
            ("ID", id.into()),
            ("Description", description.into()),
            ("DocumentIsCreatable", true.into()),
            ("DocumentIsDeletable", true.into()),
            ("DocumentIsUpdatable", true.into()),
            ("DocumentIsViewable", true.into()),
        ])
    };
    TYPES.into_iter().map(row).collect()
}

/// What a type of document is called; null when there is no such type.
pub fn type_description(kind: i64) -> Cell {
    TYPES.into_iter().find(|(id, _)| *id == kind).map(|(_, description)| description).into()
}

/// Makes a document and gives its guid; or says everything that is wrong with it.
pub fn create(division: &mut Division, body: &Body, now: DateTime) -> Result<Uuid, Failure> {
    let mut cells = Cells::new();
    take(division, body, &mut cells)?;
    Ok(file(division, cells, now))
}

/// Changes what was sent of a document.
pub fn update(division: &mut Division, id: Uuid, body: &Body, now: DateTime) -> Result<(), Failure> {
    let mut cells = division.table(DOCUMENTS).get(id).ok_or_else(Failure::not_found)?.cells.clone();
    take(division, body, &mut cells)?;
    cells.insert("Modified", now.into());
    division.put(DOCUMENTS, id, cells);
    tie_entry(division, id);
    Ok(())
}

/// Deletes a document with its attachments, unless an entry refers to it.
pub fn delete(division: &mut Division, id: Uuid, now: DateTime) -> Result<(), Failure> {
    let row = division.table(DOCUMENTS).get(id).ok_or_else(Failure::not_found)?;
    if entry_of(row).is_some_and(|entry| division.books.any(entry).is_some()) {
        return Err(Failure::refused(Refusal::InUse(Field::Document)));
    }
    for attachment in attachments_of(division, id) {
        detach(division, attachment, now)?;
    }
    division.delete(DOCUMENTS, id, Some(DELETED.1), now);
    Ok(())
}

/// The printed invoice as a document, with a PDF of that name.
pub fn file_print(division: &mut Division, cells: Cells, name: &str, url: &str, now: DateTime) -> Uuid {
    let document = file(division, cells, now);
    let pdf = format!("%PDF-1.4\n% {name}\n%%EOF\n").into_bytes();
    put_attachment(division, document, name, pdf, url);
    document
}

fn file(division: &mut Division, mut cells: Cells, now: DateTime) -> Uuid {
    let id = division.new_id();
    let number = match cells.get("HID").and_then(Cell::int) {
        Some(sent) => division.note_document_number(sent),
        None => division.next_document_number(),
    };
    cells.extend([("ID", id.into()), ("HID", number.into()), ("Created", now.into()), ("Modified", now.into())]);
    division.put(DOCUMENTS, id, cells);
    tie_entry(division, id);
    id
}

/// Takes over what was sent; refused when something is missing or refers to what is not there.
fn take(division: &Division, body: &Body, cells: &mut Cells) -> Result<(), Failure> {
    let mut refusals = Vec::new();
    for (property, cell) in body.cells().filter(|(property, _)| property.name != "ID") {
        if cell.is_null() || matches!(&cell, Cell::Text(text) if text.is_empty()) {
            cells.remove(property.name);
            continue;
        }
        match objection(division, property.name, &cell) {
            Some(refusal) => refusals.push(refusal),
            None => drop(cells.insert(property.name, cell)),
        }
    }
    let sent = |name: &str| cells.contains_key(name) || body.value(name).is_some_and(|value| value != "");
    if !sent("Subject") {
        refusals.push(Refusal::Mandatory(Field::Subject));
    }
    if !sent("Type") {
        refusals.push(Refusal::Mandatory(Field::DocumentType));
    }
    if refusals.is_empty() { Ok(()) } else { Err(Failure::Business(refusals)) }
}

fn objection(division: &Division, property: &str, cell: &Cell) -> Option<Refusal> {
    let id = cell.guid().unwrap_or_default();
    let (known, field) = match property {
        "Account" => (division.table("crm/Accounts").get(id).is_some(), Field::Account),
        "Item" => (division.table("logistics/Items").get(id).is_some(), Field::Item),
        "Currency" => (division.table("general/Currencies").by_code(cell.text()).is_some(), Field::Currency),
        "Type" => (!type_description(cell.int().unwrap_or(0)).is_null(), Field::DocumentType),
        "FinancialTransactionEntryID" => {
            (division.books.any(id).is_some() || division.invoices.contains_key(&id), Field::EntryNumber)
        }
        "HID" if cell.int() == Some(0) => return Some(Refusal::Invalid(Field::DocumentNumber)),
        "HID" => {
            let taken = division.table(DOCUMENTS).lookup("HID", cell).is_some_and(|ids| !ids.is_empty());
            return taken.then_some(Refusal::AlreadyExists);
        }
        _ => return None,
    };
    (!known).then_some(Refusal::InvalidReference(field))
}

fn entry_of(document: &Record) -> Option<Uuid> {
    document.cell("FinancialTransactionEntryID").guid()
}

/// A document that names its entry becomes the entry's document.
fn tie_entry(division: &mut Division, document: Uuid) {
    let entry = division.table(DOCUMENTS).get(document).and_then(entry_of);
    let Some(mut entry) = entry.and_then(|id| division.books.get(id)).cloned() else { return };
    if entry.extra.get("Document").and_then(Cell::guid) == Some(document) {
        return;
    }
    entry.extra.insert("Document", document.into());
    let id = entry.id;
    division.books.put(Booked::Sale(Box::new(entry)));
    division.touch_entry(id);
}

/// An entry that names its document becomes the document's entry.
pub fn tie_document(division: &mut Division, entry: Uuid) {
    let document = division.books.get(entry).and_then(|entry| entry.extra.get("Document")).and_then(Cell::guid);
    let Some(row) = document.and_then(|id| division.table(DOCUMENTS).get(id)) else { return };
    if entry_of(row).is_some() {
        return;
    }
    let (id, mut cells) = (row.id, row.cells.clone());
    cells.insert("FinancialTransactionEntryID", entry.into());
    division.put(DOCUMENTS, id, cells);
}

/// Refused when `Document` of the request is not there.
pub fn check_reference(division: &Division, body: &Body) -> Result<(), Refusal> {
    match body.cell("Document").guid() {
        Some(id) if division.table(DOCUMENTS).get(id).is_none() => Err(Refusal::InvalidReference(Field::Document)),
        _ => Ok(()),
    }
}

/// `DocumentNumber` or `DocumentSubject` of whatever refers to a document.
pub fn described(division: &Division, document: Option<Uuid>, property: &str) -> Cell {
    let row = document.and_then(|id| division.table(DOCUMENTS).get(id));
    let name = if property == "DocumentNumber" { "HID" } else { "Subject" };
    row.map_or(Cell::Null, |row| row.cell(name))
}

/// Attaches a file to a document and gives the attachment's guid. `url` is where attachments are fetched from.
pub fn attach(division: &mut Division, body: &Body, url: &str) -> Result<Uuid, Failure> {
    let mut refusals = Vec::new();
    let document = body.cell("Document").guid();
    match document {
        None => refusals.push(Refusal::Mandatory(Field::Document)),
        Some(_) => refusals.extend(check_reference(division, body).err()),
    }
    let name = body.text("FileName");
    if name.is_empty() {
        refusals.push(Refusal::Mandatory(Field::FileName));
    }
    let bytes = match body.value("Attachment").and_then(|value| value.as_str()).unwrap_or_default() {
        "" => {
            refusals.push(Refusal::Mandatory(Field::Attachment));
            Vec::new()
        }
        encoded => STANDARD.decode(encoded).map_err(|_| {
            Failure::bad(
                "Error processing request stream. Error encountered in converting the value from request payload for \
                 property 'Attachment' to type 'Byte[]'.",
            )
        })?,
    };
    if bytes.len() > ATTACHMENT_MAX {
        return Err(Failure::Request(413, "Request Entity Too Large".to_owned()));
    }
    match document {
        Some(document) if refusals.is_empty() => Ok(put_attachment(division, document, &name, bytes, url)),
        _ => Err(Failure::Business(refusals)),
    }
}

fn put_attachment(division: &mut Division, document: Uuid, name: &str, bytes: Vec<u8>, url: &str) -> Uuid {
    let id = division.new_id();
    let code = division.code;
    let cells = Cells::from([
        ("ID", id.into()),
        ("Document", document.into()),
        ("FileName", name.into()),
        ("FileSize", Cell::Double(bytes.len() as f64)),
        ("Url", format!("{url}/docs/SysAttachment.aspx?ID={id}&_Division_={code}").into()),
    ]);
    division.attachments.insert(id, bytes);
    division.put(ATTACHMENTS, id, cells);
    id
}

/// Takes an attachment off its document.
pub fn detach(division: &mut Division, id: Uuid, now: DateTime) -> Result<(), Failure> {
    division.attachments.remove(&id).ok_or_else(Failure::not_found)?;
    division.delete(ATTACHMENTS, id, Some(DELETED.0), now);
    Ok(())
}

fn attachments_of(division: &Division, document: Uuid) -> Vec<Uuid> {
    division.table(ATTACHMENTS).lookup("Document", &Cell::Guid(document)).unwrap_or_default()
}

/// A document as it is filed, for proofs and tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FiledDocument {
    pub document_id: Uuid,
    pub number: i64,
    pub subject: String,
    /// 10 sales invoice, 20 purchase invoice.
    pub kind: i64,
    pub account: Option<Uuid>,
    /// The entry that it is tied to; the sales invoice, when printing one made it.
    pub entry: Option<Uuid>,
    pub attachments: Vec<FiledAttachment>,
}

/// A file of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FiledAttachment {
    pub attachment_id: Uuid,
    pub file_name: String,
    pub size: usize,
}

impl ExactSandbox {
    /// The documents of a division, by number.
    pub fn documents(&self, division: i32) -> Vec<FiledDocument> {
        let world = self.world();
        let Some(division) = world.divisions.get(&division) else { return Vec::new() };
        let mut found: Vec<FiledDocument> =
            division.table(DOCUMENTS).after(None).map(|row| filed(division, row)).collect();
        found.sort_by_key(|document| document.number);
        found
    }

    /// The bytes of an attachment.
    pub fn attachment(&self, division: i32, id: Uuid) -> Option<Vec<u8>> {
        self.world().divisions.get(&division)?.attachments.get(&id).cloned()
    }
}

fn filed(division: &Division, row: &Record) -> FiledDocument {
    let attachment = |id: Uuid| FiledAttachment {
        attachment_id: id,
        file_name: division.table(ATTACHMENTS).get(id).map(|row| row.text("FileName").to_owned()).unwrap_or_default(),
        size: division.attachments.get(&id).map_or(0, Vec::len),
    };
    FiledDocument {
        document_id: row.id,
        number: row.int("HID"),
        subject: row.text("Subject").to_owned(),
        kind: row.int("Type"),
        account: row.cell("Account").guid(),
        entry: entry_of(row),
        attachments: attachments_of(division, row.id).into_iter().map(attachment).collect(),
    }
}
