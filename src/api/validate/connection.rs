//! One connection: what is the same for every target.

use jiff::SignedDuration;
use jiff::civil::Date;
use url::Url;

use super::typed::{Cadence, ChargebeeAccess, ValidatedConnection, ValidatedTarget};
use super::{Scope, crm, exact, not_yet, secrets, times};
use crate::api::conditions::Reason;
use crate::api::connection::SyncConnectionSpec;
use crate::api::finding::Findings;

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
    let chargebee = chargebee(scope, findings);
    limit_entities(scope, findings);
    let target = match &spec.dynamics365 {
        Some(crm) => crm::validate(scope, crm, findings).map(|crm| ValidatedTarget::Dynamics365(Box::new(crm))),
        None => exact::validate(scope, time_zone.as_ref(), start_date, findings)
            .map(|exact| ValidatedTarget::ExactOnline(Box::new(exact))),
    };
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
        target: target?,
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

fn time_zone(scope: &Scope, findings: &mut Findings) -> Option<jiff::tz::TimeZone> {
    or_finding(scope, "spec.timeZone", times::time_zone(&scope.connection.object.spec.time_zone), findings)
}

pub(super) fn date(scope: &Scope, field: &str, text: &str, findings: &mut Findings) -> Option<Date> {
    let date = times::date(text).map_err(|message| (message, "write it like \"2026-07-01\"".to_owned()));
    or_finding(scope, field, date, findings)
}

fn duration(scope: &Scope, field: &str, text: &str, findings: &mut Findings) -> Option<SignedDuration> {
    let duration = times::duration(text).map_err(|message| (message, "write it like 15m or 1h30m".to_owned()));
    or_finding(scope, field, duration, findings)
}

fn cadence(scope: &Scope, findings: &mut Findings) -> Option<Cadence> {
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

fn chargebee(scope: &Scope, findings: &mut Findings) -> Option<ChargebeeAccess> {
    let spec = &scope.connection.object.spec.chargebee;
    let own = format!("https://{}.chargebee.com", spec.site);
    let base_url = address(scope, "spec.chargebee.url", spec.url.as_deref().unwrap_or(&own), findings);
    let secret = &spec.api_key_secret_ref;
    let [api_key] = secrets::read(scope, "spec.chargebee.apiKeySecretRef", &secret.name, [&secret.key], findings)?;
    Some(ChargebeeAccess { site: spec.site.clone(), base_url: base_url?, api_key })
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

fn limit_entities(scope: &Scope, findings: &mut Findings) {
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
