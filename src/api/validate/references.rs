//! What objects say about each other: references that lead nowhere, and objects that claim the same thing.

use std::collections::BTreeMap;

use super::is_broken;
use crate::api::common::ObjectRef;
use crate::api::conditions::Reason;
use crate::api::dynamics365::Dynamics365;
use crate::api::finding::{Finding, Findings};
use crate::api::manifest::{Key, Located, Manifests};
use crate::api::{EntityMapping, RevenueRule, SyncConnection};

/// Checks everything that one object alone cannot be wrong in. The finding is on the object that is wrong; where two claim
/// the same thing, on both.
pub fn check(manifests: &Manifests, findings: &mut Findings) {
    for mapping in &manifests.mappings {
        check_mapping(manifests, mapping, findings);
    }
    for rule in &manifests.rules {
        check_rule(manifests, rule, findings);
    }
    for connection in &manifests.connections {
        check_connection(manifests, connection, findings);
    }
    entities_are_mapped_once(manifests, findings);
    credentials_are_not_shared(manifests, findings);
    nothing_is_booked_twice(manifests, findings);
    no_table_has_two_writers(manifests, findings);
    nothing_comes_back_twice(manifests, findings);
}

fn find_connection<'a>(manifests: &'a Manifests, key: &Key) -> Option<&'a Located<SyncConnection>> {
    manifests.connections.iter().find(|connection| connection.key() == *key)
}

/// The connection that an object refers to, or a finding from `unknown` where there is none. One that is there and wrong in
/// itself is not reported once more.
fn resolve<'a>(
    manifests: &'a Manifests,
    namespace: String,
    to: &ObjectRef,
    unknown: impl FnOnce(String, String) -> Finding,
    findings: &mut Findings,
) -> Option<&'a Located<SyncConnection>> {
    let key = (namespace, to.name.clone());
    let found = find_connection(manifests, &key);
    if found.is_none() && !is_broken(manifests, "SyncConnection", &key) {
        let names = manifests.connections.iter().filter(|one| one.namespace() == key.0).map(Located::name);
        let remedy = did_you_mean(&key.1, &names.collect::<Vec<_>>());
        findings.push(unknown(format!("there is no SyncConnection {}/{}", key.0, key.1), remedy));
    }
    found
}

fn did_you_mean(name: &str, known: &[String]) -> String {
    match crate::api::schema::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => "add it; references do not cross namespaces".to_owned(),
        None => format!("this namespace has: {}", known.join(", ")),
    }
}

fn check_mapping(manifests: &Manifests, mapping: &Located<EntityMapping>, findings: &mut Findings) {
    let unknown =
        |message, remedy| mapping.error(Reason::ReferenceNotFound, "spec.connectionRef.name", message, remedy);
    let to = &mapping.object.spec.connection_ref;
    let Some(connection) = resolve(manifests, mapping.namespace(), to, unknown, findings) else { return };
    let (exact, crm) = (&connection.object.spec.exact_online, &connection.object.spec.dynamics365);
    let (wanted, field) = match (exact, crm) {
        (Some(_), _) if mapping.object.spec.exact_online.is_none() => ("exactOnline", "spec.dynamics365"),
        (_, Some(_)) if mapping.object.spec.dynamics365.is_none() => ("dynamics365", "spec.exactOnline"),
        _ => return,
    };
    let message = format!("{} has the target {wanted}, and this mapping another one", connection.described());
    findings.push(mapping.error(Reason::InvalidSpec, field, message, format!("give {wanted} instead")));
}

fn check_rule(manifests: &Manifests, rule: &Located<RevenueRule>, findings: &mut Findings) {
    let unknown = |message, remedy| rule.error(Reason::ReferenceNotFound, "spec.connectionRef.name", message, remedy);
    let to = &rule.object.spec.connection_ref;
    let found = resolve(manifests, rule.namespace(), to, unknown, findings);
    if let Some(connection) = found.filter(|connection| connection.object.spec.dynamics365.is_some()) {
        let message = format!(
            "{} has the target dynamics365, where nothing is booked: the rule has no effect",
            connection.described()
        );
        let remedy = "remove it, or refer to a connection to Exact Online";
        findings.push(rule.warning(Reason::InvalidSpec, "spec.connectionRef.name", message, remedy));
    }
    for (index, mapping) in rule.object.spec.entity_mapping_refs.iter().enumerate() {
        check_rule_mapping(manifests, rule, index, mapping, findings);
    }
}

