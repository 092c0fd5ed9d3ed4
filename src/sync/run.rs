//! One run of one connection, in the stages of design §4: connect → validate against the target → read, plan and apply flow
//! by flow → report. A failing flow does not stop the others; a spent quota or a signal ends the run cleanly.

use tracing::Instrument;

use super::error::SyncResult;
use super::record::{Backlog, RunRecord};
use super::report::{RunReport, build_report};
use super::session::Session;
use super::tally::FlowTally;
use super::target::Target;
use crate::api::status::RunOutcome;

/// Runs the connection once and reports. Every error ends in the report: there is always one.
///
/// # Errors
/// Only the state store's: without it nothing can be remembered, and so nothing may be done.
pub async fn run<T: Target>(session: &Session<'_, T>) -> SyncResult<RunReport> {
    let record = RunRecord::begin(session.clock.now());
    let span = tracing::info_span!("run", run = record.id, generation = session.connection.generation);
    recorded(session, record).instrument(span).await
}

async fn recorded<T: Target>(session: &Session<'_, T>, mut record: RunRecord) -> SyncResult<RunReport> {
    tracing::info!("the run begins");
    session.target.restore_limits(&session.state).await?;
    let ended = T::work(session, &mut record).await;
    session.keep_limits().await?;
    match ended {
        Ok(()) => record.backlog = Some(Backlog::new()),
        Err(error) => record.end_with(session, &error),
    }
    let report = build_report(session, record).await?;
    if let Some(run) = &report.status.last_run {
        let outcome = run.outcome.map(RunOutcome::as_str);
        tracing::info!(outcome, booked = run.booked, held = run.held, "the run has ended");
    }
    Ok(report)
}

/// Runs one flow; an error that concerns it alone is noted, and the run goes on.
///
/// # Errors
/// What ends the run.
pub async fn run_flow<T: Target>(
    session: &Session<'_, T>,
    record: &mut RunRecord,
    name: &str,
    enabled: bool,
    work: impl AsyncFnOnce(&mut FlowTally) -> SyncResult<()>,
) -> SyncResult<()> {
    if !enabled {
        return Ok(());
    }
    session.may_go_on().await?;
    let mut tally = FlowTally::new(name);
    let ended = work(&mut tally).await;
    if let Err(error) = &ended {
        tally.stopped = Some(error.to_string());
    }
    record.flows.push(tally);
    match ended {
        Err(error) if error.ends_the_run() => Err(error),
        Err(error) => {
            record.findings.flow_failed(name, &error);
            record.outcome = RunOutcome::Failed;
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
