//! What Dataverse's errors mean: one table, from the code of an answer to what happens next, why a record is held and what
//! mends it (dynamics365.md §2.10, §7). The status alone says too little: 412 and 429 each stand for several.

use crate::connectors::http::CallError;
use crate::domain::hold::HoldReason;
use crate::domain::words;

words! {
    /// The meaning of an error. The name is stable: it is the `code` of [`CallError::Rejected`].
    DataverseError {
        /// No row of this id; of a write, one that it names.
        RowMissing,
        /// No row under this key; of a write, one that it names.
        KeyMissing,
        KeyTaken,
        RowExists,
        DuplicatesDetected,
        VersionDiffers,
        PrivilegeMissing,
        NotAMember,
        PayloadInvalid,
        QueryInvalid,
        ResourceUnknown,
        ArgumentInvalid,
        TextTooLong,
        ChoiceUnknown,
        NumberOutOfRange,
        StatusInvalid,
        StillReferred,
        PluginRefused,
        NotSupported,
        TooLarge,
        Unexpected,
        Deadlock,
        DatabaseTimeout,
        ChangesExpired,
        RequestsThrottled,
        TimeThrottled,
        ConcurrencyThrottled,
        CustomizationLocked,
        /// A code that this table does not know.
        Unknown,
    }
}

/// What happens after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Never again unchanged (I5).
    Refuse,
    /// What was asked for is not there.
    Missing,
    /// A person must give a right.
    Stall,
    /// Again in a while.
    Again,
    /// A smaller request may pass.
    Smaller,
    /// All workers of the application user wait as told.
    Throttled,
    /// Another customization is running; again in a while.
    Locked,
}

/// One line: the code, its meaning.
const CODES: &[(u32, DataverseError)] = &[
    (0x8004_0217, DataverseError::RowMissing),
    (0x8006_0891, DataverseError::KeyMissing),
    (0x8006_0892, DataverseError::KeyTaken),
    (0x8004_0237, DataverseError::RowExists),
    (0x8004_0333, DataverseError::DuplicatesDetected),
    (0x8006_0882, DataverseError::VersionDiffers),
    (0x8004_0220, DataverseError::PrivilegeMissing),
    (0x8004_2f09, DataverseError::PrivilegeMissing),
    (0x8007_2560, DataverseError::NotAMember),
    (0x8004_8d19, DataverseError::PayloadInvalid),
    (0x8006_0888, DataverseError::QueryInvalid),
    (0x8006_088a, DataverseError::ResourceUnknown),
    (0x8004_0203, DataverseError::ArgumentInvalid),
    (0x8004_4331, DataverseError::TextTooLong),
    (0x8004_431a, DataverseError::ChoiceUnknown),
    (0x8004_432f, DataverseError::NumberOutOfRange),
    (0x8004_4330, DataverseError::NumberOutOfRange),
    (0x8004_8408, DataverseError::StatusInvalid),
    (0x8004_0227, DataverseError::StillReferred),
    (0x8004_0265, DataverseError::PluginRefused),
    (0x8004_0800, DataverseError::NotSupported),
    (0x8004_0216, DataverseError::Unexpected),
    (0x8004_4150, DataverseError::Deadlock),
    (0x8004_4151, DataverseError::DatabaseTimeout),
    (0x8004_4352, DataverseError::ChangesExpired),
    (0x8007_2322, DataverseError::RequestsThrottled),
    (0x8007_2321, DataverseError::TimeThrottled),
    (0x8007_2326, DataverseError::ConcurrencyThrottled),
    (0x8007_1151, DataverseError::CustomizationLocked),
];

impl DataverseError {
    /// The meaning of an answer by its code, and where that says nothing by its status.
    pub(super) fn of_answer(status: u16, code: Option<u32>) -> Self {
        let known = code.and_then(|code| CODES.iter().find(|line| line.0 == code));
        known.map(|line| line.1).unwrap_or(match status {
            403 => Self::PrivilegeMissing,
            404 => Self::ResourceUnknown,
            405 | 501 => Self::NotSupported,
            413 => Self::TooLarge,
            429 => Self::RequestsThrottled,
            500..=599 => Self::Unexpected,
            _ => Self::Unknown,
        })
    }

    /// The meaning of a refused call; `None` where the call failed in another way.
    pub fn of(error: &CallError) -> Option<Self> {
        let CallError::Rejected { code, .. } = error else { return None };
        Some(code.as_deref().and_then(Self::parse).unwrap_or(Self::Unknown))
    }

    pub(super) fn next(self) -> Next {
        match self {
            Self::RowMissing | Self::KeyMissing | Self::ResourceUnknown => Next::Missing,
            Self::PrivilegeMissing | Self::NotAMember => Next::Stall,
            Self::Unexpected | Self::Deadlock => Next::Again,
            Self::DatabaseTimeout | Self::TooLarge => Next::Smaller,
            Self::RequestsThrottled | Self::TimeThrottled | Self::ConcurrencyThrottled => Next::Throttled,
            Self::CustomizationLocked => Next::Locked,
            _ => Next::Refuse,
        }
    }

