//! The rotating token of a connection (I7): kept apart from the state, refreshed by one writer, durable before its first
//! use.

mod endpoint;
mod file;
mod keeper;
mod store;

pub(super) use endpoint::{TokenAnswer, TokenEndpoint};
pub(super) use keeper::TokenKeeper;

pub use file::FileTokenStore;
pub use store::{DayCalls, TokenKey, TokenLock, TokenPair, TokenRecord, TokenStore, TokenStoreError};
