//! Texts on an entry: the target takes 60 characters of description and 30 of reference (exact-online.md §7).

use super::case::Case;
use crate::domain::calendar::DateRange;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::invoice::Invoice;

/// Longest description of an entry and of its lines.
pub(super) const DESCRIPTION_LENGTH: usize = 60;
/// Longest reference (`YourRef`).
pub(super) const REFERENCE_LENGTH: usize = 30;

/// Length as the target counts: UTF-16 units.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The beginning of `text`, at most `limit` UTF-16 units of it, never half a character; blanks run together.
pub(super) fn cut(text: &str, limit: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut short = String::new();
    let mut used = 0;
    for c in words.join(" ").chars() {
        used += c.len_utf16();
        if used > limit {
            break;
        }
        short.push(c);
    }
    short.truncate(short.trim_end().len());
    short
}

/// A line's description; where the range sent is not the one billed, that one stays readable behind it (E19).
pub(super) fn line_description(text: &str, billed: Option<DateRange>) -> String {
    match billed {
        None => cut(text, DESCRIPTION_LENGTH),
        Some(range) => {
            let suffix = format!("{}..{}", range.from, range.to);
            let head = cut(text, DESCRIPTION_LENGTH.saturating_sub(length(&suffix) + 1));
            format!("{head} {suffix}").trim_start().to_owned()
        }
    }
}

/// The head's description: the document's number and whose it is.
pub(super) fn head_description(invoice: &Invoice) -> String {
    let address = &invoice.billing_address;
    let person =
        [address.first_name.as_deref(), address.last_name.as_deref()].into_iter().flatten().collect::<Vec<_>>();
    let company = address.company.as_deref().filter(|name| !name.trim().is_empty());
    let name = company.map_or_else(|| person.join(" "), str::to_owned);
    cut(&format!("{} {name}", invoice.number), DESCRIPTION_LENGTH)
}

/// The number is how an entry is found again (I1), so one that does not fit whole is held, never cut.
pub(super) fn check_reference(case: &Case<'_>) -> Result<(), Hold> {
    let number = &case.invoice.number;
    let problem = if number.trim().is_empty() {
        "it has no number".to_owned()
    } else if number.trim() != number || number.chars().any(char::is_control) {
        format!("its number {number:?} has blanks around it or control characters in it")
    } else if length(number) > REFERENCE_LENGTH {
        let units = length(number);
        format!("its number {number:?} is {units} characters long, YourRef in Exact Online takes {REFERENCE_LENGTH}")
    } else {
        return Ok(());
    };
    let remedy =
        "book this document by hand, and shorten the number series in Chargebee's invoice settings for later ones";
    Err(case.hold(HoldReason::RejectedByTarget, problem, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_counts_as_the_target_does_and_halves_no_character() {
        assert_eq!(cut("naïve  café\n ", 60), "naïve café");
        assert_eq!(cut("a😀b", 2), "a");
        assert_eq!(cut("a😀b", 3), "a😀");
        assert_eq!(cut("ab cd", 3), "ab");
    }

    #[test]
    fn a_moved_range_stays_readable_in_60_characters() {
        let range = DateRange::new(jiff::civil::date(2026, 3, 1), jiff::civil::date(2027, 2, 28));
        let long = line_description(&"x".repeat(90), range);
        assert_eq!(length(&long), DESCRIPTION_LENGTH);
        assert!(long.ends_with(" 2026-03-01..2027-02-28"));
        assert_eq!(line_description("", range), "2026-03-01..2027-02-28");
    }
}
