//! What Exact's refusals mean. Their text is in the language of the user who gave consent, so Dutch and English are both
//! known; an unknown text is permanent (exact-online.md §4). One table: from text to meaning, reason and remedy.

use crate::connectors::http::CallError;
use crate::domain::hold::HoldReason;
use crate::domain::words;

words! {
    /// The meaning of a refusal. The name is stable: it is the `code` of [`CallError::Rejected`].
    BusinessError {
        PeriodClosed,
        FinancialYearMissing,
        FinancialYearFixed,
        EntryNumberInUse,
        DuplicateValue,
        CustomerInvalid,
        CustomerNotACustomer,
        CustomerInactive,
        CustomerBlocked,
        JournalInvalid,
        PaymentConditionInvalid,
        DueDateMissing,
        VatCodeInvalid,
        VatPercentageInvalid,
        VatNumberInvalid,
        EmailInvalid,
        CostCenterInvalid,
        CostUnitInvalid,
        AccountInvalid,
        AccountBlocked,
        ItemGroupInvalid,
        RateNotAllowed,
        CurrencyInvalid,
        /// The books compute other amounts than were sent; found by comparing, not by a text.
        AmountsDiffer,
        /// The request itself is wrong: a mistake of Koppel's, or a field that the vendor no longer knows.
        RequestInvalid,
        /// The vendor's own trouble, not a refusal; only ever seen inside the connector.
        VendorTrouble,
        /// A text that this table does not know.
        Unknown,
    }
}

/// Whole sentences, and the beginnings of them, in lower case; looked at before the grammar.
const SENTENCES: &[(&str, BusinessError)] = &[
    ("periode is afgesloten", BusinessError::PeriodClosed),
    ("period is closed", BusinessError::PeriodClosed),
    ("the financial year cannot be changed", BusinessError::FinancialYearFixed),
    ("already exists - entry number", BusinessError::EntryNumberInUse),
    ("bestaat reeds - boekstuknummer", BusinessError::EntryNumberInUse),
    ("gegeven bestaat reeds", BusinessError::DuplicateValue),
    ("data already exists", BusinessError::DuplicateValue),
    ("klant: non-actief", BusinessError::CustomerInactive),
    ("customer: inactive", BusinessError::CustomerInactive),
    ("moet zijn: uniek", BusinessError::DuplicateValue),
    ("must be: unique", BusinessError::DuplicateValue),
    ("a problem has occurred. the cause of this issue will be investigated", BusinessError::VendorTrouble),
    ("error processing request stream", BusinessError::RequestInvalid),
    ("error in query syntax", BusinessError::RequestInvalid),
    ("this endpoint has mandatory filtering applied", BusinessError::RequestInvalid),
    ("filtering on these fields is not supported", BusinessError::RequestInvalid),
    ("this $filter parameter is not supported", BusinessError::RequestInvalid),
];

/// The verbs of the vendor's `{Verb}: {Field} [detail]`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Mandatory,
    Invalid,
    NotAllowed,
    Exists,
    InUse,
    Unknown,
    Blocked,
}

/// Longer ones first: `ongeldige referentie` begins as `ongeldig` does.
const VERBS: &[(&str, Verb)] = &[
    ("ongeldige referentie", Verb::Unknown),
    ("invalid reference", Verb::Unknown),
    ("verplicht", Verb::Mandatory),
    ("mandatory", Verb::Mandatory),
    ("ongeldig", Verb::Invalid),
    ("invalid", Verb::Invalid),
    ("niet toegestaan", Verb::NotAllowed),
    ("not allowed", Verb::NotAllowed),
    ("bestaat reeds", Verb::Exists),
    ("already exists", Verb::Exists),
    ("in gebruik", Verb::InUse),
    ("in use", Verb::InUse),
    ("onbekend", Verb::Unknown),
    ("unknown", Verb::Unknown),
    ("niet gevonden", Verb::Unknown),
    ("not found", Verb::Unknown),
    ("geblokkeerd", Verb::Blocked),
    ("blocked", Verb::Blocked),
    ("moet zijn", Verb::Invalid),
    ("must be", Verb::Invalid),
];