fn check_rule_mapping(
    manifests: &Manifests,
    rule: &Located<RevenueRule>,
    index: usize,
    to: &ObjectRef,
    findings: &mut Findings,
) {
    let field = format!("spec.entityMappingRefs[{index}].name");
    let key = (rule.namespace(), to.name.clone());
    let connection = &rule.object.spec.connection_ref.name;
    match manifests.mappings.iter().find(|mapping| mapping.key() == key) {
        Some(mapping) if mapping.object.spec.connection_ref.name != *connection => {
            let message = format!("{} belongs to another connection than this rule", mapping.described());
            let remedy = format!("refer to mappings of SyncConnection {connection} only");
            findings.push(rule.error(Reason::ReferenceNotFound, &field, message, remedy));
        }
        None if !is_broken(manifests, "EntityMapping", &key) => {
            let names = manifests.mappings.iter().filter(|one| one.namespace() == key.0).map(Located::name);
            let remedy = did_you_mean(&key.1, &names.collect::<Vec<_>>());
            let message = format!("there is no EntityMapping {}/{}", key.0, key.1);
            findings.push(rule.error(Reason::ReferenceNotFound, &field, message, remedy));
        }
        _ => {}
    }
}

fn check_connection(manifests: &Manifests, connection: &Located<SyncConnection>, findings: &mut Findings) {
    let key = connection.key();
    let refers = |mapping: &Located<EntityMapping>| {
        mapping.namespace() == key.0 && mapping.object.spec.connection_ref.name == key.1
    };
    let some_are_broken = manifests.broken.iter().any(|one| one.kind == "EntityMapping" && one.concerns(&key));
    if !manifests.mappings.iter().any(refers) && !some_are_broken {
        let (what, with) = match connection.object.spec.dynamics365 {
            Some(_) => ("carried over", "dynamics365: {}"),
            None => ("booked", "the division"),
        };
        let message = format!("no EntityMapping refers to this connection: nothing can be {what}");
        let remedy = format!("add an EntityMapping with connectionRef name {} and {with}", key.1);
        findings.push(connection.error(Reason::EntityMappingMissing, "", message, remedy));
    }
}

/// Objects by what they claim; where several claim the same, each of them is told of the others.
fn claims<'a, T, K: Ord>(
    objects: impl Iterator<Item = &'a Located<T>>,
    claim: impl Fn(&Located<T>) -> Option<K>,
    mut conflict: impl FnMut(&Located<T>, &K, String),
) where
    T: kube::Resource<DynamicType = ()> + 'a,
{
    let mut by_claim: BTreeMap<K, Vec<&Located<T>>> = BTreeMap::new();
    for object in objects {
        if let Some(claim) = claim(object) {
            by_claim.entry(claim).or_default().push(object);
        }
    }
    for (claim, holders) in by_claim.iter().filter(|(_, holders)| holders.len() > 1) {
        for holder in holders {
            let others = holders.iter().filter(|other| other.key() != holder.key()).map(|other| other.described());
            conflict(holder, claim, others.collect::<Vec<_>>().join(", "));
        }
    }
}

fn entities_are_mapped_once(manifests: &Manifests, findings: &mut Findings) {
    let claim = |mapping: &Located<EntityMapping>| {
        let spec = &mapping.object.spec;
        Some((mapping.namespace(), spec.connection_ref.name.clone(), spec.business_entity_id.clone()))
    };
    claims(manifests.mappings.iter(), claim, |mapping, (_, _, entity), others| {
        let (what, remedy) = match entity {
            Some(entity) => (format!("business entity {entity:?}"), "keep one mapping for it"),
            None => ("the default entity".to_owned(), "give all but one a businessEntityId"),
        };
        let message = format!("{what} of the connection is mapped by {others} too");
        findings.push(mapping.error(Reason::Duplicate, "spec.businessEntityId", message, remedy));
    });
}

/// Exact's refresh tokens are for one use: two connections on one set would take each other's (design §3).
fn credentials_are_not_shared(manifests: &Manifests, findings: &mut Findings) {
    let claim = |connection: &Located<SyncConnection>| {
        let exact = connection.object.spec.exact_online.as_ref()?;
        Some((connection.namespace(), exact.credentials_secret_ref.name.clone()))
    };
    claims(manifests.connections.iter(), claim, |connection, (_, secret), others| {
        let message = format!("Secret {secret} is used by {others} too, and Exact's refresh tokens are for one use");
        let remedy = "give each connection a Secret and a consent of its own (koppel authorize)";
        let field = "spec.exactOnline.credentialsSecretRef.name";
        findings.push(connection.error(Reason::CredentialsShared, field, message, remedy));
    });
}

