//! What a flow did, counted.

use serde::{Deserialize, Serialize};

/// Entries that mode `Plan` reports at the most; the rest is counted.
pub const PLANNED_MAX: usize = 200;
/// Notices that a run reports at the most.
pub const NOTICES_MAX: usize = 20;

/// Counts of one flow in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowTally {
    pub name: String,
    /// Documents or records looked at, held ones of earlier runs among them.
    pub seen: u64,
    /// Documents booked, adopted ones among them.
    pub booked: u64,
    /// In mode `Plan`: documents that would have been booked.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub would_book: u64,
    /// Documents that the books held already.
    pub adopted: u64,
    /// Records created at the target.
    pub created: u64,
    /// Records updated at the target.
    pub updated: u64,
    /// Documents (or records) that this run found in need of a person.
    pub held: u64,
    /// Held documents that no earlier run knew: with what was booked, what was new.
    pub newly_held: u64,
    /// Creates whose outcome stayed unknown since the last one that is known.
    #[serde(skip)]
    pub answers_lost_in_a_row: u32,
    /// The billing site's time zone as the latest document states it.
    #[serde(skip)]
    pub site_time_zone: Option<String>,
    /// Why the flow ended before its end; absent when it is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// In mode `Plan`: what would have been booked.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub planned: Vec<PlannedSummary>,
    /// What a person should know although nothing is held for it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notices: Vec<Notice>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl FlowTally {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub fn notice(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push(notice);
        }
    }

    pub fn plan(&mut self, planned: PlannedSummary) {
        if self.planned.len() < PLANNED_MAX {
            self.planned.push(planned);
        }
    }
}

/// An entry that would have been booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedSummary {
    pub document: String,
    pub division: i32,
    pub entry_date: String,
    pub period: String,
    pub total: String,
    pub lines: Vec<String>,
    /// Of an entry in a foreign currency: its rate and whose that is, and what it is worth in the books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion: Option<String>,
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    pub object: String,
    pub reason: String,
    pub message: String,
    pub remedy: String,
}
