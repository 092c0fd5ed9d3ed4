//! Manifests from files, read as kubectl reads them: a folder of YAML and JSON with many documents becomes typed objects,
//! and findings for everything that is wrong.

mod files;
mod objects;
mod secrets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kube::ResourceExt;

pub use secrets::SecretData;

use super::conditions::Reason;
use super::finding::{Finding, Findings, Severity};
use super::yaml::Node;
use super::{EntityMapping, RevenueRule, SyncConnection};

/// The namespace of objects that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Namespace and name.
pub type Key = (String, String);

/// Where an object was read.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The file as it was named; empty for an object from a cluster.
    pub file: String,
    node: Option<Arc<Node>>,
}

impl Origin {
    /// The line of a field like `spec.vat[2].code`, or of the nearest one above it that the file has.
    pub fn line_of(&self, field: &str) -> Option<usize> {
        self.node.as_ref().map(|node| node.nearest(field).line)
    }

    /// Whether the file says something at this field, in contrast to a default.
    pub fn has(&self, field: &str) -> bool {
        let mut node = self.node.as_deref();
        for step in field.split('.') {
            node = node.and_then(|node| node.get(step));
        }
        node.is_some()
    }
}

/// An object and where it was read.
#[derive(Clone, Debug)]
pub struct Located<T> {
    pub object: T,
    pub origin: Origin,
}

impl<T: kube::Resource<DynamicType = ()>> Located<T> {
    /// An object that comes from a cluster and not from a file.
    pub fn from_cluster(object: T) -> Self {
        Self { object, origin: Origin::default() }
    }

    pub fn name(&self) -> String {
        self.object.name_any()
    }

    pub fn namespace(&self) -> String {
        self.object.namespace().unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned())
    }

    pub fn key(&self) -> Key {
        (self.namespace(), self.name())
    }

    /// How messages name it: `SyncConnection default/acme`.
    pub fn described(&self) -> String {
        format!("{} {}/{}", T::kind(&()), self.namespace(), self.name())
    }

    /// A finding about a field of this object.
    pub fn finding(
        &self,
        severity: Severity,
        reason: Reason,
        field: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            severity,
            reason,
            file: self.origin.file.clone(),
            line: self.origin.line_of(field),
            object: self.described(),
            field: field.to_owned(),
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    /// An error in a field of this object.
    pub fn error(&self, reason: Reason, field: &str, message: impl Into<String>, remedy: impl Into<String>) -> Finding {
        self.finding(Severity::Error, reason, field, message, remedy)
    }

    /// A warning about a field of this object.
    pub fn warning(
        &self,
        reason: Reason,
        field: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        self.finding(Severity::Warning, reason, field, message, remedy)
    }
}

/// Everything that was read: typed, and right as far as one object alone can be.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    pub connections: Vec<Located<SyncConnection>>,
    pub mappings: Vec<Located<EntityMapping>>,
    pub rules: Vec<Located<RevenueRule>>,
    pub secrets: BTreeMap<Key, SecretData>,
    /// Objects of our kinds that are there and wrong in themselves.
    pub broken: Vec<Broken>,
    /// A document could not be read or told what it is: what it says may be missing anywhere.
    pub incomplete: bool,
}

/// An object that is wrong in itself. Whoever refers to it is not told that it is missing, and the connection that it
/// belongs to does not run: what it says would be missing there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub kind: String,
    pub namespace: String,
    /// None where even the name is missing.
    pub name: Option<String>,
    /// The connection that it belongs to, where that can be read.
    pub connection: Option<String>,
}

impl Broken {
    pub fn is(&self, kind: &str, (namespace, name): &Key) -> bool {
        self.kind == kind && self.namespace == *namespace && self.name.as_ref() == Some(name)
    }

    /// Whether it belongs to this connection, or might.
    pub fn concerns(&self, (namespace, name): &Key) -> bool {
        self.namespace == *namespace && self.connection.as_ref().is_none_or(|connection| connection == name)
    }
}

impl Manifests {
    /// Whether nothing of ours was found.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.mappings.is_empty() && self.rules.is_empty() && self.broken.is_empty()
    }
}

/// Why nothing could be read at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("unable to read {path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path} holds no manifests: no file in it ends in .yaml, .yml or .json")]
    NoFiles { path: PathBuf },
    #[error("{path} holds more than {most} manifest files: give a narrower folder")]
    TooManyFiles { path: PathBuf, most: usize },
}

/// Reads the manifests of a folder (not of the folders in it, as `kubectl apply -f`) or of one file.
///
/// # Errors
/// Only where there is nothing to judge: the path is not there, cannot be read, or holds no manifests. What is wrong *in* the
/// files is in the findings.
pub fn load(path: &Path) -> Result<(Manifests, Findings), LoadError> {
    let mut reader = objects::Reader::default();
    for file in files::list(path)? {
        reader.read_file(&file);
    }
    Ok(reader.finish())
}

/// Reads manifests from a text, under the name of a file.
pub fn load_text(file: &str, text: &str) -> (Manifests, Findings) {
    let mut reader = objects::Reader::default();
    reader.read_text(file, text);
    reader.finish()
}
