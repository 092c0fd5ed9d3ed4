//! What is told of closings that are no money: each reason with a few examples, for own entries alone close most of what is
//! closed.

use std::collections::BTreeMap;

use crate::accounting::receipts::{Note, NoteReason};
use crate::sync::tally::{FlowTally, Notice};

/// Examples of one reason; the rest is counted.
const EXAMPLES_MAX: usize = 4;

/// The notes of one run.
#[derive(Debug, Default)]
pub struct Notes {
    by_reason: BTreeMap<NoteReason, (Vec<Note>, usize)>,
}

impl Notes {
    pub fn add(&mut self, note: Note) {
        let (examples, more) = self.by_reason.entry(note.reason).or_default();
        if examples.len() < EXAMPLES_MAX {
            examples.push(note);
        } else {
            *more += 1;
        }
    }

    /// Puts them into the report.
    pub fn tell(self, tally: &mut FlowTally) {
        for (reason, (examples, more)) in self.by_reason {
            let last = examples.len().saturating_sub(1);
            for (place, note) in examples.into_iter().enumerate() {
                let more =
                    if place == last && more > 0 { format!(" (and {more} others alike)") } else { String::new() };
                tally.notice(Notice {
                    object: note.object,
                    reason: reason.to_string(),
                    message: format!("{}{more}", note.message),
                    remedy: note.remedy,
                });
            }
        }
    }
}
