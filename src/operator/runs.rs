//! When a run starts beside the schedule: at creation, at a new generation, at a change of what it refers to, and when the
//! annotation `koppel.dev/requestedAt` has a new value. Pure. At most one pod of a connection exists.

use jiff::Timestamp;

use super::build::RunJob;
use super::names;

/// What is known when it is decided.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    pub connection: &'a str,
    /// No run may start: suspended, or something is wrong that a person must mend.
    pub rests: bool,
    /// Digest of what a run would run with.
    pub inputs: &'a str,
    /// What is on record of the run that was started last: its digest, and how many were started before.
    pub started_for: Option<&'a str>,
    /// Value of the annotation that asks for a run.
    pub requested: Option<&'a str>,
    /// The value that was answered last.
    pub handled: Option<&'a str>,
    /// Since when the status says that a person must mend something, where that is mended by now: only a run can say that all
    /// is well again.
    pub stalled_since: Option<Timestamp>,
    /// Jobs of the connection that are there, by name, and whether each is under way.
    pub jobs: Vec<(String, bool)>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nothing beside the schedule.
    Nothing,
    /// A run is wanted, and another one is under way: the schedule rests until that has ended.
    Wait,
    Now(RunJob),
    /// It was started already, and that is not on record yet.
    Already(RunJob),
}

/// Decides whether a run starts now.
pub fn decide(facts: &Facts<'_>) -> Start {
    let requested = facts.requested.filter(|value| facts.handled != Some(value));
    let (former, turn) = facts.started_for.map_or(("", 0), of_record);
    let changed = former != facts.inputs;
    let token = match (requested, facts.stalled_since) {
        _ if facts.rests => return Start::Nothing,
        (Some(value), _) => format!("requested {value}"),
        // What is changed back is another change, though the Job of the first one is still there.
        (None, _) if changed => format!("inputs {} turn {turn}", facts.inputs),
        (None, Some(since)) => format!("inputs {} stalled since {since}", facts.inputs),
        (None, None) => return Start::Nothing,
    };
    let run = RunJob {
        name: names::run_job(facts.connection, &token),
        requested: requested.map(str::to_owned),
        record: format!("{} {}", facts.inputs, turn + 1),
    };
    if facts.jobs.iter().any(|(name, _)| *name == run.name) {
        return Start::Already(run);
    }
    if facts.jobs.iter().any(|(_, active)| *active) { Start::Wait } else { Start::Now(run) }
}

/// Digest and number of what is on record.
fn of_record(record: &str) -> (&str, u64) {
    let (inputs, turn) = record.split_once(' ').unwrap_or((record, "0"));
    (inputs, turn.parse().unwrap_or(0))
}

impl Start {
    /// Whether the schedule rests meanwhile.
    pub fn rests_the_schedule(&self) -> bool {
        matches!(self, Self::Wait | Self::Now(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled() -> Facts<'static> {
        Facts { connection: "acme", inputs: "b", started_for: Some("b"), ..Facts::default() }
    }

    #[test]
    fn nothing_new_starts_nothing() {
        assert_eq!(decide(&settled()), Start::Nothing);
        let answered = Facts { requested: Some("1"), handled: Some("1"), ..settled() };
        assert_eq!(decide(&answered), Start::Nothing);
    }

    #[test]
    fn a_change_starts_one_run_of_a_name_that_it_gives() {
        let changed = Facts { started_for: Some("a"), ..settled() };
        let Start::Now(run) = decide(&changed) else { panic!() };
        assert_eq!(decide(&changed), Start::Now(run.clone()));
        assert_eq!(run.requested, None);
        assert_ne!(decide(&Facts { inputs: "c", ..changed }), Start::Now(run));
    }

    #[test]
    fn what_is_changed_back_starts_a_run_again() {
        let mut record = "a 1".to_owned();
        let mut names = Vec::new();
        for inputs in ["b", "a", "b", "a"] {
            let jobs = names.iter().map(|name: &String| (name.clone(), false)).collect();
            let facts = Facts { inputs, started_for: Some(&record), jobs, ..settled() };
            let Start::Now(run) = decide(&facts) else { panic!("{names:?}") };
            names.push(run.name);
            record = run.record;
        }
        assert_eq!(record, "a 5");
    }

    #[test]
    fn one_value_of_the_annotation_gives_one_job() {
        let asked = Facts { requested: Some("2026-11-29T10:00:00Z"), ..settled() };
        let Start::Now(run) = decide(&asked) else { panic!() };
        assert_eq!(run.requested.as_deref(), asked.requested);
        // Also where it is asked for before and after a change of what it runs with.
        let Start::Now(again) = decide(&Facts { inputs: "z", ..asked }) else { panic!() };
        assert_eq!(run.name, again.name);
    }

    #[test]
    fn what_a_person_has_mended_starts_a_run_though_nothing_of_its_own_has_changed() {
        let mended = Facts { stalled_since: Some(Timestamp::UNIX_EPOCH), ..settled() };
        let Start::Now(run) = decide(&mended) else { panic!() };
        // The Job of the run for the same inputs before that may still be there.
        let Start::Now(before) = decide(&Facts { started_for: None, ..settled() }) else { panic!() };
        assert_ne!(run.name, before.name);
        assert_eq!(decide(&Facts { jobs: vec![(run.name.clone(), false)], ..mended }), Start::Already(run));
    }

    #[test]
    fn a_run_that_was_started_and_not_recorded_is_not_started_again() {
        let asked = Facts { requested: Some("1"), ..settled() };
        let Start::Now(run) = decide(&asked) else { panic!() };
        let jobs = vec![(run.name.clone(), true)];
        assert_eq!(decide(&Facts { jobs, ..asked }), Start::Already(run));
    }

    #[test]
    fn an_active_run_is_waited_for_and_rest_is_rest() {
        let changed = Facts { started_for: None, ..settled() };
        let jobs = vec![("koppel-acme-29388040".to_owned(), true)];
        assert_eq!(decide(&Facts { jobs, ..changed.clone() }), Start::Wait);
        let done = vec![("koppel-acme-29388040".to_owned(), false)];
        assert!(matches!(decide(&Facts { jobs: done, ..changed.clone() }), Start::Now(_)));
        assert_eq!(decide(&Facts { rests: true, ..changed }), Start::Nothing);
        assert!(Start::Wait.rests_the_schedule() && !Start::Nothing.rests_the_schedule());
    }
}
