//! The CEL rules of the kinds, judged here as the API server judges them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kube::core::cel::{CompiledSchema, ErrorKind, Validator, apply_defaults, compile_schema};
use serde_json::Value;

use super::crd;

/// A rule that an object breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Path of the field: `spec.vat[2].when`.
    pub field: String,
    /// The rule's own message.
    pub message: String,
    /// The rule said no, in contrast to one that could not be asked because something else is wrong.
    pub said_no: bool,
}

/// The rules of the three kinds.
pub struct Rules {
    validator: Validator,
}

/// The schema of a kind with its rules compiled, once for the process.
fn compiled(kind: &str) -> Option<&'static CompiledSchema> {
    static COMPILED: LazyLock<BTreeMap<&'static str, CompiledSchema>> = LazyLock::new(|| {
        crd::definitions().iter().map(|definition| (definition.kind, compile_schema(definition.schema()))).collect()
    });
    COMPILED.get(kind)
}

impl Rules {
    pub fn new() -> Self {
        Self { validator: Validator::new() }
    }

    /// The rules that an object of `kind` breaks when it is made.
    pub fn check(&self, kind: &str, object: &Value) -> Vec<Broken> {
        self.check_change(kind, object, None)
    }

    /// The rules that an object of `kind` breaks when it is changed from `old`.
    pub fn check_change(&self, kind: &str, object: &Value, old: Option<&Value>) -> Vec<Broken> {
        let Some(compiled) = compiled(kind) else { return Vec::new() };
        let Err(errors) = self.validator.validate_compiled(compiled, object, old) else { return Vec::new() };
        let broken = errors.into_iter().map(|error| Broken {
            field: error.field_path,
            message: error.message,
            said_no: error.kind == ErrorKind::ValidationFailure,
        });
        broken.collect()
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::new()
    }
}

/// The object as the API server stores it: nulls taken out, defaults filled in.
pub fn with_defaults(kind: &str, object: &Value) -> Value {
    let pruned = without_nulls(object);
    crd::definition(kind).map_or_else(|| pruned.clone(), |definition| apply_defaults(definition.schema(), &pruned))
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
