//! The billing site's own time zone, as its documents state it. Another one than the connection's dates documents by another
//! midnight than their customers see (I3).

use crate::api::conditions::Reason;
use crate::sync::error::SyncResult;
use crate::sync::findings::Problem;
use crate::sync::session::Session;
use crate::sync::walk::SCOPE;

const NAME: &str = "siteTimeZone";

/// Remembers the zone that the latest document stated.
///
/// # Errors
/// The state store's.
pub async fn remember(session: &Session<'_>, zone: Option<&str>) -> SyncResult<()> {
    match zone {
        Some(zone) => Ok(session.state.set_cursor(SCOPE, NAME, &zone).await?),
        None => Ok(()),
    }
}

/// The problem where the site's zone is not the connection's.
///
/// # Errors
/// The state store's.
pub async fn problem(session: &Session<'_>) -> SyncResult<Option<Problem>> {
    let site: Option<String> = session.state.cursor(SCOPE, NAME).await?;
    let own = session.connection.time_zone.iana_name().unwrap_or_default();
    let Some(site) = site.filter(|site| site != own) else { return Ok(None) };
    let connection = &session.connection.name;
    Ok(Some(Problem::new(
        Reason::TimeZoneDiffers,
        format!(
            "Chargebee site {} is in time zone {site}, and SyncConnection {connection} in {own}",
            session.connection.chargebee.site
        ),
        format!("set spec.timeZone of SyncConnection {connection} to {site}, unless the books follow another midnight"),
    )))
}
