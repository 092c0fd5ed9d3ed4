//! The world goes on: the acts of a generated world, played on both sides as their time comes. What one side has to do
//! first is waited for; within a story nothing overtakes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::chargebee::ChargebeeSandbox;
use super::clock::SandboxClock;
use super::exact::{ExactSandbox, Receipt, Settlement, WriteOff};
use super::generator::{Act, Deed, Share, Work};

/// What a play came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Played {
    /// Acts that were done now.
    pub done: usize,
    /// Acts whose time has come and that wait for the other side.
    pub waiting: usize,
    /// Acts whose time is still to come.
    pub ahead: usize,
    /// The next of them.
    pub next_at: Option<Timestamp>,
    /// Acts that a vendor refused for good, with its words: none, unless somebody else has changed the world.
    pub refused: Vec<String>,
}

/// The acts that are still to be played. Clones share them.
#[derive(Clone, Debug)]
pub struct Play {
    clock: SandboxClock,
    chargebee: ChargebeeSandbox,
    exact: ExactSandbox,
    script: Arc<Mutex<Script>>,
}

/// An act with its place in the whole, by which Chargebee gives ids.
type Placed = (u64, Act);

#[derive(Debug, Default)]
struct Script {
    acts: VecDeque<Placed>,
    waiting: Vec<Placed>,
    /// What the stories have made: story and name to id.
    made: HashMap<(String, String), String>,
    refused: Vec<String>,
}

/// How an act went.
enum Outcome {
    Done(Option<Value>),
    NotYet,
    Refused(String),
}

/// The sales entries of the divisions by number, credit or not.
type Booked = HashMap<(i32, String, bool), (Uuid, Uuid)>;

impl Play {
    /// The acts, in the order of time, of which those up to the clock's present belong to the past: they are done at once,
    /// each at its own time, as far as they are Chargebee's.
    pub(super) fn new(clock: SandboxClock, chargebee: ChargebeeSandbox, exact: ExactSandbox, acts: Vec<Act>) -> Self {
        // Counted without what merely appears, so that the ids do not depend on when the site was opened.
        let mut place = 0;
        let placed = |act: Act| {
            place += u64::from(!matches!(act.deed, Deed::Appear { .. }));
            (place, act)
        };
        let acts = acts.into_iter().map(placed).collect();
        let script = Arc::new(Mutex::new(Script { acts, ..Script::default() }));
        let play = Self { clock, chargebee, exact, script };
        play.run(play.clock.now(), usize::MAX);
        play.chargebee.open();
        play
    }

    /// Plays everything whose time has come, and what has waited.
    pub fn due(&self) -> Played {
        self.run(self.clock.now(), usize::MAX)
    }

    /// Moves the clock to the next act, if it is still to come, and plays up to `count` acts.
    pub fn next(&self, count: usize) -> Played {
        let last = {
            let script = self.lock();
            let last = script.acts.len().min(count).checked_sub(1);
            last.map(|last| script.acts[last].1.at)
        };
        let Some(at) = last else { return self.due() };
        if at > self.clock.now() {
            self.clock.set(at);
        }
        self.run(at, count)
    }

    /// Lets the world go on up to an instant, act by act, the clock with it. Gives how it stands then, `done` counting all.
    pub fn until(&self, instant: Timestamp) -> Played {
        let mut done = self.due().done;
        while self.state().next_at.is_some_and(|at| at <= instant) {
            done += self.next(1).done;
        }
        if instant > self.clock.now() {
            self.clock.set(instant);
        }
        let last = self.due();
        Played { done: done + last.done, ..last }
    }

    /// How the world stands, without playing.
    pub fn state(&self) -> Played {
        self.lock().played(0)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, until: Timestamp, count: usize) -> Played {
        let script = &mut *self.lock();
        let mut due = std::mem::take(&mut script.waiting);
        let mut fresh = 0;
        while fresh < count && script.acts.front().is_some_and(|(_, act)| act.at <= until) {
            due.extend(script.acts.pop_front());
            fresh += 1;
        }
        let is_at_the_desk = |(_, act): &Placed| matches!(act.deed, Deed::Exact { .. });
        let booked = if due.iter().any(is_at_the_desk) { self.booked() } else { Booked::new() };
        let mut done = 0;
        let mut blocked = BTreeSet::new();
        for (place, act) in due {
            if blocked.contains(&act.story) {
                script.waiting.push((place, act));
                continue;
            }
            match self.perform(script, place, &act, &booked) {
                Outcome::Done(answer) => {
                    done += 1;
                    script.remember(&act.story, answer.as_ref());
                }
                Outcome::NotYet => {
                    blocked.insert(act.story.clone());
                    script.waiting.push((place, act));
                }
                Outcome::Refused(why) => script.refused.push(format!("{} at {}: {why}", act.story, act.at)),
            }
        }
        script.played(done)
    }

