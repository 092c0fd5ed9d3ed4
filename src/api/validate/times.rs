//! Dates, lengths of time, time zones and schedules.

use std::sync::LazyLock;

use croner::Cron;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

/// A day of the calendar, written as the schema wants it.
pub fn date(text: &str) -> Result<Date, String> {
    text.parse::<Date>().map_err(|_| format!("{text:?} is no day of the calendar"))
}

/// A length of time such as `15m` or `1h30m`.
pub fn duration(text: &str) -> Result<SignedDuration, String> {
    let mut seconds: i64 = 0;
    let mut digits = String::new();
    for character in text.chars() {
        let unit = match character {
            '0'..='9' => {
                digits.push(character);
                continue;
            }
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return Err(not_a_duration(text)),
        };
        let count: i64 = digits.parse().map_err(|_| not_a_duration(text))?;
        seconds =
            count.checked_mul(unit).and_then(|part| seconds.checked_add(part)).ok_or_else(|| not_a_duration(text))?;
        digits.clear();
    }
    if digits.is_empty() && seconds > 0 { Ok(SignedDuration::from_secs(seconds)) } else { Err(not_a_duration(text)) }
}

fn not_a_duration(text: &str) -> String {
    format!("{text:?} is no length of time in hours, minutes and seconds")
}

/// The time zone of an IANA name, spelled exactly: Kubernetes takes no other spelling for a CronJob.
pub fn time_zone(name: &str) -> Result<TimeZone, (String, String)> {
    let unknown = || {
        let known = jiff::tz::db().available().map(|zone| zone.as_str().to_owned()).collect::<Vec<_>>();
        let near = crate::api::schema::nearest(name, known.iter().map(String::as_str));
        let remedy = near.map_or("for example: Europe/Amsterdam".to_owned(), |near| format!("did you mean {near}?"));
        (format!("there is no time zone {name:?}"), remedy)
    };
    let zone = TimeZone::get(name).map_err(|_| unknown())?;
    match zone.iana_name() {
        Some(exact) if exact == name => Ok(zone),
        Some(exact) => Err((format!("the time zone {name:?} is spelled {exact}"), format!("write {exact}"))),
        None => Err(unknown()),
    }
}

/// A schedule of five fields that a CronJob takes too, and that comes round at all.
pub fn schedule(text: &str) -> Result<Cron, String> {
    // croner knows signs (L, W, #) that a CronJob does not.
    static ITEM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(\*|\?|([0-9]{1,2}|[A-Za-z]{3})(-([0-9]{1,2}|[A-Za-z]{3}))?)(/[0-9]{1,2})?$").ok()
    });
    let fields: Vec<&str> = text.split_whitespace().collect();
    let plain = |item: &str| ITEM.as_ref().is_none_or(|regex| regex.is_match(item));
    if fields.len() != 5 || !fields.iter().all(|field| field.split(',').all(plain)) {
        return Err(format!("{text:?} is no cron schedule of five fields"));
    }
    let cron: Cron = text.parse().map_err(|error| format!("{text:?} is no cron schedule: {error}"))?;
    // Any day will do: what comes round at all comes round within the eight years between two leap days.
    let some_day = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    match cron.find_next_occurrence(&some_day, false) {
        Ok(_) => Ok(cron),
        Err(_) => Err(format!("the schedule {text:?} never comes round")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("15m", 900)]
    #[case("1h30m", 5400)]
    #[case("24h", 86_400)]
    #[case("90s", 90)]
    fn lengths_of_time_are_read(#[case] text: &str, #[case] seconds: i64) {
        assert_eq!(duration(text).unwrap().as_secs(), seconds);
    }

    #[rstest]
    #[case("")]
    #[case("15")]
    #[case("m")]
    #[case("0m")]
    #[case("1d")]
    #[case("99999999999999999999h")]
    fn what_is_no_length_of_time_is_refused(#[case] text: &str) {
        assert!(duration(text).is_err());
    }

    #[test]
    fn a_time_zone_is_spelled_exactly_and_its_neighbour_is_named() {
        assert!(time_zone("Europe/Amsterdam").is_ok());
        assert!(time_zone("UTC").is_ok());
        assert_eq!(time_zone("europe/amsterdam").unwrap_err().1, "write Europe/Amsterdam");
        assert_eq!(time_zone("Europe/Amsterdm").unwrap_err().1, "did you mean Europe/Amsterdam?");
        assert!(time_zone("Mars/Olympus").is_err());
    }

    #[rstest]
    #[case("*/15 6-22 * * *", true)]
    #[case("0 7 * * MON-FRI", true)]
    #[case("5,35 * 1 jan,jul ?", true)]
    #[case("0 0 30 2 *", false)]
    #[case("61 * * * *", false)]
    #[case("0 0 L * *", false)]
    #[case("0 0 * * 5#2", false)]
    #[case("@hourly", false)]
    #[case("0 0 0 * * *", false)]
    fn schedules_are_those_of_cron(#[case] text: &str, #[case] good: bool) {
        assert_eq!(schedule(text).is_ok(), good, "{:?}", schedule(text).map(|cron| cron.to_string()));
    }
}
