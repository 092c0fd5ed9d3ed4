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
    /// What is on record: the digest of the run that was started last, how many were started, and for which value of the
    /// annotation one was started last.
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
    /// It was started already, and that is not on record, or not in the status, yet.
    Already(RunJob),
}

/// What is on record of the runs that were started, in the words of an annotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Record<'a> {
    /// Digest of what the last one was started for.
    inputs: &'a str,
    /// How many were started.
    turn: u64,
    /// Hash of the value of the annotation that was answered last; empty where none was.
    mark: &'a str,
}

impl<'a> Record<'a> {
    fn read(text: &'a str) -> Self {
        let mut words = text.split(' ');
        let inputs = words.next().unwrap_or_default();
        let turn = words.next().and_then(|turn| turn.parse().ok()).unwrap_or(0);
        Self { inputs, turn, mark: words.next().unwrap_or_default() }
    }

    fn write(&self) -> String {
        format!("{} {} {}", self.inputs, self.turn, self.mark).trim_end().to_owned()
    }
}

/// Decides whether a run starts now.
pub fn decide(facts: &Facts<'_>) -> Start {
    let requested = facts.requested.filter(|value| facts.handled != Some(value));
    let record = facts.started_for.map(Record::read).unwrap_or_default();
    let turn = record.turn;
    let mark = requested.map(names::hash);
    let token = match (requested, facts.stalled_since) {
        _ if facts.rests => return Start::Nothing,
        // What is asked for again after something else is another wish, though the Job of the first one is still there.
        (Some(value), _) => format!("requested {value} turn {turn}"),
        // What is changed back is another change.
        (None, _) if record.inputs != facts.inputs => format!("inputs {} turn {turn}", facts.inputs),
        (None, Some(since)) => format!("inputs {} stalled since {since}", facts.inputs),
        (None, None) => return Start::Nothing,
    };
    let next = Record { inputs: facts.inputs, turn: turn + 1, mark: mark.as_deref().unwrap_or(record.mark) };
    let mut run = RunJob {
        name: names::run_job(facts.connection, &token),
        requested: requested.map(str::to_owned),
        record: next.write(),
    };
    if mark.as_deref() == Some(record.mark) {
        // It is on record, and the status does not say so yet.
        run.record = record.write();
        return Start::Already(run);
    }
    if facts.jobs.iter().any(|(name, _)| *name == run.name) {
        return Start::Already(run);
    }
    if facts.jobs.iter().any(|(_, active)| *active) { Start::Wait } else { Start::Now(run) }
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

    /// What Flux's users know: any value but the one that was answered last asks for a run (issue 4).
    #[test]
    fn a_value_that_comes_back_after_another_one_is_a_new_value() {
        let (mut record, mut handled) = ("b 1".to_owned(), None);
        let mut jobs: Vec<(String, bool)> = Vec::new();
        for value in ["A", "B", "A", "B"] {
            let asked =
                Facts { requested: Some(value), handled, started_for: Some(&record), jobs: jobs.clone(), ..settled() };
            let Start::Now(run) = decide(&asked) else { panic!("{value} after {jobs:?}") };
            // Its Job is there, and nothing else is known of it.
            let made = Facts { jobs: vec![(run.name.clone(), true)], ..asked.clone() };
            assert_eq!(decide(&made), Start::Already(run.clone()));
            // It is on record, its Job is gone, and the status could not be written.
            let Start::Already(told) = decide(&Facts { started_for: Some(&run.record), jobs: vec![], ..asked }) else {
                panic!("{value} was started twice")
            };
            assert_eq!((told.requested.as_deref(), &told.record), (Some(value), &run.record));
            jobs.push((run.name, false));
            (record, handled) = (run.record, Some(value));
            let answered = Facts { requested: Some(value), handled, started_for: Some(&record), ..settled() };
            assert_eq!(decide(&answered), Start::Nothing);
        }
    }

    #[test]
    fn a_change_of_inputs_keeps_what_was_answered() {
        let asked = Facts { requested: Some("A"), started_for: Some("b 1"), ..settled() };
        let Start::Now(run) = decide(&asked) else { panic!() };
        let changed = Facts { inputs: "c", handled: Some("A"), started_for: Some(&run.record), ..asked.clone() };
        let Start::Now(next) = decide(&changed) else { panic!() };
        assert_eq!(next.requested, None);
        let lost = Facts { inputs: "c", started_for: Some(&next.record), ..asked };
        assert!(matches!(decide(&lost), Start::Already(_)), "{next:?}");
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
