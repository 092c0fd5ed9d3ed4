//! One connection with its entities.

use jiff::SignedDuration;
use jiff::civil::Date;
use secrecy::ExposeSecret;
use url::Url;

use super::secrets::{self, EXACT_KEYS};
use super::typed::{Cadence, ChargebeeAccess, ExactAccess, ValidatedConnection, ValidatedFlows};
use super::{Scope, entity, not_yet, times};
use crate::api::conditions::Reason;
use crate::api::connection::SyncConnectionSpec;
use crate::api::endpoints::ExactOnline;
use crate::api::finding::Findings;
use crate::api::flows::DocumentFlow;

/// Time between the starts of two runs where the connection says nothing.
const DEFAULT_INTERVAL: SignedDuration = SignedDuration::from_mins(15);

/// The connection of a scope, or findings; both where something is only worth knowing.
pub fn validate(scope: &Scope, findings: &mut Findings) -> Option<ValidatedConnection> {
    not_yet::check(scope, findings);
    let spec = &scope.connection.object.spec;
    let time_zone = time_zone(scope, findings);
    let start_date = date(scope, "spec.startDate", &spec.start_date, findings);
    let cadence = cadence(scope, findings);
    let timeout = duration(scope, "spec.timeout", &spec.timeout, findings);
    let flows = flows(scope, start_date, findings);
    let chargebee = chargebee(scope, findings);
    let exact = spec.exact_online.as_ref().map(|exact| exact_access(scope, exact, findings));
    limit_entities(scope, findings);
    limit_flows(scope, findings);
    let basis = entity::Basis {
        time_zone: time_zone.clone()?,
        start_date: flows.and_then(|flows| flows.invoices).or(start_date)?,
        flows: flows?,
    };
    let entities: Option<Vec<_>> =
        scope.mappings.iter().map(|mapping| entity::validate(scope, mapping, &basis, findings)).collect();
    Some(ValidatedConnection {
        namespace: scope.connection.namespace(),
        name: scope.connection.name(),
        generation: scope.connection.object.metadata.generation.unwrap_or_default(),
        suspended: spec.suspend,
        mode: spec.mode,
        time_zone: time_zone?,
        start_date: start_date?,
        cadence: cadence?,
        timeout: timeout?,
        chargebee: chargebee?,
        exact: exact??,
        flows: flows?,
        policies: spec.policies.clone(),
        entities: entities?,
    })
}

/// The value, or a finding about the field that it comes from.
fn or_finding<T>(
    scope: &Scope,
    field: &str,
    result: Result<T, (String, String)>,
    findings: &mut Findings,
) -> Option<T> {
    result
        .map_err(|(message, remedy)| {
            findings.push(scope.connection.error(Reason::InvalidSpec, field, message, remedy));
        })
        .ok()
}

pub(super) fn time_zone(scope: &Scope, findings: &mut Findings) -> Option<jiff::tz::TimeZone> {
    or_finding(scope, "spec.timeZone", times::time_zone(&scope.connection.object.spec.time_zone), findings)
}

pub(super) fn date(scope: &Scope, field: &str, text: &str, findings: &mut Findings) -> Option<Date> {
    let date = times::date(text).map_err(|message| (message, "write it like \"2026-07-01\"".to_owned()));
    or_finding(scope, field, date, findings)
}

pub(super) fn duration(scope: &Scope, field: &str, text: &str, findings: &mut Findings) -> Option<SignedDuration> {
    let duration = times::duration(text).map_err(|message| (message, "write it like 15m or 1h30m".to_owned()));
    or_finding(scope, field, duration, findings)
}

pub(super) fn cadence(scope: &Scope, findings: &mut Findings) -> Option<Cadence> {
    let spec = &scope.connection.object.spec;
    match (&spec.interval, &spec.schedule) {
        (_, Some(schedule)) => {
            let remedy = "write minute, hour, day of the month, month and day of the week, such as */15 6-22 * * *";
            let cron = times::schedule(schedule).map_err(|message| (message, remedy.to_owned()));
            or_finding(scope, "spec.schedule", cron, findings).map(|cron| Cadence::Cron(Box::new(cron)))
        }
        (Some(interval), None) => duration(scope, "spec.interval", interval, findings).map(Cadence::Every),
        (None, None) => Some(Cadence::Every(DEFAULT_INTERVAL)),
    }
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

pub(super) fn chargebee(scope: &Scope, findings: &mut Findings) -> Option<ChargebeeAccess> {
    let spec = &scope.connection.object.spec.chargebee;
    let own = format!("https://{}.chargebee.com", spec.site);
    let base_url = address(scope, "spec.chargebee.url", spec.url.as_deref().unwrap_or(&own), findings);
    let secret = &spec.api_key_secret_ref;
    let [api_key] = secrets::read(scope, "spec.chargebee.apiKeySecretRef", &secret.name, [&secret.key], findings)?;
    Some(ChargebeeAccess { site: spec.site.clone(), base_url: base_url?, api_key })
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

/// An address without credentials in it; one that is not encrypted and leaves this machine is worth a warning.
pub(super) fn address(scope: &Scope, field: &str, text: &str, findings: &mut Findings) -> Option<Url> {
    let url = Url::parse(text.trim_end_matches('/')).ok().filter(|url| url.host().is_some());
    let Some(url) = url else {
        let message = format!("{text:?} is no address");
        findings.push(scope.connection.error(Reason::InvalidSpec, field, message, "for example: https://example.com"));
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() {
        let message = "an address must not hold credentials";
        findings.push(scope.connection.error(Reason::InvalidSpec, field, message, "move them to the Secret"));
        return None;
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        let message = format!("{} is not encrypted: credentials and amounts can be read on the way", url.as_str());
        findings.push(scope.connection.warning(Reason::InvalidSpec, field, message, "use https://"));
    }
    Some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
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

pub(super) fn limit_entities(scope: &Scope, findings: &mut Findings) {
    let SyncConnectionSpec { edition: Some(edition), .. } = scope.connection.object.spec else { return };
    let (count, most) = (scope.mappings.len(), edition.max_entities());
    if count > most {
        let entities = if most == 1 { "entity" } else { "entities" };
        let message =
            format!("edition {edition} allows {most} {entities}, and {count} EntityMappings refer to the connection");
        let remedy = "remove EntityMappings, choose a larger edition, or none";
        findings.push(scope.connection.error(Reason::TooManyEntities, "spec.edition", message, remedy));
    }
}
