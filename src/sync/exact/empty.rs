//! Lists that come empty where the user has no right to them: taken for empty books, they would have every customer made
//! again and, after a lost state, every invoice booked again (I1, N4).

use crate::connectors::http::CallError;
use crate::domain::master::MasterData;
use crate::sync::error::{At, SyncError, SyncResult, Vendor};
use crate::sync::session::Session;

/// Proves that `resource` of the division came empty because nothing is there; one call.
///
/// # Errors
/// [`CallError::Forbidden`] where the user has no right to read it; else the target's.
pub async fn prove_empty(session: &Session<'_>, division: i32, resource: &str) -> SyncResult<()> {
    let may_read = session.target.may_read(division, resource).await.at(Vendor::ExactOnline)?;
    // Where the vendor does not tell, the empty list stands.
    if may_read.unwrap_or(true) {
        return Ok(());
    }
    let message = format!(
        "Exact Online's user has no right to read {resource} in division {division}, and gets an empty list instead; give \
         the user who consented the right to it"
    );
    Err(SyncError::Call { vendor: Vendor::ExactOnline, error: CallError::Forbidden { message } })
}

/// Proves the same of master data that every administration has.
///
/// # Errors
/// As [`prove_empty`].
pub async fn prove_master(session: &Session<'_>, master: &MasterData) -> SyncResult<()> {
    let lists = [
        ("sync/Financial/GLAccounts", master.accounts.is_empty()),
        ("financial/Journals", master.journals.is_empty()),
        ("vat/VATCodes", master.vat_codes.is_empty()),
        ("cashflow/PaymentConditions", master.payment_conditions.is_empty()),
        ("logistics/ItemGroups", master.item_groups.is_empty()),
        ("financial/FinancialPeriods", master.periods.is_empty()),
    ];
    for (resource, _) in lists.into_iter().filter(|(_, is_empty)| *is_empty) {
        prove_empty(session, master.division, resource).await?;
    }
    Ok(())
}
