//! The acceptance's ratios of calls (P3) at a size for every day; `cargo bench --bench load` measures the whole.

use koppel::sandbox::generator::Size;

use super::rig::Rig;

const INVOICES: usize = 600;

/// Calls to Exact Online by the beginning of their resource; tokens and `current/Me`, which no quota counts, aside.
fn exact_calls(rig: &Rig, prefix: &str) -> u64 {
    let counts = rig.sandbox.exact.call_counts();
    let counted = counts.iter().filter(|row| !matches!(row.resource.as_str(), "oauth2/token" | "current/Me"));
    counted.filter(|row| row.resource.starts_with(prefix)).map(|row| row.count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_stay_in_proportion_to_what_is_booked_and_nothing_is_written_twice_p3() {
    let rig = Rig::of(Size { customers: 60, invoices: INVOICES }, false).await;
    rig.edit("syncconnection.yaml", "startDate: \"2026-07-01\"", "startDate: \"2024-01-01\"");
    let ran = rig.run().await;
    assert_eq!((ran.code, ran.held_count()), (0, 0), "{ran:?}");
    let booked = ran.connection()["booked"].as_u64().unwrap();
    assert!(booked > INVOICES as u64 * 9 / 10, "{booked}");
    let (entries, all) = (exact_calls(&rig, "salesentry/"), exact_calls(&rig, ""));
    assert!(entries as f64 <= 1.02 * booked as f64, "{entries} calls to salesentry/* for {booked} invoices");
    assert!(all as f64 <= 1.25 * booked as f64, "{all} calls to Exact Online for {booked} invoices");
    // The debug build's own code is larger than the release build's, and still far within the limit.
    assert!(ran.resident_kb < 100 * 1024, "{} kB resident", ran.resident_kb);

    rig.sandbox.exact.reset_calls();
    rig.sandbox.chargebee.reset_calls();
    let ran = rig.run().await;
    assert_eq!(ran.connection()["booked"], 0);
    let wrote = rig.sandbox.exact.calls().iter().any(|call| call.method != "GET" && !call.path.contains("oauth2"));
    assert!(!wrote, "a run without changes writes nothing: {:?}", rig.sandbox.exact.call_counts());
    let (exact, chargebee) = (exact_calls(&rig, ""), rig.sandbox.chargebee.calls().len());
    assert!(exact <= 12 && chargebee <= 12, "{exact} calls to Exact Online and {chargebee} to Chargebee");
}