/// Two connections that carry the same entity of a site into the same administration would book everything twice (I1).
fn nothing_is_booked_twice(manifests: &Manifests, findings: &mut Findings) {
    let claim = |mapping: &Located<EntityMapping>| {
        let spec = &mapping.object.spec;
        let key = (mapping.namespace(), spec.connection_ref.name.clone());
        let site = find_connection(manifests, &key)?.object.spec.chargebee.site.clone();
        Some((site, spec.business_entity_id.clone(), spec.exact_online.as_ref()?.division))
    };
    let mut conflicts = Vec::new();
    claims(manifests.mappings.iter(), claim, |mapping, (site, _, division), others| {
        let message = format!("{others} carries the same entity of Chargebee site {site} into division {division} too");
        let remedy = "keep one of them: each invoice would be booked twice";
        let finding = mapping.error(Reason::Duplicate, "spec.exactOnline.division", message, remedy);
        conflicts.push((mapping.key(), finding));
    });
    between_connections(manifests, conflicts, findings);
}

/// Two connections that keep the same entity of a site in the same tables would undo each other's rows. A site may go to
/// several organizations, and to Exact Online as well (C8).
fn no_table_has_two_writers(manifests: &Manifests, findings: &mut Findings) {
    let claim = |mapping: &Located<EntityMapping>| {
        let spec = &mapping.object.spec;
        let connection = find_connection(manifests, &(mapping.namespace(), spec.connection_ref.name.clone()))?;
        let crm = connection.object.spec.dynamics365.as_ref()?;
        let site = connection.object.spec.chargebee.site.clone();
        Some((site, spec.business_entity_id.clone(), organization(crm), crm.schema_prefix.clone()))
    };
    let mut conflicts = Vec::new();
    claims(manifests.mappings.iter(), claim, |mapping, (site, _, organization, prefix), others| {
        let message = format!(
            "{others} carries the same entity of Chargebee site {site} into the tables {prefix} of {organization} too"
        );
        let remedy = "keep one of them: each would undo the other's rows";
        conflicts.push((mapping.key(), mapping.error(Reason::Duplicate, "spec.connectionRef.name", message, remedy)));
    });
    between_connections(manifests, conflicts, findings);
}

/// Two connections that bring what one organization has to the same site would make two customers of each account (C26).
fn nothing_comes_back_twice(manifests: &Manifests, findings: &mut Findings) {
    let claim = |connection: &Located<SyncConnection>| {
        let spec = &connection.object.spec;
        let crm = spec.dynamics365.as_ref()?;
        let flows = &crm.flows;
        let makes = [
            &flows.accounts_to_chargebee.enabled,
            &flows.contacts_to_chargebee.enabled,
            &flows.quotes_to_chargebee.enabled,
        ];
        makes.contains(&&true).then(|| (spec.chargebee.site.clone(), organization(crm)))
    };
    claims(manifests.connections.iter(), claim, |connection, (site, organization), others| {
        let message =
            format!("{others} brings accounts, contacts or quotes of {organization} to Chargebee site {site} too");
        let remedy = "turn the flows to Chargebee off in all but one: each account would become two customers";
        findings.push(connection.error(Reason::Duplicate, "spec.dynamics365.flows", message, remedy));
    });
}

/// An organization by its address, however that is written.
fn organization(crm: &Dynamics365) -> String {
    crm.organization_url.trim_end_matches('/').to_lowercase()
}

/// Tells conflicts of mappings, unless they all belong to one connection: those have been told already.
fn between_connections(manifests: &Manifests, conflicts: Vec<(Key, Finding)>, findings: &mut Findings) {
    let connection_of = |key: &Key| {
        let mapping = manifests.mappings.iter().find(|mapping| mapping.key() == *key);
        mapping.map(|mapping| (key.0.clone(), mapping.object.spec.connection_ref.name.clone()))
    };
    let connections: std::collections::BTreeSet<_> = conflicts.iter().map(|(key, _)| connection_of(key)).collect();
    if connections.len() > 1 {
        conflicts.into_iter().for_each(|(_, finding)| findings.push(finding));
    }
}
