//! The books' part: the companies' connection to Exact Online, over four weeks and into a year that nobody has opened.

use serde::Serialize;

use super::proof::{self, Proof};
use super::{Stage, went_on};
use crate::api::validate::ValidatedConnection;
use crate::cli::output::Exit;
use crate::cli::show::{self, RunJson, Shown};

/// The years that nobody has opened when the demo begins.
const MISSING_YEARS: [i16; 2] = [2027, 2028];
/// What one side does, the other answers: by this run all is said, however the world goes.
const RUNS_MAX: usize = 12;

/// What was shown of the books.
#[derive(Debug)]
pub struct Books {
    runs: Vec<Vec<Shown>>,
    proof: Vec<Proof>,
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub struct BooksJson {
    runs: Vec<RunJson>,
    proof: Vec<Proof>,
}

/// Runs until both sides have said everything.
///
/// # Errors
/// When the state cannot be used.
pub async fn play(stage: &Stage<'_>, connections: &[ValidatedConnection]) -> anyhow::Result<Books> {
    let sandbox = stage.sandbox;
    stage.say("run 1: the manifests are applied\n\n")?;
    let mut runs = vec![stage.pass(connections).await?];
    let played = sandbox.play.until(stage.until);
    stage.say(&format!("\nrun 2: five days into 2027, which nobody has opened; {}\n\n", went_on(&played)))?;
    runs.push(stage.pass(connections).await?);
    let entities = connections.iter().filter_map(ValidatedConnection::exact).flat_map(|exact| &exact.entities);
    for entity in entities {
        MISSING_YEARS.iter().for_each(|year| sandbox.exact.open_year(entity.division, *year));
    }
    stage.say("\nrun 3: an accountant has opened financial years 2027 and 2028 in Exact Online\n\n")?;
    runs.push(stage.pass(connections).await?);
    for run in 4..=RUNS_MAX {
        let played = sandbox.play.due();
        if run > 4 && played.done == 0 {
            break;
        }
        stage.say(&format!("\nrun {run}: {}\n\n", went_on(&played)))?;
        runs.push(stage.pass(connections).await?);
    }
    let last = runs.last().map(Vec::as_slice).unwrap_or_default();
    let proof = proof::proof(sandbox, connections, last).await?;
    Ok(Books { runs, proof })
}

impl Books {
    /// The proof, for people.
    pub fn text(&self) -> String {
        let head = "proof, from both sides' own books: receivables = amounts due - credit left - payments unused";
        let text = format!("\n{head}\n\n{}\n", proof::table(&self.proof));
        match proof::differences(&self.proof) {
            Some(differences) => format!("{text}\neach difference and its reason\n\n{differences}\n"),
            None => text,
        }
    }

    pub fn json(self) -> BooksJson {
        BooksJson { runs: self.runs.iter().map(|shown| show::runs_summary(shown)).collect(), proof: self.proof }
    }

    /// Well where every run came to its end and the books add up.
    pub fn verdict(&self) -> Exit {
        let ran = self.runs.iter().flatten().all(|shown| show::exit_of(&shown.report) == Exit::Done);
        let holds = !self.proof.is_empty() && self.proof.iter().all(|proof| proof.holds);
        if ran && holds { Exit::Done } else { Exit::NeedsAttention }
    }
}
