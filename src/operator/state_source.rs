//! The state store of the inline executor, opened by whoever needs it first: one that cannot be reached when the operator
//! begins is told on every connection, and is used as soon as it can be.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::run::StateOptions;
use crate::state::{StateResult, Store};

/// Where the store is, and the store once it is open. Cheap to clone; all clones open it once.
#[derive(Clone)]
pub struct StateSource {
    place: StateOptions,
    opened: Arc<OnceCell<Store>>,
}

impl StateSource {
    pub fn new(place: StateOptions) -> Self {
        Self { place, opened: Arc::default() }
    }

    /// The store.
    ///
    /// # Errors
    /// When it cannot be opened; it is tried again with the next call.
    pub async fn store(&self) -> StateResult<Store> {
        let open = async || match &self.place {
            StateOptions::Directory(directory) => Store::open(directory).await,
            StateOptions::Postgres(url) => Store::connect(url).await,
        };
        self.opened.get_or_try_init(open).await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_could_not_be_opened_is_opened_once_it_can_be() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("state");
        std::fs::write(&place, "no directory").unwrap();
        let source = StateSource::new(StateOptions::Directory(place.clone()));
        let error = source.store().await.unwrap_err().to_string();
        assert!(error.contains(&place.display().to_string()), "{error}");
        std::fs::remove_file(&place).unwrap();
        assert!(source.store().await.is_ok());
    }
}
