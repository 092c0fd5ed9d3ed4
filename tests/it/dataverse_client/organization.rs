//! A small organization that keeps definitions: what it was given is there when it is read again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::fake::{Fake, Reply, Seen};

pub const PUBLISHER: &str = "00000000-0000-0000-0000-0000000000a1";
pub const SOLUTION: &str = "00000000-0000-0000-0000-0000000000a2";

#[derive(Default)]
pub struct Definitions {
    pub publisher: Option<Value>,
    pub solution: Option<Value>,
    /// By logical name.
    pub tables: BTreeMap<String, Definition>,
    /// Answers for the next ones that write, before anything is done.
    pub faults: Vec<Reply>,
    /// Does what it is asked and loses the answer, so many times.
    pub lost: u32,
    /// How often a key is looked at before it is active.
    pub key_delay: u32,
    pub writes: Vec<String>,
}

#[derive(Default)]
pub struct Definition {
    pub whole: Value,
    pub columns: BTreeMap<String, Value>,
    pub keys: Vec<Value>,
    pub relationships: Vec<Value>,
    polls: u32,
}

pub type Shared = Arc<Mutex<Definitions>>;

/// An organization with accounts only.
pub async fn organization() -> (Fake, Shared) {
    let account = Definition { whole: json!({"OwnershipType": "UserOwned"}), ..Definition::default() };
    let tables = BTreeMap::from([("account".to_owned(), account)]);
    let shared: Shared = Arc::new(Mutex::new(Definitions { tables, ..Definitions::default() }));
    let definitions = Arc::clone(&shared);
    let fake = Fake::start(move |seen| match seen.is_token() {
        true => Reply::default_token(),
        false => definitions.lock().unwrap().answer(seen),
    });
    (fake.await, shared)
}

fn logical(value: &Value) -> String {
    value["SchemaName"].as_str().unwrap().to_lowercase()
}

/// The text between quotes in a path.
fn quoted(path: &str, nth: usize) -> &str {
    path.split('\'').nth(2 * nth + 1).unwrap()
}

fn list(rows: impl IntoIterator<Item = Value>) -> Reply {
    Reply::json(&json!({"value": rows.into_iter().collect::<Vec<_>>()}))
}

impl Definitions {
    fn answer(&mut self, seen: &Seen) -> Reply {
        if seen.method == "GET" {
            return self.read(seen);
        }
        if !self.faults.is_empty() {
            return self.faults.remove(0);
        }
        self.writes.push(format!("{} {}", seen.method, seen.path));
        let reply = self.write(seen);
        if self.lost > 0 {
            self.lost -= 1;
            return Reply { cut: true, ..Reply::new(200, "{}") };
        }
        reply
    }

    fn read(&mut self, seen: &Seen) -> Reply {
        let path = seen.path.as_str();
        match path {
            "organizations" => list([json!({"languagecode": 1043})]),
            "publishers" => list(self.publisher.clone()),
            "solutions" => list(self.solution.clone()),
            "EntityDefinitions" => list(self.tables.iter().map(|(name, table)| {
                let tracked = table.whole["ChangeTrackingEnabled"].clone();
                json!({"LogicalName": name, "EntitySetName": format!("{name}s"), "OwnershipType": table.whole["OwnershipType"], "ChangeTrackingEnabled": tracked})
            })),
            _ if path.ends_with("/Attributes") => list(self.tables[quoted(path, 0)].columns.values().cloned()),
            _ if path.ends_with("/ManyToOneRelationships") => list(self.tables[quoted(path, 0)].relationships.clone()),
            _ if path.ends_with("/Keys") => {
                let delay = self.key_delay;
                let table = self.tables.get_mut(quoted(path, 0)).unwrap();
                table.polls += 1;
                let status = if table.polls > delay { "Active" } else { "Pending" };
                list(table.keys.clone().into_iter().map(|mut key| {
                    key["EntityKeyIndexStatus"] = json!(status);
                    key
                }))
            }
            _ if path.contains("/Attributes(") => Reply::json(&self.tables[quoted(path, 0)].columns[quoted(path, 1)]),
            _ => {
                let mut whole = self.tables[quoted(path, 0)].whole.clone();
                whole["MetadataId"] = json!(PUBLISHER);
                Reply::json(&whole)
            }
        }
    }

    fn write(&mut self, seen: &Seen) -> Reply {
        let (path, mut body) = (seen.path.as_str(), seen.json());
        let in_solution = |seen: &Seen| assert_eq!(seen.headers["mscrm.solutionuniquename"], "Koppel");
        match path {
            "publishers" => {
                body["publisherid"] = json!(PUBLISHER);
                self.publisher = Some(body);
            }
            "solutions" => {
                assert_eq!(body["publisherid@odata.bind"], format!("/publishers({PUBLISHER})"));
                (body["solutionid"], body["_publisherid_value"], body["ismanaged"]) =
                    (json!(SOLUTION), json!(PUBLISHER), json!(false));
                self.solution = Some(body);
            }
            _ if path.starts_with("solutions(") => self.solution.as_mut().unwrap()["version"] = body["version"].clone(),
            "PublishXml" => assert!(body["ParameterXml"].as_str().unwrap().contains("<entity>cb_")),
            "EntityDefinitions" => {
                in_solution(seen);
                let attributes = body["Attributes"].as_array().unwrap().clone();
                assert_eq!(attributes.iter().filter(|column| column["IsPrimaryName"] == true).count(), 1);
                let mut table = Definition { whole: body.clone(), ..Definition::default() };
                attributes.into_iter().for_each(|column| table.add(column));
                if self.tables.insert(logical(&body), table).is_some() {
                    return Reply::error(400, "0x80044363", "already exists");
                }
            }
            "RelationshipDefinitions" => {
                in_solution(seen);
                assert!(self.tables.contains_key(body["ReferencedEntity"].as_str().unwrap()));
                let table = self.tables.get_mut(body["ReferencingEntity"].as_str().unwrap()).unwrap();
                if table.relationships.iter().any(|there| there["SchemaName"] == body["SchemaName"]) {
                    return Reply::error(400, "0x80044363", "already exists");
                }
                table.relationships.push(body);
            }
            _ if path.ends_with("/Attributes") => self.tables.get_mut(quoted(path, 0)).unwrap().add(body),
            _ if path.ends_with("/Keys") => self.tables.get_mut(quoted(path, 0)).unwrap().keys.push(body),
            _ if path.contains("/Attributes(") => {
                assert_eq!(
                    (seen.method.as_str(), &seen.headers["mscrm.mergelabels"]),
                    ("PUT", &"true".parse().unwrap())
                );
                self.tables.get_mut(quoted(path, 0)).unwrap().columns.insert(quoted(path, 1).to_owned(), body);
            }
            _ => {
                let name = logical(&body);
                self.tables.get_mut(&name).unwrap().whole = body;
            }
        }
        Reply::new(204, "")
    }
}

impl Definition {
    fn add(&mut self, mut column: Value) {
        let name = logical(&column);
        column["LogicalName"] = json!(name);
        self.columns.insert(name, column);
    }
}
