//! What Dataverse refuses, with its HTTP status, its code and its words.

use serde_json::{Value, json};
use uuid::Uuid;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    /// Seconds to wait, where the answer says so.
    pub retry_after: Option<u64>,
}

/// What most of the sandbox's functions give.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub fn does_not_exist(table: &str, id: Uuid) -> Self {
        Self::new(404, "0x80040217", format!("{table} With Id = {id} Does Not Exist"))
    }

    pub fn no_such_key_values(table: &str) -> Self {
        let message = format!("A record with the specified key values does not exist in {table} entity");
        Self::new(404, "0x80060891", message)
    }

    pub fn duplicate_key(name: &str, columns: &[String], holder: Uuid) -> Self {
        let named = columns.join(",");
        let attributes: String = columns.iter().map(|column| format!("<{column} />")).collect();
        let message = format!(
            "Entity Key {name} violated. A record with the same value for {named} already exists. A duplicate record cannot be \
             created. Select one or more unique values and try again. <DuplicateAttributes>{attributes}</DuplicateAttributes>\
             <Id>{holder}</Id>"
        );
        Self::new(412, "0x80060892", message)
    }

    pub fn duplicate() -> Self {
        Self::new(412, "0x80040237", "A record with matching key values already exists.")
    }

    pub fn version_mismatch() -> Self {
        let message = "The version of the existing record doesn't match the RowVersion property provided.";
        Self::new(412, "0x80060882", message)
    }

    pub fn not_a_member() -> Self {
        Self::new(403, "0x80072560", "The user is not a member of the organization.")
    }

    pub fn payload(set: &str, inner: &str) -> Self {
        let message = format!(
            "Error identified in Payload provided by the user for Entity :'{set}', For more information on this error please \
             follow this help link ---->  InnerException : Microsoft.OData.ODataException: {inner}"
        );
        Self::new(400, "0x80048d19", message)
    }

    pub fn undeclared(set: &str, property: &str) -> Self {
        let inner = format!(
            "An undeclared property '{property}' which only has property annotations in the payload but no property value was \
             found in the payload. In OData, only declared navigation properties and declared named streams can be \
             represented as properties without values."
        );
        Self::payload(set, &inner)
    }

    pub fn query(message: impl Into<String>) -> Self {
        Self::new(400, "0x80060888", message)
    }

    pub fn no_property(name: &str, table: &str) -> Self {
        Self::query(format!("Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'."))
    }

    pub fn no_segment(name: &str) -> Self {
        Self::new(404, "0x8006088a", format!("Resource not found for the segment '{name}'."))
    }

    pub fn not_a_key(table: &str) -> Self {
        let message = format!(
            "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{table}'. Ensure that the names and \
             number of key properties match the declared key properties for the resource 'Microsoft.Dynamics.CRM.{table}'."
        );
        Self::new(400, "0x0", message)
    }

    /// Characters that no URL with a key can hold.
    pub fn dangerous_path(character: char) -> Self {
        let message = format!("A potentially dangerous Request.Path value was detected from the client ({character}).");
        Self::new(400, "0x0", message)
    }

    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(400, "0x80040203", message)
    }

    pub fn too_long(column: &str, table: &str, max: usize) -> Self {
        let message = format!(
            "A validation error occurred. The length of the '{column}' attribute of the '{table}' entity exceeded the maximum \
             allowed length of '{max}'."
        );
        Self::new(400, "0x80044331", message)
    }

    pub fn not_an_option(value: i64, column: &str, table: &str, accepted: &[i64]) -> Self {
        let accepted = accepted.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let message = format!(
            "A validation error occurred. The value {value} of '{column}' on record of type '{table}' is outside the valid \
             range. Accepted Values: {accepted}"
        );
        Self::new(400, "0x8004431a", message)
    }

    /// Out of range; integers have a code of their own.
    pub fn out_of_range(column: &str, table: &str, value: &str, is_integer: bool) -> Self {
        let code = if is_integer { "0x8004432f" } else { "0x80044330" };
        let message = format!(
            "A validation error occurred. The value {value} of '{column}' on record of type '{table}' is outside the valid range."
        );
        Self::new(400, code, message)
    }

    pub fn status_of_another_state(status: i64, state: i64, table: &str) -> Self {
        let message = format!("{status} is not a valid status code for state code {state} on {table}.");
        Self::new(400, "0x80048408", message)
    }

    pub fn associated(table: &str) -> Self {
        let message = format!(
            "The record cannot be deleted because it is associated with another record. If you want to delete this record, you \
             need to remove the associated record first. The entity is '{table}'."
        );
        Self::new(405, "0x80040227", message)
    }

    /// The refusal of a plug-in, in its own words.
    pub fn plug_in(message: impl Into<String>) -> Self {
        Self::new(400, "0x80040265", message)
    }

    pub fn not_supported(message: impl Into<String>) -> Self {
        Self::new(405, "0x80040800", message)
    }

    /// Something of the real service that this sandbox does not have.
    pub fn not_simulated(what: &str) -> Self {
        Self::new(501, "0x0", format!("the sandbox does not simulate {what}"))
    }

    pub fn expired_version() -> Self {
        let message = "Version stamp associated with the client has expired. Please perform a full sync.";
        Self::new(400, "0x80044352", message)
    }

    pub fn customization_lock() -> Self {
        let message = "Cannot start the requested operation because another customization operation is running at this moment. \
                       Use Solution History for more details.";
        Self::new(429, "0x80071151", message)
    }

    pub fn unexpected() -> Self {
        Self::new(500, "0x80040216", "An unexpected error occurred.")
    }

    /// The answer's body; annotated where the client asked for all annotations.
    pub fn body(&self, annotated: bool) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if annotated {
            error["@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus"] = json!("0");
            error["@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode"] = json!(self.code.trim_start_matches("0x"));
            error["@Microsoft.PowerApps.CDS.HelpLink"] = json!("http://go.microsoft.com/fwlink/?LinkID=398563");
            error["@Microsoft.PowerApps.CDS.TraceText"] = json!("");
            error["@Microsoft.PowerApps.CDS.InnerError.Message"] = json!(self.message);
        }
        json!({"error": error})
    }
}
