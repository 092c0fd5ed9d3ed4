//! The vendor's business errors: HTTP 500 with a sentence in the consenting user's language, built from a small grammar.

use super::Language;

/// Why the administration does not take a record or entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Mandatory(Field),
    InvalidReference(Field),
    Invalid(Field),
    NotAllowed(Field),
    Blocked(Field),
    InUse(Field),
    TooLong(Field, usize),
    AlreadyExists,
    CustomerInactive,
    PeriodClosed { year: i16, period: i16 },
    FinancialYearUnknown,
    FinancialYearFixed,
}

/// A field as the vendor's sentences name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Account,
    Amount,
    Attachment,
    Balance,
    ClosingBalance,
    Code,
    CostCenter,
    CostUnit,
    Country,
    Currency,
    Customer,
    CustomerType,
    DeliverTo,
    Description,
    Document,
    DocumentNumber,
    DocumentType,
    Email,
    EntryNumber,
    ExchangeRate,
    FileName,
    From,
    GlAccount,
    GlAccountType,
    Invoice,
    InvoiceTo,
    InvoiceToType,
    Item,
    ItemGroup,
    Journal,
    JournalReference,
    JournalType,
    Matched,
    Name,
    OpeningBalance,
    OrderedBy,
    PaymentCondition,
    PaymentMethod,
    SalesLines,
    Status,
    Subject,
    To,
    Type,
    VatCode,
    VatNumber,
    VatPercentage,
    Warehouse,
    YourRef,
}

impl Field {
    fn name(self, language: Language) -> &'static str {
        let (dutch, english) = match self {
            Self::Account => ("Relatie", "Relationship"),
            Self::Amount => ("Bedrag", "Amount"),
            Self::Attachment => ("Bijlage", "Attachment"),
            Self::Balance => ("Saldo", "Balance"),
            Self::ClosingBalance => ("Eindsaldo", "Closing balance"),
            Self::Code => ("Code", "Code"),
            Self::CostCenter => ("Kostenplaats", "Cost center"),
            Self::CostUnit => ("Kostendrager", "Cost unit"),
            Self::Country => ("Land", "Country"),
            Self::Currency => ("Valuta", "Currency"),
            Self::Customer => ("Klant", "Customer"),
            Self::CustomerType => ("Klant (Type)", "Customer (Type)"),
            Self::DeliverTo => ("Leveren aan", "Deliver to"),
            Self::Description => ("Omschrijving", "Description"),
            Self::Document => ("Document", "Document"),
            Self::DocumentNumber => ("Documentnummer", "Document number"),
            Self::DocumentType => ("Documenttype", "Document type"),
            Self::Email => ("E-mail []", "Email []"),
            Self::EntryNumber => ("Boekstuknummer", "Entry number"),
            Self::ExchangeRate => ("Wisselkoers", "Exchange rate"),
            Self::FileName => ("Bestandsnaam", "File name"),
            Self::From => ("Van", "From"),
            Self::GlAccount => ("Grootboekrekening", "G/L Account"),
            Self::GlAccountType => ("Grootboekrekeningtype", "G/L Account type"),
            Self::Invoice => ("Factuur", "Invoice"),
            Self::InvoiceTo => ("Factuur voor", "Invoice to"),
            Self::InvoiceToType => ("Factuur voor (Type)", "Invoice to (Type)"),
            Self::Item => ("Artikel", "Item"),
            Self::ItemGroup => ("Artikelgroep", "Item group"),
            Self::Journal => ("Dagboek", "Diary"),
            Self::JournalReference => ("Journals", "Journals"),
            Self::JournalType => ("Dagboek", "Journal (type)."),
            Self::Matched => ("Afgeletterd", "Matched"),
            Self::Name => ("Naam", "Name"),
            Self::OpeningBalance => ("Beginsaldo", "Opening balance"),
            Self::OrderedBy => ("Besteld door", "Ordered by"),
            Self::PaymentCondition => ("Betalingsconditie", "Payment condition"),
            Self::PaymentMethod => ("Betaalwijze", "Payment method"),
            Self::SalesLines => ("Regels", "Lines"),
            Self::Status => ("Status", "Status"),
            Self::Subject => ("Onderwerp", "Subject"),
            Self::To => ("Tot en met", "To"),
            Self::Type => ("Type", "Type"),
            Self::VatCode => ("Btw-code", "VAT code"),
            Self::VatNumber => ("Btw-nummer", "VAT number"),
            Self::VatPercentage => ("Btw-percentage []", "VAT percentage []"),
            Self::Warehouse => ("Magazijn", "Warehouse"),
            Self::YourRef => ("Uw ref.", "Your ref."),
        };
        language.of(dutch, english)
    }
}

impl Refusal {
    /// The sentence, in the user's language.
    pub fn text(&self, language: Language) -> String {
        let say = |dutch: &str, english: &str, field: Field| {
            format!("{}: {}", language.of(dutch, english), field.name(language))
        };
        match self {
            Self::Mandatory(field) => say("Verplicht", "Mandatory", *field),
            Self::InvalidReference(field) => say("Ongeldige referentie", "Invalid reference", *field),
            Self::Invalid(field) => say("Ongeldig", "Invalid", *field),
            Self::NotAllowed(Field::VatCode) => {
                language.of("Niet toegestaan: Btw-code", "Not allowed: VAT-code").to_owned()
            }
            Self::NotAllowed(field) => say("Niet toegestaan", "Not allowed", *field),
            Self::Blocked(field) => say("Geblokkeerd", "Blocked", *field),
            Self::InUse(field) => say("In gebruik", "In use", *field),
            Self::TooLong(field, max) => format!("{} [{max}]", say("Ongeldig", "Invalid", *field)),
            other => other.sentence(language),
        }
    }

    fn sentence(&self, language: Language) -> String {
        if let Self::PeriodClosed { year, period } = self {
            let words = language.of("Periode is afgesloten", "Period is closed");
            return format!("{words}: {year}-{period:02}");
        }
        let (dutch, english) = match self {
            Self::CustomerInactive => ("Klant: non-actief", "Customer: Inactive"),
            Self::FinancialYearUnknown => {
                ("Onbekend: Boekjaar (Periode-datumtabel)", "Unknown: Financial year (Period-date table)")
            }
            Self::FinancialYearFixed => {
                ("Het boekjaar kan niet worden gewijzigd.", "The financial year cannot be changed.")
            }
            _ => ("Gegeven bestaat reeds.", "Data already exists."),
        };
        language.of(dutch, english).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_those_of_the_catalogue() {
        let closed = Refusal::PeriodClosed { year: 2026, period: 1 };
        assert_eq!(closed.text(Language::Nl), "Periode is afgesloten: 2026-01");
        let year = Refusal::FinancialYearUnknown;
        assert_eq!(year.text(Language::En), "Unknown: Financial year (Period-date table)");
        assert_eq!(Refusal::InvalidReference(Field::VatCode).text(Language::Nl), "Ongeldige referentie: Btw-code");
        assert_eq!(Refusal::InUse(Field::EntryNumber).text(Language::Nl), "In gebruik: Boekstuknummer");
        assert_eq!(Refusal::NotAllowed(Field::ExchangeRate).text(Language::Nl), "Niet toegestaan: Wisselkoers");
        assert_eq!(Refusal::Invalid(Field::JournalType).text(Language::En), "Invalid: Journal (type).");
    }
}