/// What a field's name means after any verb; longer names first where one begins another.
const FIELDS: &[(&str, BusinessError)] = &[
    ("boekjaar", BusinessError::FinancialYearMissing),
    ("financial year", BusinessError::FinancialYearMissing),
    ("fiscal year", BusinessError::FinancialYearMissing),
    ("financiële periode", BusinessError::FinancialYearMissing),
    ("financial period", BusinessError::FinancialYearMissing),
    ("boekstuknummer", BusinessError::EntryNumberInUse),
    ("entry number", BusinessError::EntryNumberInUse),
    ("klant (type)", BusinessError::CustomerNotACustomer),
    ("customer (type)", BusinessError::CustomerNotACustomer),
    ("factuur voor (type)", BusinessError::CustomerNotACustomer),
    ("invoice to (type)", BusinessError::CustomerNotACustomer),
    ("klant", BusinessError::CustomerInvalid),
    ("customer", BusinessError::CustomerInvalid),
    ("relatie", BusinessError::CustomerInvalid),
    ("relationship", BusinessError::CustomerInvalid),
    ("account", BusinessError::CustomerInvalid),
    ("besteld door", BusinessError::CustomerInvalid),
    ("ordered by", BusinessError::CustomerInvalid),
    ("factuur voor", BusinessError::CustomerInvalid),
    ("invoice to", BusinessError::CustomerInvalid),
    ("leveren aan", BusinessError::CustomerInvalid),
    ("dagboek", BusinessError::JournalInvalid),
    ("diary", BusinessError::JournalInvalid),
    ("journal", BusinessError::JournalInvalid),
    ("betalingsconditie", BusinessError::PaymentConditionInvalid),
    ("payment condition", BusinessError::PaymentConditionInvalid),
    ("vervaldatum", BusinessError::DueDateMissing),
    ("due date", BusinessError::DueDateMissing),
    ("btw-code", BusinessError::VatCodeInvalid),
    ("vat-code", BusinessError::VatCodeInvalid),
    ("vat code", BusinessError::VatCodeInvalid),
    ("btw-percentage", BusinessError::VatPercentageInvalid),
    ("vat percentage", BusinessError::VatPercentageInvalid),
    ("btw-nummer", BusinessError::VatNumberInvalid),
    ("vat number", BusinessError::VatNumberInvalid),
    ("e-mail", BusinessError::EmailInvalid),
    ("email", BusinessError::EmailInvalid),
    ("kostenplaats", BusinessError::CostCenterInvalid),
    ("cost center", BusinessError::CostCenterInvalid),
    ("cost centre", BusinessError::CostCenterInvalid),
    ("costcenter", BusinessError::CostCenterInvalid),
    ("kostendrager", BusinessError::CostUnitInvalid),
    ("cost unit", BusinessError::CostUnitInvalid),
    ("costunit", BusinessError::CostUnitInvalid),
    ("grootboekrekening", BusinessError::AccountInvalid),
    ("g/l account", BusinessError::AccountInvalid),
    ("gl account", BusinessError::AccountInvalid),
    ("general ledger account", BusinessError::AccountInvalid),
    ("artikelgroep", BusinessError::ItemGroupInvalid),
    ("item group", BusinessError::ItemGroupInvalid),
    ("wisselkoers", BusinessError::RateNotAllowed),
    ("exchange rate", BusinessError::RateNotAllowed),
    ("valuta", BusinessError::CurrencyInvalid),
    ("currency", BusinessError::CurrencyInvalid),
];

impl BusinessError {
    /// The meaning of an error's text. Where several are joined, the first that is known tells.
    pub fn of_text(text: &str) -> Self {
        let lines = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
        lines.map(of_line).find(|meaning| *meaning != Self::Unknown).unwrap_or(Self::Unknown)
    }

    /// The meaning of a refused call; `None` where the call failed in another way.
    pub fn of(error: &CallError) -> Option<Self> {
        let CallError::Rejected { code, .. } = error else { return None };
        Some(code.as_deref().and_then(Self::parse).unwrap_or(Self::Unknown))
    }

    /// Why a document that met this refusal is held.
    pub fn hold_reason(self) -> HoldReason {
        self.meaning().0
    }

