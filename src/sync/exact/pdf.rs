//! The PDF of a booked invoice as a document of its entry (P6). It is made before the entry, which then names it: two calls
//! to Exact beside the one that books, against three for one that is tied to the entry afterwards. Whatever fails of it
//! holds no document: the entry is booked without, and the PDF follows with a later run, within bounds.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::documents::Paper;
use crate::connectors::chargebee::Pdf;
use crate::connectors::exact::{ATTACHMENT_BYTES_MAX, DocumentDraft};
use crate::connectors::http::{CallError, Quota};
use crate::domain::entry::SalesEntry;
use crate::state::{Booked, Intent, Link, StateError};
use crate::sync::error::{SyncError, SyncResult, Vendor};
use crate::sync::kinds::{INVOICE, PDF as KIND};
use crate::sync::session::Session;
use crate::sync::tally::{FlowTally, Notice};

/// How often a PDF is tried before it is left to a person.
const TRIES_MAX: u32 = 5;
/// Entries that get a PDF afterwards in one run.
const LATER_MAX: i64 = 50;
/// Cursor of the instant from which entries get a PDF.
const SINCE: &str = "attachPdfSince";
const SCOPE: &str = "exact";
/// The mark of one that needs nothing more: tied to its entry, or given up.
const DONE: &str = "done";

/// How far the document of one invoice has come. Written before each call that makes something (I1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Step {
    #[default]
    Nothing,
    /// The document was sent, and whether it is there is not known.
    Making,
    Made,
    /// The file was sent, and whether it is there is not known.
    Attaching,
    Attached,
}

/// What is remembered of one PDF.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Progress {
    step: Step,
    tries: u32,
    document: Option<Uuid>,
}

/// A PDF, and whose it is.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Of the document at the billing system.
    pub identity: &'a str,
    pub division: i32,
    /// The customer's in the books.
    pub account: Uuid,
    pub paper: Paper<'a>,
}

/// A document with its file, ready to be tied to the entry that is about to be booked; none where it is not wished or
/// could not be had now.
///
/// # Errors
/// What ends the run, or the state store's.
pub async fn before(session: &Session<'_>, wanted: &Wanted<'_>, tally: &mut FlowTally) -> SyncResult<Option<Uuid>> {
    if !session.declared.flows.attach_pdf {
        return Ok(None);
    }
    ensure(session, wanted, tally).await
}

/// Notes that the entry that `intent` announced was booked with its document.
///
/// # Errors
/// The state store's.
pub async fn tied(session: &Session<'_>, intent: &Intent, document: Option<Uuid>) -> SyncResult<()> {
    match document {
        Some(document) => done(session, (&intent.identity, intent.division), document).await,
        None => Ok(()),
    }
}

async fn done(session: &Session<'_>, whose: (&str, i32), document: Uuid) -> SyncResult<()> {
    keep(session, whose, Some(document), DONE.to_owned()).await
}

/// Gives a PDF to entries that were booked without: their answer was lost, or the PDF could not be had then.
///
/// # Errors
/// What ends the run, or the state store's.
pub async fn follow_up(session: &Session<'_>, tally: &mut FlowTally) -> SyncResult<()> {
    if !session.writes() {
        return Ok(());
    }
    if !session.declared.flows.attach_pdf {
        return Ok(session.state.clear_cursor(SCOPE, SINCE).await?);
    }
    let now = session.now();
    let Some(since) = session.state.cursor(SCOPE, SINCE).await? else {
        // What was booked before it was asked for is left as it is.
        return Ok(session.state.set_cursor(SCOPE, SINCE, &now).await?);
    };
    let waiting = session.state.booked_without(INVOICE, KIND, DONE, since, LATER_MAX).await?;
    if waiting.is_empty() {
        session.state.set_cursor(SCOPE, SINCE, &now).await?;
    }
    for booked in waiting {
        session.may_go_on().await?;
        follow_up_one(session, &booked, tally).await?;
    }
    Ok(())
}

