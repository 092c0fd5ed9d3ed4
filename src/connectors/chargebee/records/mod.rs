//! Everything that is kept equal in a CRM (C9–C25), read as records: which list holds which kinds, and how their rows
//! become records. What a field holds is said by the kind's table, where it stands in a row by the tables beside this file.

mod catalogue;
mod documents;
mod money;
mod parties;
mod row;
mod subscriptions;
#[cfg(test)]
mod tests;

use super::client::ChargebeeClient;
use super::lists::{self, List, ListQuery, Since};
use super::page::{Page, Reader, Row};
use crate::connectors::http::CallResult;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::record::{Record, RecordKind};

/// A list of Chargebee's whose rows become records. In the order in which one may name another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordList {
    ItemFamilies,
    Items,
    ItemPrices,
    Features,
    Entitlements,
    Coupons,
    Customers,
    PaymentSources,
    Subscriptions,
    Invoices,
    CreditNotes,
    Transactions,
    PromotionalCredits,
    UnbilledCharges,
}

impl RecordList {
    pub const ALL: [Self; 14] = [
        Self::ItemFamilies,
        Self::Items,
        Self::ItemPrices,
        Self::Features,
        Self::Entitlements,
        Self::Coupons,
        Self::Customers,
        Self::PaymentSources,
        Self::Subscriptions,
        Self::Invoices,
        Self::CreditNotes,
        Self::Transactions,
        Self::PromotionalCredits,
        Self::UnbilledCharges,
    ];

    /// The list's name, under which its cursor is kept.
    pub fn as_str(self) -> &'static str {
        self.list().path
    }

    /// The kinds that its rows become. The first is that of a row as a whole where others are parts of it.
    pub fn kinds(self) -> &'static [RecordKind] {
        match self {
            Self::ItemFamilies => &[RecordKind::ItemFamily],
            Self::Items => &[RecordKind::Plan, RecordKind::AddOn, RecordKind::Charge],
            Self::ItemPrices => &[RecordKind::ItemPrice, RecordKind::PriceTier],
            Self::Features => &[RecordKind::Feature],
            Self::Entitlements => &[RecordKind::ProductFeature],
            Self::Coupons => &[RecordKind::Coupon],
            Self::Customers => &[RecordKind::Customer],
            Self::PaymentSources => &[RecordKind::PaymentSource],
            Self::Subscriptions => &[RecordKind::Subscription, RecordKind::SubscriptionItem],
            Self::Invoices => &[RecordKind::Invoice, RecordKind::InvoiceLine],
            Self::CreditNotes => &[RecordKind::CreditNote, RecordKind::CreditNoteLine],
            Self::Transactions => &[RecordKind::Payment, RecordKind::Refund],
            Self::PromotionalCredits => &[RecordKind::PromotionalCredit],
            Self::UnbilledCharges => &[RecordKind::UnbilledCharge],
        }
    }

    /// The list whose rows become records of `kind`.
    pub fn of(kind: RecordKind) -> Self {
        // A test walks through every kind.
        Self::ALL.into_iter().find(|list| list.kinds().contains(&kind)).expect("every kind has a list")
    }

    /// Whether the list does not tell what has changed, so that it is read whole each time: a record of its kinds that is
    /// not among the rows any more is gone.
    pub fn is_read_whole(self) -> bool {
        self.list().since == Since::Nothing
    }

    fn list(self) -> &'static List {
        match self {
            Self::ItemFamilies => &lists::ITEM_FAMILIES,
            Self::Items => &lists::ITEMS,
            Self::ItemPrices => &lists::ITEM_PRICES,
            Self::Features => &lists::FEATURES,
            Self::Entitlements => &lists::ENTITLEMENTS,
            Self::Coupons => &lists::COUPONS,
            Self::Customers => &lists::CUSTOMERS,
            Self::PaymentSources => &lists::PAYMENT_SOURCES,
            Self::Subscriptions => &lists::SUBSCRIPTIONS,
            Self::Invoices => &lists::INVOICES,
            Self::CreditNotes => &lists::CREDIT_NOTES,
            Self::Transactions => &lists::TRANSACTIONS,
            Self::PromotionalCredits => &lists::PROMOTIONAL_CREDITS,
            Self::UnbilledCharges => &lists::UNBILLED_CHARGES,
        }
    }

    fn reader(self) -> Reader<Vec<Record>> {
        let (noun, read): (_, Read) = match self {
            Self::ItemFamilies => ("item family", catalogue::item_family),
            Self::Items => ("item", catalogue::item),
            Self::ItemPrices => ("item price", catalogue::item_price),
            Self::Features => ("feature", catalogue::feature),
            Self::Entitlements => ("entitlement", catalogue::entitlement),
            Self::Coupons => ("coupon", catalogue::coupon),
            Self::Customers => ("customer", parties::customer),
            Self::PaymentSources => ("payment source", parties::payment_source),
            Self::Subscriptions => ("subscription", subscriptions::subscription),
            Self::Invoices => ("invoice", documents::invoice),
            Self::CreditNotes => ("credit note", documents::credit_note),
            Self::Transactions => ("transaction", money::transaction),
            Self::PromotionalCredits => ("promotional credit", money::promotional_credit),
            Self::UnbilledCharges => ("unbilled charge", money::unbilled_charge),
        };
        Reader { noun, unreadable: UNREADABLE, read }
    }
}

/// Makes records of a row with an id.
type Read = fn(&str, &str) -> Result<Vec<Record>, Hold>;

/// A row that cannot be read makes no row that a target would take.
const UNREADABLE: HoldReason = HoldReason::RejectedByTarget;

impl ChargebeeClient {
    /// A page of records. A row becomes one record, followed by its parts (lines, tiers, items); one that no CRM keeps, an
    /// authorization for example, becomes none. Parts bear an id that begins with their whole's, so that those which are
    /// gone can be told.
    ///
    /// # Errors
    /// As for every list.
    pub async fn records(&self, list: RecordList, query: &ListQuery) -> CallResult<Page<Vec<Record>>> {
        self.list_by(list.list(), query, Vec::new(), &list.reader()).await
    }

    /// The row `id` of `list` as the site tells of it, deleted ones included; none of one that was removed for good, which
    /// others may name all the same.
    ///
    /// # Errors
    /// As for every list.
    pub async fn row_of(&self, list: RecordList, id: &str) -> CallResult<Option<Row<Vec<Record>>>> {
        let query = ListQuery { include_deleted: true, limit: Some(1), ..ListQuery::default() };
        let only = ("id[is]", id.to_owned());
        let page = self.list_by(list.list(), &query, vec![only], &list.reader()).await?;
        Ok(page.rows.into_iter().next())
    }
}
