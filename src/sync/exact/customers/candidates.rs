//! The accounts that each rule finds for a customer, from the index of the books: no call.

use uuid::Uuid;

use super::{KIND, draft};
use crate::api::customers::MatchRule as DeclaredRule;
use crate::connectors::exact::AccountDraft;
use crate::domain::customer::Customer;
use crate::state::AccountField;
use crate::sync::error::SyncResult;
use crate::sync::exact::books::{comparable_digits, comparable_text, comparable_vat};
use crate::sync::exact::entity::EntityBooks;
use crate::sync::exact::plan::customer::{Candidate, Candidates, MatchRule};
use crate::sync::session::Session;

/// What each rule finds, in the order of the mapping. Koppel's own mark, the search code, is looked for first in any case:
/// an account that we made is found again after the state was lost.
///
/// # Errors
/// The state store's.
pub async fn candidates(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    customer: &Customer,
    desired: &AccountDraft,
) -> SyncResult<Vec<Candidates>> {
    let mut all = vec![find(session, books, MatchRule::Pointer, comparable_text(&customer.id)).await?];
    for rule in &books.entity.customers.match_by {
        let (rule, value) = match rule {
            DeclaredRule::Pointer => continue,
            DeclaredRule::VatNumber => (MatchRule::VatNumber, desired.vat_number.as_deref().map(comparable_vat)),
            DeclaredRule::ChamberOfCommerce => {
                let number = draft::chamber_of_commerce(books, customer);
                (MatchRule::ChamberOfCommerce, number.as_deref().map(comparable_digits))
            }
            DeclaredRule::Email => (MatchRule::Email, desired.email.as_deref().map(comparable_text)),
        };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            all.push(find(session, books, rule, value).await?);
        }
    }
    Ok(all)
}

async fn find(
    session: &Session<'_>,
    books: &EntityBooks<'_>,
    rule: MatchRule,
    value: String,
) -> SyncResult<Candidates> {
    let field = match rule {
        MatchRule::Pointer => AccountField::SearchCode,
        MatchRule::VatNumber => AccountField::VatNumber,
        MatchRule::ChamberOfCommerce => AccountField::ChamberOfCommerce,
        MatchRule::Email => AccountField::Email,
    };
    let division = books.division();
    let mut accounts = Vec::new();
    for account in session.state.accounts_by(division, field, &value).await? {
        let tied_to = session.state.linked_to(KIND, division, account.id).await?;
        accounts.push(Candidate { account, tied_to });
    }
    Ok(Candidates { rule, value, accounts })
}

/// The account that the customer's own field points to, where the mapping names one: left by a predecessor, or by hand.
pub fn pointed_to(books: &EntityBooks<'_>, customer: &Customer) -> Option<Result<Uuid, String>> {
    let field = books.entity.customers.pointer_field.as_ref()?;
    let text = customer.custom_fields.get(field).map(|text| text.trim()).filter(|text| !text.is_empty())?;
    Some(text.parse().map_err(|_| text.to_owned()))
}
