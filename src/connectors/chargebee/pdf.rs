//! The PDF of an invoice: Chargebee makes it and answers with an address of its own choice, from which it is fetched
//! without any credential (I9).

use reqwest::Method;
use serde::Deserialize;
use url::Url;

use super::client::ChargebeeClient;
use super::transport::Call;
use super::wire::{Text, resource};
use crate::connectors::http::{CallError, CallResult, TransportError};

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct DownloadRow {
    download_url: Text,
}

/// What came of asking for a PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pdf {
    Content(Vec<u8>),
    /// It is larger than the limit that was given, in bytes.
    TooLarge(usize),
}

impl ChargebeeClient {
    /// The PDF of the invoice with this number, of at most `bytes_max`: two calls. Changes nothing at Chargebee and may be
    /// asked for as often as it takes.
    ///
    /// # Errors
    /// [`CallError::NotFound`] where there is no such invoice; [`CallError::Malformed`] where what comes is no PDF or lies
    /// at an address that is not encrypted and not the site's own.
    pub async fn invoice_pdf(&self, number: &str, bytes_max: usize) -> CallResult<Pdf> {
        let doing = format!("make the PDF of invoice {number}");
        if matches!(number, "" | "." | "..") || number.contains('/') {
            let message = "an invoice of this number cannot be asked for by its number".to_owned();
            return Err(CallError::NotFound { message }.while_doing(&doing));
        }
        let call = Call { doing: doing.clone(), path: &["invoices", number, "pdf"], query: Vec::new() };
        let reading = self.transport().read_by(Method::POST, &call).await?;
        let row = resource(&reading.json, "download").and_then(|json| serde_json::from_str::<DownloadRow>(json).ok());
        let address = row.and_then(|row| row.download_url.0).and_then(|address| Url::parse(&address).ok());
        let broken = |message: &str| CallError::Malformed { message: message.to_owned() }.while_doing(&doing);
        let address = address.ok_or_else(|| broken("the answer names no address to fetch it from"))?;
        if !self.transport().may_fetch(&address) {
            return Err(broken("the address to fetch it from is not encrypted"));
        }
        match self.transport().fetch(address, bytes_max).await {
            Ok(answer) if !(200..300).contains(&answer.status) => {
                let message = format!("fetching it was answered with HTTP {}", answer.status);
                Err(CallError::Unavailable { message }.while_doing(&doing))
            }
            Ok(answer) if answer.body.starts_with(b"%PDF-") => Ok(Pdf::Content(answer.body)),
            Ok(_) => Err(broken("what was fetched is no PDF")),
            Err(TransportError::TooLarge(bytes)) => Ok(Pdf::TooLarge(bytes)),
            Err(error) => Err(CallError::Unavailable { message: error.to_string() }.while_doing(&doing)),
        }
    }
}
