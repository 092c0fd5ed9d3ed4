//! Events on a connection: one for each change of a condition that a person should hear of, none for what stays as it is.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use super::api_call::words;
use crate::api::conditions::{ConditionType, Status};

/// What the API server takes in an event's note, in bytes.
const NOTE_MAX: usize = 1024;
/// What was being done, for whoever filters by it.
const ACTION: &str = "Sync";

/// Tells of conditions. Clones share what was told in the last minutes, so that the same event again becomes a series of one
/// object; that takes `patch` of events, which a worker has not: it makes one of these for each run.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    /// Events in the name of `controller`, such as `koppel.dev/worker`, and of this host (in a cluster: the pod).
    pub fn new(client: Client, controller: &str) -> Self {
        Self { recorder: Recorder::new(client, Reporter::from(controller)) }
    }

    /// Publishes events on an object. An event that cannot be published is logged: the condition tells the same.
    pub async fn publish(&self, regarding: &ObjectReference, events: &[Event]) {
        for event in events {
            if let Err(error) = self.recorder.publish(event, regarding).await {
                tracing::warn!(reason = event.reason, error = words(&error), "an event could not be published");
            }
        }
    }
}

/// The events that a change of conditions is worth: `Warning` for what has become wrong, or wrong for another reason, `Normal`
/// for what is right again. Where several conditions say the same, it is told once.
pub fn transitions(before: &[Condition], after: &[Condition]) -> Vec<Event> {
    let mut told: Vec<(&str, &str)> = Vec::new();
    let mut events = Vec::new();
    for now in after {
        let was = before.iter().find(|condition| condition.type_ == now.type_);
        let Some(type_) = event_type(was, now) else { continue };
        let said = (now.reason.as_str(), now.message.as_str());
        if !told.contains(&said) {
            told.push(said);
            events.push(event(type_, now));
        }
    }
    events
}

/// How grave a change is; none where there is no news.
fn event_type(was: Option<&Condition>, now: &Condition) -> Option<EventType> {
    let type_ = ConditionType::parse(&now.type_)?;
    let had = |status: Status| was.is_some_and(|was| was.status == status.as_str());
    let same_reason = was.is_some_and(|was| was.reason == now.reason);
    let (holds, fails) = (now.status == Status::True.as_str(), now.status == Status::False.as_str());
    match type_ {
        ConditionType::Reconciling => None,
        ConditionType::Suspended => (holds && !had(Status::True)).then_some(EventType::Normal),
        ConditionType::Stalled => (holds && !(had(Status::True) && same_reason)).then_some(EventType::Warning),
        _ if fails => (!(had(Status::False) && same_reason)).then_some(EventType::Warning),
        // The summary tells of each generation that works, even where nothing was wrong before.
        ConditionType::Ready => (holds && !had(Status::True)).then_some(EventType::Normal),
        _ => (holds && had(Status::False)).then_some(EventType::Normal),
    }
}

fn event(type_: EventType, condition: &Condition) -> Event {
    Event {
        type_,
        reason: condition.reason.clone(),
        note: Some(cut(&condition.message)),
        action: ACTION.to_owned(),
        secondary: None,
    }
}

fn cut(message: &str) -> String {
    if message.len() <= NOTE_MAX {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(NOTE_MAX - "…".len());
    format!("{}…", &message[..end])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use rstest::rstest;

    use super::*;

    fn condition(text: &str) -> Condition {
        let [type_, status, reason]: [&str; 3] = text.split(' ').collect::<Vec<_>>().try_into().unwrap();
        Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: format!("because of {reason}"),
            observed_generation: Some(1),
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
        }
    }

    fn told(before: &str, after: &str) -> Vec<(EventType, String)> {
        let conditions =
            |texts: &str| texts.split(", ").filter(|text| !text.is_empty()).map(condition).collect::<Vec<_>>();
        let events = transitions(&conditions(before), &conditions(after));
        events.into_iter().map(|event| (event.type_, event.reason)).collect()
    }

    #[rstest]
    #[case("", "CredentialsValid False SecretMissing", Some((EventType::Warning, "SecretMissing")))]
    #[case("CredentialsValid True CredentialsAccepted", "CredentialsValid False Unauthorized", Some((EventType::Warning, "Unauthorized")))]
    #[case("CredentialsValid False SecretMissing", "CredentialsValid False Unauthorized", Some((EventType::Warning, "Unauthorized")))]
    #[case("CredentialsValid False Unauthorized", "CredentialsValid False Unauthorized", None)]
    #[case("CredentialsValid False Unauthorized", "CredentialsValid True CredentialsAccepted", Some((EventType::Normal, "CredentialsAccepted")))]
    #[case("", "CredentialsValid True CredentialsAccepted", None)]
    #[case("Ready Unknown AwaitingFirstRun", "Ready True Synced", Some((EventType::Normal, "Synced")))]
    #[case("Ready True Synced", "Ready Unknown AwaitingFirstRun", None)]
    #[case("", "Stalled True InvalidSpec", Some((EventType::Warning, "InvalidSpec")))]
    #[case("Stalled True InvalidSpec", "Stalled True InvalidSpec", None)]
    #[case("", "Suspended True SuspendedBySpec", Some((EventType::Normal, "SuspendedBySpec")))]
    #[case("", "Reconciling True NewGeneration", None)]
    #[case("", "ResolvedRefs False ReferenceNotFound", Some((EventType::Warning, "ReferenceNotFound")))]
    fn only_news_is_told(#[case] before: &str, #[case] after: &str, #[case] expected: Option<(EventType, &str)>) {
        let expected: Vec<_> = expected.into_iter().map(|(type_, reason)| (type_, reason.to_owned())).collect();
        assert_eq!(told(before, after), expected);
    }

    #[test]
    fn what_several_conditions_say_is_told_once() {
        let after = "CredentialsValid False SecretMissing, Stalled True SecretMissing, Ready False SecretMissing";
        assert_eq!(told("", after), [(EventType::Warning, "SecretMissing".to_owned())]);
    }

    #[test]
    fn a_long_message_is_cut_between_two_characters() {
        let mut long = condition("MappingComplete False AccountInvalid");
        long.message = "é".repeat(2_000);
        let note = transitions(&[], &[long]).remove(0).note.unwrap();
        assert!(note.len() <= NOTE_MAX && note.len() > NOTE_MAX - 4 && note.ends_with("é…"), "{}", note.len());
    }
}
