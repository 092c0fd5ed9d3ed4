//! One EntityMapping with the rules that are for it: the rulebook of its books.

use std::collections::BTreeMap;

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use rust_decimal::Decimal;

use super::typed::{CustomerRules, ValidatedEntity, ValidatedFlows};
use super::{Scope, bank_journals, codes, conflicts, payments, rule};
use crate::accounting::rulebook::{
    self, ClosedPeriodPolicy, CustomerType, DimensionRule, PaymentTermRule, Region, Rulebook, Supply, VatRule,
};
use crate::api::EntityMapping;
use crate::api::conditions::Reason;
use crate::api::finding::Findings;
use crate::api::invoices::EntryProperty;
use crate::api::manifest::Located;
use crate::api::mapping::ExactEntity;
use crate::api::mapping_rows::{self, DimensionRow, ExemptReason, VatRow, VatWhen};
use crate::api::policies;
use crate::domain::invoice;

/// What every entity of a connection has in common.
pub struct Basis {
    pub time_zone: TimeZone,
    pub start_date: Date,
    pub flows: ValidatedFlows,
}

/// The entity of a mapping, or findings.
pub fn validate(
    scope: &Scope,
    mapping: &Located<EntityMapping>,
    basis: &Basis,
    findings: &mut Findings,
) -> Option<ValidatedEntity> {
    let exact = mapping.object.spec.exact_online.as_ref()?;
    deferral_journal_is_named(scope, mapping, exact, findings);
    warn_of_gaps(mapping, findings);
    bank_journals::check(scope, mapping, exact, findings);
    let rulebook = rulebook(scope, mapping, exact, basis, findings);
    conflicts::check(scope, mapping, &rulebook, findings);
    Some(ValidatedEntity {
        mapping: mapping.name(),
        business_entity: mapping.object.spec.business_entity_id.clone(),
        division: exact.division,
        customers: customers(scope, mapping),
        rulebook,
    })
}

fn rulebook(
    scope: &Scope,
    mapping: &Located<EntityMapping>,
    exact: &ExactEntity,
    basis: &Basis,
    findings: &mut Findings,
) -> Rulebook {
    let spec = &mapping.object.spec;
    Rulebook {
        mapping: mapping.name(),
        connection: scope.connection.name(),
        time_zone: basis.time_zone.clone(),
        start_date: basis.start_date,
        sales_journal: exact.sales_journal.clone(),
        deferral_journal: exact.deferral_journal.clone(),
        bank_journals: exact.bank_journals.clone(),
        rounding_account: exact.rounding_account.clone(),
        write_off_account: exact.write_off_account.clone(),
        zero_vat_code: exact.zero_vat_code.clone(),
        send_exchange_rate: exact.send_exchange_rate,
        policies: policies(&scope.connection.object.spec.policies),
        vat: vat(mapping, findings),
        payment_terms: payment_terms(mapping),
        cost_centers: dimensions(mapping, "costCenters", &spec.cost_centers, findings),
        cost_units: dimensions(mapping, "costUnits", &spec.cost_units, findings),
        dimension_year: match spec.dimension_year {
            mapping_rows::DimensionYear::Entry => rulebook::DimensionYear::Entry,
            mapping_rows::DimensionYear::ServiceStart => rulebook::DimensionYear::ServiceStart,
        },
        payments: payments::rules(mapping, exact, &basis.flows, findings),
        supply: supply(spec.supply),
        family_supply: family_supply(&spec.item_groups),
        item_groups: spec.item_groups.iter().map(|row| (row.item_family.clone(), row.item_group.clone())).collect(),
        default_item_group: spec.default_item_group.clone(),
        ad_hoc_item: exact.ad_hoc_item.clone(),
        entry_fields: spec.invoices.fields.iter().map(|(name, field)| (entry_property(*name), field.clone())).collect(),
        revenue: scope.rules.iter().filter_map(|rule| rule::for_entity(rule, &mapping.name(), findings)).collect(),
    }
}

fn entry_property(property: EntryProperty) -> rulebook::EntryProperty {
    use rulebook::EntryProperty as Rule;
    match property {
        EntryProperty::Description => Rule::Description,
        EntryProperty::ExternalLinkDescription => Rule::ExternalLinkDescription,
        EntryProperty::ExternalLinkReference => Rule::ExternalLinkReference,
        EntryProperty::Notes => Rule::Notes,
        EntryProperty::OrderNumber => Rule::OrderNumber,
        EntryProperty::PaymentReference => Rule::PaymentReference,
    }
}

