//! What a column holds, and how far it must be filled.

use rust_decimal::Decimal;
use uuid::Uuid;

/// How far a column must be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    None,
    Recommended,
    /// By forms alone; the Web API takes rows without it.
    Application,
    /// By the service.
    System,
}

impl Required {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Recommended => "Recommended",
            Self::Application => "ApplicationRequired",
            Self::System => "SystemRequired",
        }
    }
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The primary id.
    PrimaryId,
    Id,
    Text {
        max: usize,
        format: String,
    },
    Memo {
        max: usize,
    },
    Int {
        min: i64,
        max: i64,
    },
    BigInt,
    Number {
        min: Decimal,
        max: Decimal,
        precision: u32,
    },
    Float {
        min: Decimal,
        max: Decimal,
        precision: u32,
    },
    Money(Money),
    Bool {
        default: bool,
        no: String,
        yes: String,
    },
    Choice {
        options: Vec<Opt>,
        global: Option<Uuid>,
    },
    Choices {
        options: Vec<Opt>,
    },
    State {
        options: Vec<Opt>,
    },
    Status {
        options: Vec<Opt>,
    },
    Moment {
        behavior: Behavior,
        date_only_format: bool,
    },
    Lookup {
        targets: Vec<String>,
        variant: Lookup,
    },
    /// The logical name of the table that a lookup beside it points to.
    TableName,
}

/// A money column.
#[derive(Clone, Debug, PartialEq)]
pub struct Money {
    pub min: Decimal,
    pub max: Decimal,
    pub precision: u32,
    /// 0 the column's own, 1 the organisation's for pricing, 2 the currency's.
    pub source: u8,
    /// Whether it is another column's value in the base currency.
    pub is_base: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    Plain,
    Customer,
    Owner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    UserLocal,
    DateOnly,
    TimeZoneIndependent,
}

impl Behavior {
    pub fn name(self) -> &'static str {
        match self {
            Self::UserLocal => "UserLocal",
            Self::DateOnly => "DateOnly",
            Self::TimeZoneIndependent => "TimeZoneIndependent",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::UserLocal, Self::DateOnly, Self::TimeZoneIndependent].into_iter().find(|one| one.name() == name)
    }
}

/// An option of a choice; a status names its state, a state its default status.
#[derive(Clone, Debug, PartialEq)]
pub struct Opt {
    pub value: i64,
    pub label: String,
    pub other: Option<i64>,
}
