//! A NetworkPolicy for a worker: nobody calls it, and it calls DNS, the API server and the vendors.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPort, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use url::Url;

use super::Plan;
use crate::operator::names;

const DNS: i32 = 53;
const HTTPS: i32 = 443;
/// Where an API server listens that is reached by its own address.
const API_SERVER: i32 = 6443;
const POSTGRES: i32 = 5432;

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
    let proxy = plan.proxy();
    let proxies = [&proxy.http, &proxy.https];
    let proxies = proxies.into_iter().filter_map(|text| Url::parse(text).ok());
    let vendors = [plan.validated.chargebee.base_url.clone(), plan.validated.exact.base_url.clone()];
    let mut tcp: Vec<i32> =
        vendors.into_iter().chain(proxies).filter_map(|url| url.port_or_known_default()).map(i32::from).collect();
    tcp.extend([DNS, HTTPS, API_SERVER]);
    tcp.extend(plan.postgres().map(|_| POSTGRES));
    tcp.sort_unstable();
    tcp.dedup();
    let port = |protocol: &str, number| NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(number)),
        ..NetworkPolicyPort::default()
    };
    std::iter::once(port("UDP", DNS)).chain(tcp.into_iter().map(|number| port("TCP", number))).collect()
}