    /// Why a record that met this error is held.
    pub fn hold_reason(self) -> HoldReason {
        match self {
            // What it names may come with a later run.
            Self::RowMissing | Self::KeyMissing => HoldReason::WaitingFor,
            _ => HoldReason::RejectedByTarget,
        }
    }

    /// Whether the row itself is refused: sent again unchanged, it would be again (I5).
    pub fn is_of_the_row(self) -> bool {
        let may_come = self.hold_reason() == HoldReason::WaitingFor;
        self.next() == Next::Refuse && !may_come && self != Self::VersionDiffers
    }

    /// What a person does about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::RowMissing | Self::KeyMissing => {
                "the row that this one names is not in Dynamics 365 yet; it goes when that one does"
            }
            Self::KeyTaken | Self::RowExists => {
                "look up the other row with the same key in Dynamics 365, and remove one"
            }
            Self::DuplicatesDetected => "let the duplicate detection rule of the table leave out Koppel's tables",
            Self::VersionDiffers => "run again: the row was changed meanwhile",
            Self::PrivilegeMissing => {
                "give the application user, and the owner that the EntityMapping names, a security role with the privilege in Dynamics 365"
            }
            Self::NotAMember => {
                "add an application user for the app in the Power Platform admin center, with a security role"
            }
            Self::TextTooLong | Self::NumberOutOfRange => "correct the value in Chargebee, or widen the column",
            Self::ChoiceUnknown => "add the value to the choice column in Dynamics 365",
            Self::StatusInvalid => "check the status reasons of the table in Dynamics 365",
            Self::StillReferred => "remove the rows that name this one first",
            Self::PluginRefused => "change the plug-in or workflow of the table that refuses the row in Dynamics 365",
            Self::NotSupported | Self::ResourceUnknown => {
                "check organizationUrl, and that the table is installed (schema: Managed installs it)"
            }
            Self::TooLarge | Self::DatabaseTimeout | Self::Deadlock | Self::Unexpected => {
                "the next run tries again; where it stays, ask Microsoft's support"
            }
            Self::ChangesExpired => "nothing to do: everything is read once more",
            Self::RequestsThrottled | Self::TimeThrottled | Self::ConcurrencyThrottled => {
                "nothing to do: the run goes on when Dynamics 365 lets it"
            }
            Self::CustomizationLocked => "wait until the other import or publishing in Dynamics 365 has ended",
            Self::PayloadInvalid | Self::QueryInvalid | Self::ArgumentInvalid => {
                "check that the table's columns are as Koppel installed them; else report this message to Koppel's maintainers"
            }
            Self::Unknown => "mend in Dynamics 365 what the message names, then run again",
        }
    }
}

/// The number of a code as answers write it: `0x80040217`, or the same number with its sign.
pub(super) fn code_number(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse::<i32>().ok().map(i32::cast_unsigned),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    #[test]
    fn each_code_stands_once_and_each_meaning_has_one_or_a_status() {
        let codes: BTreeSet<u32> = CODES.iter().map(|line| line.0).collect();
        assert_eq!(codes.len(), CODES.len());
        let by_status = [403, 404, 405, 413, 429, 500, 418].map(|status| DataverseError::of_answer(status, None));
        let met: BTreeSet<DataverseError> = CODES.iter().map(|line| line.1).chain(by_status).collect();
        assert_eq!(met.into_iter().collect::<Vec<_>>(), DataverseError::ALL);
    }

    #[rstest]
    #[case(412, "0x80060892", DataverseError::KeyTaken, Next::Refuse)]
    #[case(412, "0x80040237", DataverseError::RowExists, Next::Refuse)]
    #[case(412, "0x80060882", DataverseError::VersionDiffers, Next::Refuse)]
    #[case(429, "0x80072322", DataverseError::RequestsThrottled, Next::Throttled)]
    #[case(429, "0x80071151", DataverseError::CustomizationLocked, Next::Locked)]
    #[case(429, "", DataverseError::RequestsThrottled, Next::Throttled)]
    #[case(403, "0x80072560", DataverseError::NotAMember, Next::Stall)]
    #[case(404, "0x80060891", DataverseError::KeyMissing, Next::Missing)]
    #[case(500, "0x80044151", DataverseError::DatabaseTimeout, Next::Smaller)]
    #[case(500, "-2147204784", DataverseError::Deadlock, Next::Again)]
    #[case(500, "0x80040265", DataverseError::PluginRefused, Next::Refuse)]
    #[case(503, "", DataverseError::Unexpected, Next::Again)]
    #[case(400, "0x12345678", DataverseError::Unknown, Next::Refuse)]
    fn the_code_outweighs_the_status(
        #[case] status: u16,
        #[case] code: &str,
        #[case] meaning: DataverseError,
        #[case] next: Next,
    ) {
        let found = DataverseError::of_answer(status, code_number(code));
        assert_eq!((found, found.next()), (meaning, next));
    }

    #[test]
    fn a_signed_code_is_the_same_one() {
        assert_eq!(code_number("-2147220969"), code_number("0x80040217"));
        assert_eq!(code_number(""), None);
    }
}
