//! The target Exact Online of one connection, with its entities.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret;
use url::Url;

use super::connection::{address, date};
use super::secrets::{self, EXACT_KEYS};
use super::typed::{ExactAccess, ValidatedExact, ValidatedFlows};
use super::{Scope, entity};
use crate::api::conditions::Reason;
use crate::api::connection::SyncConnectionSpec;
use crate::api::endpoints::ExactOnline;
use crate::api::finding::Findings;
use crate::api::flows::DocumentFlow;

/// The target of a scope, or findings.
pub fn validate(
    scope: &Scope,
    time_zone: Option<&TimeZone>,
    start_date: Option<Date>,
    findings: &mut Findings,
) -> Option<ValidatedExact> {
    let spec = &scope.connection.object.spec;
    let flows = flows(scope, start_date, findings);
    let access = spec.exact_online.as_ref().map(|exact| exact_access(scope, exact, findings));
    limit_flows(scope, findings);
    let basis = entity::Basis {
        time_zone: time_zone.cloned()?,
        start_date: flows.and_then(|flows| flows.invoices).or(start_date)?,
        flows: flows?,
    };
    let entities: Option<Vec<_>> =
        scope.mappings.iter().map(|mapping| entity::validate(scope, mapping, &basis, findings)).collect();
    Some(ValidatedExact { access: access??, flows: flows?, policies: spec.policies.clone(), entities: entities? })
}

fn flows(scope: &Scope, start_date: Option<Date>, findings: &mut Findings) -> Option<ValidatedFlows> {
    let flows = &scope.connection.object.spec.flows;
    let own = flows.invoices.start_date.as_deref();
    let from = own.map_or(start_date, |text| date(scope, "spec.flows.invoices.startDate", text, findings))?;
    let notes_from = flow_start(scope, "creditNotes", &flows.credit_notes, start_date, findings)?;
    let payments = flow_start(scope, "paymentsToExact", &flows.payments_to_exact, start_date, findings)?;
    let receipts = flow_start(scope, "paymentsToChargebee", &flows.payments_to_chargebee, start_date, findings)?;
    Some(ValidatedFlows {
        catalogue: flows.catalogue.enabled,
        customers: flows.customers.enabled,
        invoices: flows.invoices.enabled.then_some(from),
        book_as: flows.invoices.book_as,
        attach_pdf: flows.invoices.attach_pdf,
        credit_notes: flows.credit_notes.enabled.then_some(notes_from),
        payments_to_exact: flows.payments_to_exact.enabled.then_some(payments),
        payments_to_chargebee: flows.payments_to_chargebee.enabled.then_some(receipts),
    })
}

/// First day of a flow: its own, else the connection's.
fn flow_start(
    scope: &Scope,
    name: &str,
    flow: &DocumentFlow,
    start_date: Option<Date>,
    findings: &mut Findings,
) -> Option<Date> {
    match flow.start_date.as_deref() {
        Some(text) => date(scope, &format!("spec.flows.{name}.startDate"), text, findings),
        None => start_date,
    }
}

fn exact_access(scope: &Scope, spec: &ExactOnline, findings: &mut Findings) -> Option<ExactAccess> {
    let base_url = match (&spec.url, spec.country) {
        (Some(url), _) => address(scope, "spec.exactOnline.url", url, findings),
        (None, country) => country.and_then(|country| Url::parse(country.url()).ok()),
    };
    let secret_name = spec.credentials_secret_ref.name.clone();
    let field = "spec.exactOnline.credentialsSecretRef";
    let [client_id, client_secret, first_refresh_token] =
        secrets::read(scope, field, &secret_name, EXACT_KEYS, findings)?;
    let client_id = client_id.expose_secret().to_owned();
    Some(ExactAccess { base_url: base_url?, client_id, client_secret, first_refresh_token, secret_name })
}

/// The API server refuses such an object already; one that it holds from before says so on itself.
fn limit_flows(scope: &Scope, findings: &mut Findings) {
    let SyncConnectionSpec { edition: Some(edition), flows, .. } = &scope.connection.object.spec else { return };
    if edition.has_payments() {
        return;
    }
    for (flow, field, to) in [
        (&flows.payments_to_exact, "spec.flows.paymentsToExact.enabled", "Exact"),
        (&flows.payments_to_chargebee, "spec.flows.paymentsToChargebee.enabled", "Chargebee"),
    ] {
        if flow.enabled {
            let message = format!("edition {edition} has no payments to {to}");
            let remedy = "turn the flow off, or choose edition Scale or Enterprise, or none";
            findings.push(scope.connection.error(Reason::FlowNotInEdition, field, message, remedy));
        }
    }
}
