//! What a list's records were carried under: flows, entities, owners. Where that is another by now, the list is read anew, for
//! its cursor is past records that are to be there, or otherwise; what is unchanged all the same is not sent.

use sha2::{Digest, Sha256};

use super::Carrying;
use crate::domain::record::RecordKind;
use crate::sync::crm::SCOPE as OF_TARGET;
use crate::sync::crm::flows::carries;
use crate::sync::error::SyncResult;
use crate::sync::walk::SCOPE;

impl Carrying<'_, '_> {
    /// Forgets how far the list was read where its records were carried under something else.
    pub(super) async fn begin_again_where_scope_differs(&self) -> SyncResult<()> {
        let (session, list) = (self.session, self.list.as_str());
        if !session.writes() {
            return Ok(());
        }
        let (name, now) = (format!("scope:{list}"), self.scope());
        let before: Option<String> = session.state.cursor(OF_TARGET, &name).await?;
        if before.as_ref() == Some(&now) {
            return Ok(());
        }
        if before.is_some() {
            tracing::info!(list, "flows or owners have changed: the list is read anew");
            session.state.clear_cursor(SCOPE, list).await?;
        }
        Ok(session.state.set_cursor(OF_TARGET, &name, &now).await?)
    }

    fn scope(&self) -> String {
        let flows = &self.session.declared.flows;
        let carried: Vec<&RecordKind> = RecordKind::ALL.iter().filter(|kind| carries(flows, **kind)).collect();
        let mut digest = Sha256::new();
        digest.update(format!("{carried:?} {:?}", self.organization.owners));
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}
