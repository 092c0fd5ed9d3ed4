//! The worker's own identity as a way to sign in to Dynamics 365: a token of its ServiceAccount that Entra ID takes
//! (dynamics365.md §1.3). It is projected here, so that no webhook of the cluster is needed; name, path and variables are
//! such that one which works all the same puts nothing in their place.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    EnvVar, ProjectedVolumeSource, ServiceAccountTokenProjection, Volume, VolumeMount, VolumeProjection,
};

use super::Plan;
use crate::api::validate::{CrmAccess, CrmCredential};
use crate::sync::TOKEN_FILE;

/// For whom the token is, as Entra ID expects it.
const AUDIENCE: &str = "api://AzureADTokenExchange";
/// How long a token lasts; the kubelet renews it well before.
const EXPIRATION_SECONDS: i64 = 3600;
const VOLUME: &str = "entra-token";
const MOUNT_PATH: &str = "/var/run/secrets/koppel.dev/entra";
const FILE: &str = "token";

/// Where a connection signs in, if it does so by the identity of its pod.
fn access<'a>(plan: &Plan<'a>) -> Option<&'a CrmAccess> {
    let access = &plan.validated.crm()?.access;
    matches!(access.credential, CrmCredential::WorkloadIdentity).then_some(access)
}

/// The volume in which the kubelet keeps the token new.
pub fn volume(plan: &Plan<'_>) -> Option<Volume> {
    let token = ServiceAccountTokenProjection {
        audience: Some(AUDIENCE.to_owned()),
        expiration_seconds: Some(EXPIRATION_SECONDS),
        path: FILE.to_owned(),
        ..ServiceAccountTokenProjection::default()
    };
    let source = VolumeProjection { service_account_token: Some(token), ..VolumeProjection::default() };
    access(plan).map(|_| Volume {
        name: VOLUME.to_owned(),
        projected: Some(ProjectedVolumeSource { sources: Some(vec![source]), ..ProjectedVolumeSource::default() }),
        ..Volume::default()
    })
}

/// Where the container finds it.
pub fn mount(plan: &Plan<'_>) -> Option<VolumeMount> {
    access(plan).map(|_| VolumeMount {
        name: VOLUME.to_owned(),
        mount_path: MOUNT_PATH.to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    })
}

/// The variables by which Microsoft's own programs find the same.
pub fn variables(plan: &Plan<'_>) -> Vec<EnvVar> {
    let Some(access) = access(plan) else { return Vec::new() };
    let authority = access.authority_url.as_ref().map(ToString::to_string);
    let variables = [
        (TOKEN_FILE, Some(format!("{MOUNT_PATH}/{FILE}"))),
        ("AZURE_CLIENT_ID", Some(access.client_id.clone())),
        ("AZURE_TENANT_ID", Some(access.tenant_id.clone())),
        ("AZURE_AUTHORITY_HOST", authority),
    ];
    let given = variables.into_iter().filter(|(_, value)| value.is_some());
    given.map(|(name, value)| EnvVar { name: name.to_owned(), value, ..EnvVar::default() }).collect()
}

/// What the ServiceAccount says of it, for people and for tools of the cluster.
pub fn annotations(plan: &Plan<'_>) -> BTreeMap<String, String> {
    let Some(access) = access(plan) else { return BTreeMap::new() };
    [("client-id", &access.client_id), ("tenant-id", &access.tenant_id)]
        .map(|(name, value)| (format!("azure.workload.identity/{name}"), value.clone()))
        .into()
}