async fn follow_up_one(session: &Session<'_>, booked: &Booked, tally: &mut FlowTally) -> SyncResult<()> {
    let whose = (booked.identity.as_str(), booked.division);
    let (Some(account), Some(entry)) = (booked.account, booked.sent::<SalesEntry>()?) else {
        return keep(session, whose, None, DONE.to_owned()).await;
    };
    let paper = Paper { number: &booked.number, date: entry.entry_date };
    let wanted = Wanted { identity: &booked.identity, division: booked.division, account, paper };
    let Some(document) = ensure(session, &wanted, tally).await? else { return Ok(()) };
    match session.target.link_document(booked.division, booked.entry_id, document).await {
        Ok(()) => done(session, whose, document).await,
        Err(error) => {
            let progress = progress(session, &wanted).await?;
            failed(session, &wanted, progress, (Vendor::ExactOnline, error), tally).await
        }
    }
}

/// The document with its file; none where that failed, which is noted.
async fn ensure(session: &Session<'_>, wanted: &Wanted<'_>, tally: &mut FlowTally) -> SyncResult<Option<Uuid>> {
    let mut progress = progress(session, wanted).await?;
    if progress.tries >= TRIES_MAX {
        return Ok(None);
    }
    match advance(session, wanted, &mut progress).await? {
        Ok(Outcome::Ready(document)) => Ok(Some(document)),
        Ok(Outcome::TooLarge(bytes)) => {
            let why = format!("it is larger than the {bytes} bytes that Exact Online takes");
            give_up(session, wanted, progress.document, &why, tally).await.map(|()| None)
        }
        Err(failure) => failed(session, wanted, progress, failure, tally).await.map(|()| None),
    }
}

enum Outcome {
    Ready(Uuid),
    TooLarge(usize),
}

type Failure = (Vendor, CallError);

/// Takes the steps that are left. What was sent and not answered is looked up first.
async fn advance(
    session: &Session<'_>,
    wanted: &Wanted<'_>,
    progress: &mut Progress,
) -> SyncResult<Result<Outcome, Failure>> {
    if let Err(error) = look_up(session, wanted, progress).await? {
        return Ok(Err((Vendor::ExactOnline, error)));
    }
    if let (Step::Attached, Some(document)) = (progress.step, progress.document) {
        return Ok(Ok(Outcome::Ready(document)));
    }
    let content = match session.chargebee.invoice_pdf(wanted.paper.number, ATTACHMENT_BYTES_MAX).await {
        Ok(Pdf::Content(content)) => content,
        Ok(Pdf::TooLarge(bytes)) => return Ok(Ok(Outcome::TooLarge(bytes))),
        Err(error) => return Ok(Err((Vendor::Chargebee, error))),
    };
    let document = match progress.document {
        Some(document) => document,
        None => match make(session, wanted, progress).await? {
            Ok(document) => document,
            Err(error) => return Ok(Err((Vendor::ExactOnline, error))),
        },
    };
    session.may_go_on().await?;
    note(session, wanted, progress, Step::Attaching).await?;
    let file_name = format!("{}.pdf", file_name(wanted.paper.number));
    if let Err(error) = session.target.attach(wanted.division, document, &file_name, &content).await {
        back_to(session, wanted, progress, Step::Made, &error).await?;
        return Ok(Err((Vendor::ExactOnline, error)));
    }
    note(session, wanted, progress, Step::Attached).await?;
    Ok(Ok(Outcome::Ready(document)))
}

async fn make(
    session: &Session<'_>,
    wanted: &Wanted<'_>,
    progress: &mut Progress,
) -> SyncResult<Result<Uuid, CallError>> {
    session.may_go_on().await?;
    note(session, wanted, progress, Step::Making).await?;
    match session.target.create_document(wanted.division, &draft(wanted)).await {
        Ok(document) => {
            progress.document = Some(document);
            note(session, wanted, progress, Step::Made).await?;
            Ok(Ok(document))
        }
        Err(error) => {
            back_to(session, wanted, progress, Step::Nothing, &error).await?;
            Ok(Err(error))
        }
    }
}

/// After a create that failed: where it surely did nothing, the step before it holds again.
async fn back_to(
    session: &Session<'_>,
    wanted: &Wanted<'_>,
    progress: &mut Progress,
    before: Step,
    error: &CallError,
) -> SyncResult<()> {
    if matches!(error, CallError::OutcomeUnknown { .. }) {
        return Ok(());
    }
    note(session, wanted, progress, before).await
}

