//! What can go wrong in a reconcile, by what happens next: everything here is tried again with a growing delay. What a person
//! must mend is no error but a condition.

use kube::ResourceExt;
use thiserror::Error;

use super::api_call::words;
use super::build::Child;
use crate::state::StateError;

pub type OperatorResult<T> = Result<T, OperatorError>;

/// A reconcile that did not come to its end.
#[derive(Debug, Error)]
pub enum OperatorError {
    #[error("unable to {verb} {kind} {namespace}/{name}: {why}", why = words(.source))]
    Child { verb: &'static str, kind: String, namespace: String, name: String, source: Box<kube::Error> },
    #[error("the API server refused: {why}", why = words(.0))]
    Kube(#[source] kube::Error),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("unable to write the status of SyncConnection {connection}: {message}")]
    Status { connection: String, message: String },
}

impl OperatorError {
    /// An error about a child.
    pub fn child(verb: &'static str, child: &Child, namespace: &str, source: kube::Error) -> Self {
        Self::Child {
            verb,
            kind: child.resource.kind.clone(),
            namespace: namespace.to_owned(),
            name: child.name.clone(),
            source: Box::new(source),
        }
    }

    /// Whether the API server understood and refuses it: trying the same again soon helps nobody.
    pub fn is_refusal(&self) -> bool {
        let Self::Child { source, .. } = self else { return false };
        matches!(&**source, kube::Error::Api(status) if matches!(status.code, 400 | 403 | 422))
    }

    /// The word under which metrics and logs count it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Child { .. } => "ChildNotApplied",
            Self::Kube(_) => "ApiServer",
            Self::State(_) => "StateStore",
            Self::Status { .. } => "StatusNotWritten",
        }
    }
}

/// How messages name an object.
pub fn described<K: kube::Resource<DynamicType = ()>>(object: &K) -> String {
    format!("{} {}/{}", K::kind(&()), object.namespace().unwrap_or_default(), object.name_any())
}