    /// What a person does about it.
    pub fn remedy(self) -> &'static str {
        self.meaning().1
    }

    fn meaning(self) -> (HoldReason, &'static str) {
        use HoldReason as Reason;
        match self {
            Self::PeriodClosed => (
                Reason::PeriodClosed,
                "open the period for the journal in Exact Online, or let the document move to an open period",
            ),
            Self::FinancialYearMissing => {
                (Reason::MissingFinancialPeriod, "open the financial year and its periods in Exact Online")
            }
            Self::FinancialYearFixed => {
                (Reason::RejectedByTarget, "reverse the entry in Exact Online and book it again in the other year")
            }
            Self::EntryNumberInUse => {
                (Reason::ExistingEntryDiffers, "look up the entry of that number in the journal in Exact Online")
            }
            Self::DuplicateValue => {
                (Reason::RejectedByTarget, "look up the existing one with the same code in Exact Online")
            }
            Self::CustomerInvalid => {
                (Reason::CustomerMerged, "check in Exact Online whether the customer was merged or removed")
            }
            Self::CustomerNotACustomer => {
                (Reason::CustomerBlocked, "give the account the status customer in Exact Online")
            }
            Self::CustomerInactive => (Reason::CustomerBlocked, "remove the account's end date in Exact Online"),
            Self::CustomerBlocked => (Reason::CustomerBlocked, "unblock the account in Exact Online"),
            Self::JournalInvalid => (Reason::RejectedByTarget, "name an open sales journal in the entity mapping"),
            Self::PaymentConditionInvalid => {
                (Reason::PaymentTermUnmapped, "map the net terms to a payment condition that exists in Exact Online")
            }
            Self::DueDateMissing => (Reason::RejectedByTarget, "check the due date of the invoice"),
            Self::VatCodeInvalid => {
                (Reason::VatCodeUnmapped, "map to a VAT code that exists in Exact Online and that the journal allows")
            }
            Self::VatPercentageInvalid => (
                Reason::VatCodeUnmapped,
                "give the VAT code a percentage on the date of the entry in Exact Online, or map to another code",
            ),
            Self::VatNumberInvalid => (Reason::VatNumberInvalid, "correct the customer's VAT number in Chargebee"),
            Self::EmailInvalid => (Reason::RejectedByTarget, "correct the customer's e-mail address in Chargebee"),
            Self::CostCenterInvalid => (Reason::CostCenterMissing, "map to a cost centre that exists in Exact Online"),
            Self::CostUnitInvalid => (Reason::CostCenterMissing, "map to a cost unit that exists in Exact Online"),
            Self::AccountInvalid => (
                Reason::RevenueAccountMissing,
                "name a revenue account of Exact Online in the revenue rule or on the item group",
            ),
            Self::AccountBlocked => (
                Reason::RevenueAccountMissing,
                "unblock the general ledger account in Exact Online, or name another in the revenue rule",
            ),
            Self::ItemGroupInvalid => {
                (Reason::RejectedByTarget, "map the family to an item group that exists in Exact Online")
            }
            Self::RateNotAllowed => {
                (Reason::CurrencyNotAllowed, "let the journal accept another exchange rate in Exact Online")
            }
            Self::CurrencyInvalid => {
                (Reason::CurrencyNotAllowed, "let the journal accept the currency in Exact Online")
            }
            Self::AmountsDiffer => (
                Reason::AmountMismatch,
                "map to a VAT code that comes to the VAT of the invoice, or book invoices as SalesEntry, which states it",
            ),
            Self::RequestInvalid => (Reason::RejectedByTarget, "report this message to Koppel's maintainers"),
            Self::VendorTrouble | Self::Unknown => {
                (Reason::RejectedByTarget, "mend in Exact Online what the message names, then run again")
            }
        }
    }
}

fn of_line(line: &str) -> BusinessError {
    let line = line.to_lowercase();
    let sentence = SENTENCES.iter().find(|(start, _)| line.starts_with(start)).map(|(_, meaning)| *meaning);
    sentence.or_else(|| by_grammar(&line)).unwrap_or(BusinessError::Unknown)
}

