//! What is booked of an invoice: an entry that is sent as it is, or an invoice that the books issue themselves (P6).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::issue::{self, Draft};
use crate::accounting::context::{Conversion, PlannedEntry};
use crate::accounting::{AdHocItem, not_on_sales_invoices, sales_invoice};
use crate::connectors::exact::ExactClient;
use crate::connectors::http::CallResult;
use crate::domain::entry::{EntryKind, PeriodKey, PostedEntry, SalesEntry};
use crate::domain::hold::Hold;
use crate::domain::invoice::Invoice;
use crate::domain::master::MasterData;
use crate::domain::money::{Amount, Currency};
use crate::domain::sales_invoice::{SalesInvoice, SoldItem};
use crate::state::{BookAccount, Intent};
use crate::sync::error::SyncResult;
use crate::sync::exact::documents::{Outline, Paper, Posting, Sending, Sent, Stand};
use crate::sync::exact::entity::EntityBooks;
use crate::sync::session::Session;
use crate::sync::tally::Notice;

/// What is booked of an invoice. As JSON it is its entry, with what is sold and how far it has come where there is that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    #[serde(flatten)]
    pub entry: SalesEntry,
    /// What each line sells, where the books issue the invoice; absent where the entry is sent as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold: Option<Vec<SoldItem>>,
    /// How far issuing has come; absent before it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// What is told of it and neither sent nor remembered.
    #[serde(skip)]
    told: Told,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    conversion: Option<Conversion>,
    notes: Vec<String>,
    mapping: String,
    obstacle: Option<Hold>,
}

impl Bill {
    /// What is booked of a planned invoice; the books issue it themselves where `issues` says so. Credits are entries.
    pub fn of(planned: PlannedEntry, invoice: &Invoice, books: &EntityBooks<'_>, issues: bool) -> Self {
        let issues = issues && planned.entry.kind != EntryKind::Credit;
        let (issued, obstacle) = match issues.then(|| issued(&planned, invoice, books)) {
            Some(Ok(issued)) => (Some(issued), None),
            Some(Err(hold)) => (None, Some(hold)),
            None => (None, None),
        };
        let conversion =
            planned.conversion.map(|conversion| if issues { conversion.left_to_the_books() } else { conversion });
        let mut notes = planned.notes;
        if issues {
            notes.extend(not_on_sales_invoices(&planned.entry));
        }
        let told = Told { conversion, notes, mapping: books.entity.mapping.clone(), obstacle };
        // What is recorded is what was sent: a sales invoice states no rate.
        let (entry, sold) = match issued {
            Some(SalesInvoice { entry, sold }) => (entry, Some(sold)),
            None => (planned.entry, None),
        };
        Self { entry, sold, draft: None, told }
    }

    /// The same, with how far issuing has come.
    pub fn drafted(&self, draft: Draft) -> Self {
        Self { draft: Some(draft), ..self.clone() }
    }

    /// The invoice that the books issue; none where the entry is sent as it is.
    pub fn issued(&self) -> Option<SalesInvoice> {
        Some(SalesInvoice { entry: self.entry.clone(), sold: self.sold.clone()? })
    }
}

fn issued(planned: &PlannedEntry, invoice: &Invoice, books: &EntityBooks<'_>) -> Result<SalesInvoice, Hold> {
    let code = books.entity.rulebook.ad_hoc_item.as_deref();
    let ad_hoc = code.map(|code| AdHocItem { code, id: books.ad_hoc_item });
    sales_invoice(planned, invoice, &books.context(), ad_hoc)
}

impl Posting for Bill {
    fn reference(&self) -> &str {
        self.entry.reference()
    }

    fn customer(&self) -> &str {
        self.entry.customer()
    }

    fn currency(&self) -> Currency {
        self.entry.currency
    }

    fn total(&self) -> Amount {
        self.entry.total()
    }

    fn vat(&self) -> Option<Amount> {
        Some(self.entry.vat())
    }

    fn is_credit(&self) -> bool {
        self.entry.is_credit()
    }

    fn reporting(&self) -> Option<PeriodKey> {
        self.entry.reporting()
    }

    fn is_deferred(&self) -> bool {
        self.entry.is_deferred()
    }

    /// That of the entry; with the items where they are sold, for then it is another payload.
    fn digest(&self, account: Uuid) -> String {
        let of_entry = self.entry.digest(account);
        let Some(sold) = &self.sold else { return of_entry };
        let sold = sold.iter().map(|sold| format!("{} {} {}\n", sold.item, sold.quantity, sold.price));
        let digest = Sha256::digest(format!("{of_entry}\n{}", sold.collect::<String>()));
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn facts(&self, master: &MasterData, account: Option<&BookAccount>) -> String {
        self.entry.facts(master, account)
    }

    fn outline(&self) -> Outline {
        Outline { conversion: self.told.conversion.as_ref().map(Conversion::words), ..self.entry.outline() }
    }

    fn obstacle(&self) -> Option<Hold> {
        self.told.obstacle.clone()
    }

    fn notices(&self) -> Vec<Notice> {
        self.told.notes.iter().map(|note| field_not_carried(self, note)).collect()
    }

    fn paper(&self) -> Option<Paper<'_>> {
        Some(Paper { number: &self.entry.your_ref, date: self.entry.entry_date })
    }

    async fn create(&self, exact: &ExactClient, division: i32, account: Uuid) -> CallResult<PostedEntry> {
        exact.create_sales_entry(division, &self.entry, account).await
    }

    async fn find(exact: &ExactClient, division: i32, references: &[&str]) -> CallResult<Vec<PostedEntry>> {
        exact.find_sales_entries(division, references).await
    }

    async fn send(&self, sending: &Sending<'_>) -> SyncResult<Sent> {
        if let Some(issued) = self.issued() {
            return issue::issue(sending, self, &issued).await;
        }
        let Sending { session, intent, account, document } = *sending;
        let exact = &session.target;
        Ok(Sent::of(exact.create_sales_entry_with(intent.division, &self.entry, account, document).await))
    }

    async fn stand(&self, session: &Session<'_>, intent: &Intent) -> SyncResult<Option<Stand>> {
        match self.sold {
            Some(_) => issue::resume(session, intent, self).await.map(Some),
            None => Ok(None),
        }
    }
}

/// A field of the invoice that the mapping puts on the entry and that it could not take as it is.
fn field_not_carried(bill: &Bill, note: &str) -> Notice {
    let number = &bill.entry.your_ref;
    Notice {
        object: format!("invoice {number}"),
        reason: "FieldNotCarried".to_owned(),
        message: format!("invoice {number}: {note}"),
        remedy: format!(
            "correct the field in Chargebee, or change spec.invoices.fields of EntityMapping {}",
            bill.told.mapping
        ),
    }
}
