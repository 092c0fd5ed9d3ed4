//! `POST /invoices/{id}/pdf` and `/credit_notes/{id}/pdf`: not the document itself but where it is, for an hour and
//! without the API key.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ChargebeeSandbox;
use super::error::ApiError;
use super::params::Params;
use super::rows::text;
use super::site::{Caller, Site};
use super::store::Kind;

/// How long an address is good.
const VALID: SignedDuration = SignedDuration::from_hours(1);

/// What was asked for lately, by the token in its address.
#[derive(Debug, Default)]
pub(super) struct Downloads {
    /// `http://HOST:PORT`, as clients reach the site.
    pub base: String,
    open: HashMap<String, (Timestamp, Vec<u8>)>,
}

/// The operation.
pub(super) fn create(
    site: &mut Site,
    kind: Kind,
    id: &str,
    params: &Params,
    caller: Caller<'_>,
) -> Result<String, ApiError> {
    let row = site.fetch(kind, id, caller)?;
    if params.text("disposition_type").is_some_and(|value| !matches!(value, "attachment" | "inline")) {
        return Err(ApiError::wrong_value("disposition_type", "should be one of attachment, inline"));
    }
    let (token, valid_till) = (site.new_id(""), caller.now + VALID);
    site.downloads.open.retain(|_, (till, _)| *till > caller.now);
    let url = format!("{}/download/{token}.pdf", site.downloads.base);
    site.downloads.open.insert(token, (valid_till, document(kind, &row)));
    let download = json!({"download_url": url, "valid_till": valid_till.as_second(), "mime_type": "application/pdf",
        "object": "download"});
    Ok(json!({"download": download}).to_string())
}

/// `GET /download/{token}.pdf`.
pub(super) async fn download(State(sandbox): State<ChargebeeSandbox>, Path(name): Path<String>) -> Response {
    let now = sandbox.clock().now();
    let site = sandbox.lock();
    let found = name.strip_suffix(".pdf").and_then(|token| site.downloads.open.get(token));
    match found {
        Some((till, bytes)) if *till > now => {
            ([(header::CONTENT_TYPE, "application/pdf")], Body::from(bytes.clone())).into_response()
        }
        Some(_) => (StatusCode::FORBIDDEN, "Request has expired").into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A page with the document's number and total: the smallest file that readers take.
fn document(kind: Kind, row: &Value) -> Vec<u8> {
    let title = if kind == Kind::Invoice { "Invoice" } else { "Credit note" };
    let words = format!("{title} {} of {} {}", text(row, "id"), text(row, "currency_code"), row["total"]);
    let plain: String = words.chars().filter(|c| c.is_ascii() && !matches!(c, '(' | ')' | '\\')).collect();
    let stream = format!("BT /F1 18 Tf 72 720 Td ({plain}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", index + 1));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    places.iter().for_each(|place| file.push_str(&format!("{place:010} 00000 n \n")));
    let size = objects.len() + 1;
    file.push_str(&format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
    file.into_bytes()
}