fn by_grammar(line: &str) -> Option<BusinessError> {
    let (verb, field) = line.split_once(':')?;
    let verb = VERBS.iter().find(|(name, _)| *name == verb.trim())?.1;
    let field = field.trim();
    let named = FIELDS.iter().find(|(name, _)| field.starts_with(name)).map(|(_, meaning)| *meaning);
    match (verb, named) {
        (Verb::Blocked, Some(BusinessError::CustomerInvalid)) => Some(BusinessError::CustomerBlocked),
        (Verb::Blocked, Some(BusinessError::AccountInvalid)) => Some(BusinessError::AccountBlocked),
        (Verb::Exists | Verb::InUse, Some(BusinessError::EntryNumberInUse)) => Some(BusinessError::EntryNumberInUse),
        (Verb::Exists | Verb::InUse, _) => Some(BusinessError::DuplicateValue),
        (Verb::Mandatory | Verb::Invalid | Verb::NotAllowed | Verb::Unknown | Verb::Blocked, named) => named,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Periode is afgesloten: 2026-01", BusinessError::PeriodClosed)]
    #[case("Unknown: Financial year (Period-date table)", BusinessError::FinancialYearMissing)]
    #[case("Unknown: Fiscal year (Period - date table).", BusinessError::FinancialYearMissing)]
    #[case("Onbekend: Boekjaar (Periode-datumtabel)", BusinessError::FinancialYearMissing)]
    #[case("The financial year cannot be changed.", BusinessError::FinancialYearFixed)]
    #[case("In gebruik: Boekstuknummer", BusinessError::EntryNumberInUse)]
    #[case("Already exists - Entry number: 20260001, Journal: 700", BusinessError::EntryNumberInUse)]
    #[case("Gegeven bestaat reeds.", BusinessError::DuplicateValue)]
    #[case("Data already exists.", BusinessError::DuplicateValue)]
    #[case("Verplicht: Factuur voor\r\nVerplicht: Besteld door", BusinessError::CustomerInvalid)]
    #[case("Mandatory: Relationship", BusinessError::CustomerInvalid)]
    #[case("Mandatory: Diary", BusinessError::JournalInvalid)]
    #[case("Verplicht: Betalingsconditie", BusinessError::PaymentConditionInvalid)]
    #[case("Verplicht : vervaldatum", BusinessError::DueDateMissing)]
    #[case("Ongeldige referentie: Journals", BusinessError::JournalInvalid)]
    #[case("Ongeldige referentie: Btw-code", BusinessError::VatCodeInvalid)]
    #[case("Invalid reference: Cost unit", BusinessError::CostUnitInvalid)]
    #[case("Ongeldige referentie: Besteld door", BusinessError::CustomerInvalid)]
    #[case("Ongeldig: Grootboekrekeningtype", BusinessError::AccountInvalid)]
    #[case("Invalid: Journal (type).", BusinessError::JournalInvalid)]
    #[case("Ongeldig: Klant (Type)", BusinessError::CustomerNotACustomer)]
    #[case("Klant: non-actief", BusinessError::CustomerInactive)]
    #[case("Geblokkeerd: Klant", BusinessError::CustomerBlocked)]
    #[case("Blocked: Customer", BusinessError::CustomerBlocked)]
    #[case("Geblokkeerd: Grootboekrekening", BusinessError::AccountBlocked)]
    #[case("Ongeldig: Btw-percentage []", BusinessError::VatPercentageInvalid)]
    #[case("Invalid: VAT percentage []", BusinessError::VatPercentageInvalid)]
    #[case("Ongeldig: Btw-nummer", BusinessError::VatNumberInvalid)]
    #[case("Invalid: VAT number", BusinessError::VatNumberInvalid)]
    #[case("Invalid: Email []", BusinessError::EmailInvalid)]
    #[case("Not allowed: VAT-code", BusinessError::VatCodeInvalid)]
    #[case("Niet toegestaan: Wisselkoers", BusinessError::RateNotAllowed)]
    #[case("Verplicht: Kostenplaats", BusinessError::CostCenterInvalid)]
    #[case("Moet zijn: Uniek - Artikel, Valuta, Eenheid, Aantal, Actief vanaf", BusinessError::DuplicateValue)]
    #[case("Error processing request stream. The property name 'X' specified", BusinessError::RequestInvalid)]
    #[case(
        "A problem has occurred. The cause of this issue will be investigated as soon as possible.",
        BusinessError::VendorTrouble
    )]
    #[case("Iets nieuws: Wat niemand kent", BusinessError::Unknown)]
    #[case("Iets nieuws\r\nPeriode is afgesloten: 2026-01", BusinessError::PeriodClosed)]
    #[case("", BusinessError::Unknown)]
    fn texts_have_their_meaning_in_both_languages(#[case] text: &str, #[case] meaning: BusinessError) {
        assert_eq!(BusinessError::of_text(text), meaning);
    }

    #[test]
    fn names_come_back_and_every_meaning_has_a_remedy() {
        for meaning in BusinessError::ALL {
            assert_eq!(BusinessError::parse(meaning.as_str()), Some(*meaning));
            assert!(!meaning.remedy().is_empty() && !meaning.remedy().ends_with('.'));
        }
    }

    #[test]
    fn the_failure_causes_have_the_reasons_of_the_design() {
        assert_eq!(BusinessError::FinancialYearMissing.hold_reason(), HoldReason::MissingFinancialPeriod); // E29
        assert_eq!(BusinessError::VatNumberInvalid.hold_reason(), HoldReason::VatNumberInvalid); // E28
        assert_eq!(BusinessError::CustomerInactive.hold_reason(), HoldReason::CustomerBlocked);
        assert_eq!(BusinessError::Unknown.hold_reason(), HoldReason::RejectedByTarget);
    }
}
