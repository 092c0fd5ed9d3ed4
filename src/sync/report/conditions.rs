//! Conditions that are found alike for every target.

use crate::api::conditions::{ConditionType, Observed, Reason};
use crate::domain::hold::HoldReason;
use crate::state::HeldSummary;
use crate::sync::error::SyncResult;
use crate::sync::findings::Problem;
use crate::sync::session::Session;
use crate::sync::target::Target;

/// What a run holds, as messages name it.
#[derive(Clone, Copy, Debug)]
pub struct Nouns {
    pub one: &'static str,
    pub several: &'static str,
}

/// For each reason that something is held for: how much, and one of it as the example.
///
/// # Errors
/// The state store's.
pub async fn examples<T: Target>(
    session: &Session<'_, T>,
    held: &HeldSummary,
    nouns: Nouns,
    reasons: &[(HoldReason, Reason)],
) -> SyncResult<Vec<Problem>> {
    let mut problems = Vec::new();
    for (hold_reason, reason) in reasons {
        let Some(count) = held.by_reason.get(hold_reason.as_str()) else { continue };
        let Some(example) = session.state.held_example(*hold_reason).await? else { continue };
        let others = if *count == 1 { String::new() } else { format!(" (and {} more {})", count - 1, nouns.several) };
        problems.push(Problem::new(*reason, format!("{}{others}", example.hold.message), example.hold.remedy));
    }
    Ok(problems)
}

/// Whether anything is held, with the reasons; `rest` is said behind them.
pub fn flowing(held: &HeldSummary, nouns: Nouns, rest: &str) -> Observed {
    if held.total == 0 {
        let message = format!("no {} is held", nouns.one);
        return Observed::new(ConditionType::DocumentsFlowing, true, Reason::NothingHeld, message);
    }
    let reasons: Vec<String> = held.by_reason.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let total =
        if held.total == 1 { format!("1 {} is", nouns.one) } else { format!("{} {} are", held.total, nouns.several) };
    let message = format!("{total} held: {}{rest}", reasons.join(", "));
    Observed::new(ConditionType::DocumentsFlowing, false, Reason::DocumentsHeld, message)
}

/// In mode Plan nothing is kept: what this very run would hold.
pub fn would_flow(held: u64, nouns: Nouns) -> Observed {
    if held == 0 {
        let message = format!("no {} would be held", nouns.one);
        return Observed::new(ConditionType::DocumentsFlowing, true, Reason::NothingHeld, message);
    }
    let message = format!("{held} {} would be held; see the notes of the run", nouns.several);
    Observed::new(ConditionType::DocumentsFlowing, false, Reason::DocumentsHeld, message)
}