fn policies(spec: &policies::Policies) -> rulebook::Policies {
    rulebook::Policies {
        deferred_revenue: spec.deferred_revenue.is_enabled(),
        deferral_beyond_periods: match spec.deferral_beyond_periods {
            policies::DeferralBeyondPeriods::Hold => rulebook::DeferralBeyondPeriods::Hold,
            policies::DeferralBeyondPeriods::NotDeferred => rulebook::DeferralBeyondPeriods::NotDeferred,
        },
        closed_period: match spec.closed_period {
            policies::ClosedPeriod::MoveToOpenPeriod => ClosedPeriodPolicy::MoveToOpenPeriod,
            policies::ClosedPeriod::Hold => ClosedPeriodPolicy::Hold,
        },
        deferral_method: match spec.deferral_method {
            policies::DeferralMethod::PerPeriod => rulebook::DeferralMethod::PerPeriod,
            policies::DeferralMethod::ByDay => rulebook::DeferralMethod::ByDay,
        },
        credit_note_deferral: match spec.credit_note_deferral {
            policies::CreditNoteDeferral::FollowInvoice => rulebook::CreditNoteDeferral::FollowInvoice,
            policies::CreditNoteDeferral::AsIssued => rulebook::CreditNoteDeferral::AsIssued,
        },
    }
}

/// Closed periods are looked up by journal: without the journal of the deferral entries, revenue could not be moved (E19).
fn deferral_journal_is_named(
    scope: &Scope,
    mapping: &Located<EntityMapping>,
    exact: &ExactEntity,
    findings: &mut Findings,
) {
    let deferred = scope.connection.object.spec.policies.deferred_revenue.is_enabled();
    if deferred && exact.deferral_journal.is_none() {
        let message = format!("{} defers revenue, and deferralJournal is missing", scope.connection.described());
        let remedy = "name the general journal of the deferral entries, or set policies.deferredRevenue of the connection to Disabled";
        findings.push(mapping.error(
            Reason::DeferralNotConfigured,
            "spec.exactOnline.deferralJournal",
            message,
            remedy,
        ));
    }
}

/// Tables without a row hold every document that needs one; that is no mistake in itself and hardly ever meant.
fn warn_of_gaps(mapping: &Located<EntityMapping>, findings: &mut Findings) {
    let spec = &mapping.object.spec;
    if spec.vat.is_empty() {
        let (message, remedy) = ("no row says which VAT code a line gets: every document is held", "add rows to vat");
        findings.push(mapping.warning(Reason::VatCodeUnmapped, "spec.vat", message, remedy));
    }
    if spec.payment_terms.is_empty() {
        let message = "no row says which payment condition net terms become: every document is held";
        findings.push(mapping.warning(
            Reason::PaymentTermUnmapped,
            "spec.paymentTerms",
            message,
            "add rows to paymentTerms",
        ));
    }
}

fn vat(mapping: &Located<EntityMapping>, findings: &mut Findings) -> Vec<VatRule> {
    let rows = mapping.object.spec.vat.iter().enumerate();
    rows.map(|(index, row)| vat_rule(mapping, index, row, findings)).collect()
}

fn vat_rule(mapping: &Located<EntityMapping>, index: usize, row: &VatRow, findings: &mut Findings) -> VatRule {
    let nothing = VatWhen::default();
    let when = row.when.as_ref().unwrap_or(&nothing);
    let field = format!("spec.vat[{index}].when");
    country_exists(mapping, &format!("{field}.country"), when.country.as_deref(), findings);
    let rate = when.rate.as_ref().and_then(|rate| {
        let percent = percent(rate);
        if percent.is_none() {
            let message = "rate is no percentage from 0 to 100";
            findings.push(mapping.error(Reason::InvalidSpec, &format!("{field}.rate"), message, "for example: 21"));
        }
        percent
    });
    VatRule {
        index,
        when: rulebook::VatWhen {
            country: when.country.clone(),
            region: when.region.map(region),
            customer_type: when.customer_type.map(customer_type),
            rate,
            exempt_reason: when.exempt_reason.map(exempt_reason),
            supply: when.supply.map(supply),
        },
        code: row.code.clone(),
    }
}

