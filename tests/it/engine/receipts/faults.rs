//! Whatever becomes of a call's answer, the money is recorded once (I1).

use koppel::api::status::RunOutcome;
use koppel::sandbox::chargebee::{Fault, FaultKind, Overpayment, Settings};

use super::Desk;
use crate::engine::world::outcome;

const RECORD: &str = "/record_payment";

async fn paid_and_faulty(fault: Fault) -> (Desk, String, i64) {
    let desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    desk.paid(&entry);
    desk.world.chargebee.inject(fault);
    (desk, entry.your_ref, entry.total)
}

#[tokio::test]
async fn an_answer_that_is_lost_once_costs_a_repetition_under_the_same_key() {
    for kind in [
        FaultKind::LoseAnswer,
        FaultKind::LoseRequest,
        FaultKind::ErrorJson,
        FaultKind::CutBody,
        FaultKind::LockTimeout,
    ] {
        let (desk, number, total) = paid_and_faulty(Fault::new(kind).on("POST", RECORD)).await;
        desk.run().await;
        assert_eq!(
            (desk.due(&number), desk.recorded()),
            ((0, "paid".into()), vec![("payment".into(), total, 0)]),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_looked_up_before_anything_is_sent_again() {
    for (kind, times) in [(FaultKind::LoseAnswer, 5), (FaultKind::LoseRequest, 5), (FaultKind::ErrorJson, 5)] {
        let (desk, number, total) = paid_and_faulty(Fault::new(kind).on("POST", RECORD).times(times)).await;
        desk.world.a_minute_passes();
        let report = desk.world.run().await;
        assert_ne!(outcome(&report), RunOutcome::Failed, "{kind:?}");
        desk.world.chargebee.clear_faults();
        desk.run().await;
        assert_eq!(
            (desk.due(&number), desk.recorded()),
            ((0, "paid".into()), vec![("payment".into(), total, 0)]),
            "{kind:?}"
        );
        assert!(desk.held().await.is_empty());
    }
}

/// The billing system is set to take no more than is due.
#[tokio::test]
async fn what_was_refused_is_not_sent_again_unchanged_i5() {
    let desk = Desk::new().await;
    let entry = desk.open()[0].clone();
    desk.paid(&entry);
    let credit = [
        ("reference_invoice_id", entry.your_ref.as_str()),
        ("type", "adjustment"),
        ("total", "1000"),
        ("reason_code", "waiver"),
    ];
    desk.world.chargebee.act("/credit_notes", &credit).expect("taken");
    desk.world.chargebee.set_settings(Settings { overpayment: Overpayment::Refused, ..Settings::default() });
    desk.run().await;
    assert_eq!((desk.writes().len(), desk.held().await[0].hold.reason.to_string()), (1, "RejectedByTarget".into()));
    desk.run().await;
    assert_eq!(desk.writes().len(), 0, "not sent again as it was");
    desk.world.chargebee.set_settings(Settings::default());
    let number = desk.held().await[0].number.clone();
    let lock = desk.world.state().await;
    assert!(lock.forget_refusals("receipt", &number).await.unwrap());
    desk.run().await;
    assert_eq!(
        (desk.due(&entry.your_ref), desk.recorded()),
        ((0, "paid".into()), vec![("payment".into(), entry.total, 1_000)])
    );
    assert!(desk.held().await.is_empty());
}
