//! What is left of Exact's quotas, and when a backlog will be booked under them (P2, I6).

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::status::QuotaStatus;
use crate::connectors::exact::QuotaView;
use crate::sync::session::Session;

/// What is left of the quotas of the administration that has least, and when a backlog that takes so many `calls` will be
/// booked (P2): so many a day, sixty a minute.
pub(super) fn quota_status(session: &Session<'_>, calls: u64) -> Option<QuotaStatus> {
    let divisions = session.declared.entities.iter().map(|entity| entity.division);
    let quota =
        divisions.filter_map(|division| session.target.quota(division)).min_by_key(|quota| quota.day_remaining)?;
    let backfill_done_at = forecast(calls, &quota, session.now());
    Some(QuotaStatus {
        minute_remaining: Some(i64::from(quota.minute_remaining)),
        day_remaining: Some(i64::from(quota.day_remaining)),
        resets_at: Some(Time(quota.day_resets_at)),
        calls_per_document: Some(i64::from(session.declared.calls_per_document())),
        backfill_done_at: backfill_done_at.map(Time),
        ..QuotaStatus::default()
    })
}

/// When so many `calls` are made: what the day has left today, then whole days, a minute for sixty calls.
fn forecast(calls: u64, quota: &QuotaView, now: Timestamp) -> Option<Timestamp> {
    if calls == 0 || quota.day_limit == 0 {
        return None;
    }
    let minutes = |calls: u64| SignedDuration::from_mins(i64::try_from(calls.div_ceil(60)).unwrap_or(i64::MAX / 60));
    let Some(rest) = calls.checked_sub(u64::from(quota.day_remaining)).filter(|rest| *rest > 0) else {
        return now.checked_add(minutes(calls)).ok();
    };
    let per_day = u64::from(quota.day_limit);
    let whole_days = i64::try_from((rest - 1) / per_day).ok()?;
    let start = quota.day_resets_at.checked_add(SignedDuration::from_hours(24 * whole_days)).ok()?;
    start.checked_add(minutes((rest - 1) % per_day + 1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_backfill_is_forecast_by_day_and_minute() {
        let now = at("2026-11-24T10:00:00Z");
        let quota = |day_remaining| QuotaView {
            minute_remaining: 60,
            day_limit: 5_000,
            day_remaining,
            day_resets_at: at("2026-11-25T00:00:00Z"),
        };
        assert_eq!(forecast(0, &quota(10), now), None);
        assert_eq!(forecast(120, &quota(500), now), Some(at("2026-11-24T10:02:00Z")));
        assert_eq!(forecast(600, &quota(0), now), Some(at("2026-11-25T00:10:00Z")));
        assert_eq!(forecast(5_060, &quota(0), now), Some(at("2026-11-26T00:01:00Z")));
        assert_eq!(forecast(5_061, &quota(1), now), Some(at("2026-11-26T00:01:00Z")));
    }
}