/// A percentage from 0 to 100.
pub fn percent(rate: &IntOrString) -> Option<Decimal> {
    let rate = match rate {
        IntOrString::Int(number) => Decimal::from(*number),
        IntOrString::String(text) => Decimal::from_str(text).ok()?,
    };
    (Decimal::ZERO <= rate && rate <= Decimal::ONE_HUNDRED).then(|| rate.normalize())
}

fn region(region: mapping_rows::Region) -> Region {
    match region {
        mapping_rows::Region::Domestic => Region::Domestic,
        mapping_rows::Region::Eu => Region::Eu,
        mapping_rows::Region::NonEu => Region::NonEu,
    }
}

fn customer_type(customer_type: mapping_rows::CustomerType) -> CustomerType {
    match customer_type {
        mapping_rows::CustomerType::Business => CustomerType::Business,
        mapping_rows::CustomerType::Consumer => CustomerType::Consumer,
    }
}

fn family_supply(rows: &[mapping_rows::ItemGroupRow]) -> BTreeMap<String, Supply> {
    rows.iter().filter_map(|row| Some((row.item_family.clone(), supply(row.supply?)))).collect()
}

fn supply(supply: mapping_rows::Supply) -> Supply {
    match supply {
        mapping_rows::Supply::Services => Supply::Services,
        mapping_rows::Supply::Goods => Supply::Goods,
    }
}

/// In the words of the domain; two that it has no word for go by the vendor's spelling.
fn exempt_reason(reason: ExemptReason) -> invoice::ExemptReason {
    use invoice::ExemptReason as Domain;
    match reason {
        ExemptReason::ReverseCharge => Domain::ReverseCharge,
        ExemptReason::Export => Domain::Export,
        ExemptReason::CustomerExempt => Domain::CustomerExempt,
        ExemptReason::ProductExempt => Domain::ProductExempt,
        ExemptReason::ZeroRated => Domain::ZeroRated,
        ExemptReason::RegionNonTaxable => Domain::RegionNonTaxable,
        ExemptReason::TaxNotConfigured => Domain::TaxNotConfigured,
        ExemptReason::ZeroValueItem => Domain::ZeroValueItem,
        ExemptReason::TaxNotConfiguredExternalProvider => {
            Domain::Other("tax_not_configured_external_provider".to_owned())
        }
        ExemptReason::HighValuePhysicalGoods => Domain::Other("high_value_physical_goods".to_owned()),
    }
}

fn payment_terms(mapping: &Located<EntityMapping>) -> Vec<PaymentTermRule> {
    let rows = mapping.object.spec.payment_terms.iter().enumerate();
    rows.map(|(index, row)| PaymentTermRule {
        index,
        net_term_days: row.net_term_days,
        payment_condition: row.payment_condition.clone(),
    })
    .collect()
}

fn dimensions(
    mapping: &Located<EntityMapping>,
    table: &str,
    rows: &[DimensionRow],
    findings: &mut Findings,
) -> Vec<DimensionRule> {
    let mut rules = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let field = format!("spec.{table}[{index}]");
        country_exists(mapping, &format!("{field}.country"), row.country.as_deref(), findings);
        rules.push(DimensionRule {
            index,
            country: row.country.clone(),
            item_family: row.item_family.clone(),
            // The schema keeps years between 2000 and 2199.
            year: row.year.and_then(|year| i16::try_from(year).ok()),
            code: row.code.clone(),
        });
    }
    rules
}

fn country_exists(mapping: &Located<EntityMapping>, field: &str, code: Option<&str>, findings: &mut Findings) {
    if let Some(Err((message, remedy))) = code.map(codes::country) {
        findings.push(mapping.error(Reason::InvalidSpec, field, message, remedy));
    }
}

fn customers(scope: &Scope, mapping: &Located<EntityMapping>) -> CustomerRules {
    let spec = &mapping.object.spec.customers;
    CustomerRules {
        match_by: spec.match_by.clone(),
        pointer_field: spec.pointer_field.clone(),
        chamber_of_commerce_field: spec.chamber_of_commerce_field.clone(),
        fields: spec.fields.clone(),
        unmatched: scope.connection.object.spec.policies.unmatched_customer,
    }
}