    fn perform(&self, script: &Script, place: u64, act: &Act, booked: &Booked) -> Outcome {
        let answer = match &act.deed {
            Deed::Appear { list, row } => self.chargebee.appear(list, row).map(|()| None),
            Deed::Chargebee { path, form } => {
                let filled = |text: &String| script.filled(&act.story, text);
                let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), filled(value))).collect();
                let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
                self.chargebee.play(place, &filled(path), &form, act.at).map(Some)
            }
            Deed::Exact { division, work } => return self.work(script, &act.story, (*division, work), booked),
        };
        match answer {
            Ok(answer) => Outcome::Done(answer),
            Err(_) if act.patient => Outcome::NotYet,
            Err(why) => Outcome::Refused(why.to_string()),
        }
    }

    fn work(&self, script: &Script, story: &str, (division, work): (i32, &Work), booked: &Booked) -> Outcome {
        let entry =
            |number: &str, is_credit: bool| booked.get(&(division, script.filled(story, number), is_credit)).copied();
        let done = match work {
            Work::Receive { journal, date, settles, surplus } => {
                let settled: Option<Vec<_>> = settles
                    .iter()
                    .map(|share| entry(&share.number, share.amount < 0).map(|found| (share, found)))
                    .collect();
                let Some(settled) = settled.filter(|settled| !settled.is_empty()) else { return Outcome::NotYet };
                let receipt = receipt(journal, *date, &settled, *surplus);
                self.exact.receive(division, &receipt).map(drop)
            }
            Work::WriteOff { number, gl_account, date } => {
                let Some((entry, _)) = entry(number, false) else { return Outcome::NotYet };
                let act = WriteOff { entry, gl_account: (*gl_account).to_owned(), date: *date };
                self.exact.write_off(division, &act).map(drop)
            }
            Work::Undo { number } => {
                let Some((entry, _)) = entry(number, false) else { return Outcome::NotYet };
                self.exact.unmatch(division, entry)
            }
            Work::MatchCredit { note, invoice } => {
                let (Some((credit, _)), Some((invoice, _))) = (entry(note, true), entry(invoice, false)) else {
                    return Outcome::NotYet;
                };
                self.exact.match_credit(division, credit, invoice, None)
            }
        };
        done.map_or_else(Outcome::Refused, |()| Outcome::Done(None))
    }

    fn booked(&self) -> Booked {
        let divisions = super::generator::ENTITIES.map(|entity| entity.division);
        let items = divisions
            .into_iter()
            .flat_map(|division| self.exact.open_items(division).into_iter().map(move |item| (division, item)));
        let sales = items.filter(|(_, item)| !item.money);
        sales
            .map(|(division, item)| ((division, item.your_ref, item.amount < 0), (item.entry_id, item.account)))
            .collect()
    }
}

fn receipt(journal: &str, date: jiff::civil::Date, settled: &[(&Share, (Uuid, Uuid))], surplus: i64) -> Receipt {
    let settles = settled.iter().map(|(share, (entry, _))| Settlement {
        write_off_rest: share.rest_written_off,
        ..Settlement::part(*entry, share.amount.abs())
    });
    let numbers: Vec<&str> = settled.iter().map(|(share, _)| share.number.as_str()).collect();
    Receipt {
        journal: journal.to_owned(),
        account: settled[0].1.1,
        date,
        amount: settled.iter().map(|(share, _)| share.amount).sum::<i64>() + surplus,
        description: numbers.join(" "),
        bank_reference: format!("{date} {}", numbers.join(" ")),
        settles: settles.collect(),
        counter_account: None,
        auto_match: false,
    }
}

impl Script {
    fn played(&self, done: usize) -> Played {
        Played {
            done,
            waiting: self.waiting.len(),
            ahead: self.acts.len(),
            next_at: self.acts.front().map(|(_, act)| act.at),
            refused: self.refused.clone(),
        }
    }

    /// Keeps the ids of what an act made, by the names that later acts use.
    fn remember(&mut self, story: &str, answer: Option<&Value>) {
        let Some(answer) = answer else { return };
        let is_payment = answer["transaction"]["type"] == "payment";
        let names =
            [("invoice", "invoice", true), ("credit_note", "note", true), ("transaction", "payment", is_payment)];
        for (object, name, _) in names.into_iter().filter(|(_, _, is_made)| *is_made) {
            if let Some(id) = answer[object]["id"].as_str() {
                self.made.insert((story.to_owned(), name.to_owned()), id.to_owned());
            }
        }
    }

    /// The text with what the story has made in the place of the names.
    fn filled(&self, story: &str, text: &str) -> String {
        let known: BTreeMap<&str, &String> = ["invoice", "note", "payment"]
            .into_iter()
            .filter_map(|name| Some((name, self.made.get(&(story.to_owned(), name.to_owned()))?)))
            .collect();
        known.into_iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
    }
}
