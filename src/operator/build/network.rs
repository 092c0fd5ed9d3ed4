//! A NetworkPolicy for a worker: nobody calls it, and it calls DNS, the API server and the vendors.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPort, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use url::Url;

use super::Plan;
use crate::operator::names;

const DNS: u16 = 53;
/// Where the public cloud's Entra ID answers.
const HTTPS: u16 = 443;

pub fn policy(plan: &Plan<'_>) -> NetworkPolicy {
    let connection = plan.connection();
    let selected = [(names::CONNECTION_LABEL.to_owned(), connection.clone())];
    NetworkPolicy {
        metadata: plan.owned(names::child(&connection)),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector { match_labels: Some(selected.into()), ..LabelSelector::default() }),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            egress: Some(vec![NetworkPolicyEgressRule {
                ports: Some(ports(plan)),
                ..NetworkPolicyEgressRule::default()
            }]),
            ..NetworkPolicySpec::default()
        }),
    }
}

/// Ports, since the vendors' addresses change: those of DNS, the API server, the vendors as the manifest has them, a proxy
/// and PostgreSQL.
fn ports(plan: &Plan<'_>) -> Vec<NetworkPolicyPort> {
    let defaults = &plan.defaults.network_policy;
    let proxy = plan.proxy();
    let proxies = [&proxy.http, &proxy.https];
    let proxies = proxies.into_iter().filter_map(|text| Url::parse(text).ok());
    let vendors = plan.validated.addresses().into_iter().cloned();
    let mut tcp: Vec<u16> = vendors.chain(proxies).filter_map(|url| url.port_or_known_default()).collect();
    tcp.push(DNS);
    tcp.extend(plan.validated.crm().filter(|crm| crm.access.authority_url.is_none()).map(|_| HTTPS));
    tcp.extend(&defaults.api_server_ports);
    if plan.postgres().is_some() {
        tcp.extend(&defaults.postgres_ports);
    }
    tcp.sort_unstable();
    tcp.dedup();
    std::iter::once(port("UDP", DNS)).chain(tcp.into_iter().map(|number| port("TCP", number))).collect()
}

fn port(protocol: &str, number: u16) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(i32::from(number))),
        ..NetworkPolicyPort::default()
    }
}
