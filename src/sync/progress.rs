//! What a person sees while a run works.

/// Told how a run gets on; must be cheap, it is called for every document.
pub trait Progress: Send + Sync {
    /// A stage or flow begins.
    fn stage(&self, name: &str);
    /// One more document or record was dealt with.
    fn advance(&self, outcome: Step);
}

/// What became of one document or record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Booked,
    Updated,
    Held,
    Unchanged,
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &str) {}
    fn advance(&self, _outcome: Step) {}
}