async fn look_up(
    session: &Session<'_>,
    wanted: &Wanted<'_>,
    progress: &mut Progress,
) -> SyncResult<Result<(), CallError>> {
    if progress.step == Step::Making {
        match session.target.find_document(wanted.division, &subject(wanted)).await {
            // Its file was to follow, and was not sent before the document was known.
            Ok(found) => {
                progress.document = found;
                let step = if found.is_some() { Step::Made } else { Step::Nothing };
                note(session, wanted, progress, step).await?;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    if let (Step::Attaching, Some(document)) = (progress.step, progress.document) {
        match session.target.has_attachment(wanted.division, document).await {
            Ok(attached) => {
                let step = if attached { Step::Attached } else { Step::Made };
                note(session, wanted, progress, step).await?;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(()))
}

/// Notes a failure and lets the run go on; only what would stop the booking too is handed on.
async fn failed(
    session: &Session<'_>,
    wanted: &Wanted<'_>,
    progress: Progress,
    (vendor, error): Failure,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    if stops_booking(vendor, &error) {
        return Err(SyncError::Call { vendor, error });
    }
    let progress = Progress { tries: progress.tries + 1, ..progress };
    if progress.tries >= TRIES_MAX {
        return give_up(session, wanted, progress.document, &error.to_string(), tally).await;
    }
    let left = TRIES_MAX - progress.tries;
    let remedy = format!("nothing to do yet: it is tried {left} more times, once a run");
    tally.notice(notice(wanted, &error.to_string(), &remedy));
    write(session, wanted, &progress).await
}

fn stops_booking(vendor: Vendor, error: &CallError) -> bool {
    vendor == Vendor::ExactOnline
        && match error {
            CallError::QuotaSpent { quota, .. } => *quota != Quota::Errors,
            CallError::Unauthorized { .. } | CallError::ReauthorizationRequired { .. } => true,
            _ => false,
        }
}

async fn give_up(
    session: &Session<'_>,
    wanted: &Wanted<'_>,
    document: Option<Uuid>,
    why: &str,
    tally: &mut FlowTally,
) -> SyncResult<()> {
    let remedy = format!("attach it to the entry in Exact Online, division {}, by hand", wanted.division);
    tally.notice(notice(wanted, why, &remedy));
    keep(session, (wanted.identity, wanted.division), document, DONE.to_owned()).await
}

fn notice(wanted: &Wanted<'_>, why: &str, remedy: &str) -> Notice {
    let number = wanted.paper.number;
    Notice {
        object: format!("invoice {number}"),
        reason: "PdfNotAttached".to_owned(),
        message: format!("the PDF of invoice {number} is not attached to its entry: {why}"),
        remedy: remedy.to_owned(),
    }
}

fn draft(wanted: &Wanted<'_>) -> DocumentDraft {
    DocumentDraft { subject: subject(wanted), account: wanted.account, date: wanted.paper.date }
}

/// The number, and a part of the identity, since numbers come back (E24).
fn subject(wanted: &Wanted<'_>) -> String {
    let mark: String = wanted.identity.chars().take(8).collect();
    format!("{} ({mark})", wanted.paper.number)
}

/// A number may hold what no file name may.
fn file_name(number: &str) -> String {
    let safe = |letter: char| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '_' };
    number.chars().map(safe).collect()
}

async fn progress(session: &Session<'_>, wanted: &Wanted<'_>) -> SyncResult<Progress> {
    let link = session.state.link(KIND, wanted.identity, wanted.division).await?;
    let text = link.and_then(|link| link.sent_hash);
    // Of one that is done nothing is left to do.
    let over = Progress { tries: TRIES_MAX, ..Progress::default() };
    Ok(text.map_or_else(Progress::default, |text| serde_json::from_str(&text).unwrap_or(over)))
}

async fn note(session: &Session<'_>, wanted: &Wanted<'_>, progress: &mut Progress, step: Step) -> SyncResult<()> {
    progress.step = step;
    write(session, wanted, progress).await
}

async fn write(session: &Session<'_>, wanted: &Wanted<'_>, progress: &Progress) -> SyncResult<()> {
    let corrupt = |source| StateError::Corrupt { what: "the progress of a PDF".to_owned(), source };
    let text = serde_json::to_string(progress).map_err(corrupt)?;
    keep(session, (wanted.identity, wanted.division), progress.document, text).await
}

async fn keep(
    session: &Session<'_>,
    (identity, division): (&str, i32),
    target: Option<Uuid>,
    progress: String,
) -> SyncResult<()> {
    let (kind, id) = (KIND.to_owned(), identity.to_owned());
    let link = Link { kind, id, division, target, sent_hash: Some(progress), problem: None };
    Ok(session.state.set_link(&link).await?)
}
