//! What a workload executor has left of a connection that the operator runs itself by now: its pods end first, and then
//! nothing stays that somebody could still act with. State, tokens and the Lease stay.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::Client;

use crate::operator::apply::{end, retire};
use crate::operator::error::OperatorResult;
use crate::operator::names;

/// Takes the workload away, and says whether a pod of it may be there still.
///
/// # Errors
/// The API server's.
pub async fn ends(client: &Client, namespace: &str, connection: &str) -> OperatorResult<bool> {
    let child = names::child(connection);
    let scheduled = end::<CronJob>(client, namespace, &child).await?;
    let continuous = end::<Deployment>(client, namespace, &child).await?;
    Ok(scheduled || continuous)
}

/// Takes away who the worker was and what it could do and reach. Not before it has ended: its last report needs them.
///
/// # Errors
/// The API server's.
pub async fn retire_access(client: &Client, namespace: &str, connection: &str) -> OperatorResult<()> {
    let child = names::child(connection);
    retire::<RoleBinding>(client, namespace, &child).await?;
    retire::<Role>(client, namespace, &child).await?;
    retire::<ServiceAccount>(client, namespace, &child).await?;
    retire::<NetworkPolicy>(client, namespace, &child).await?;
    Ok(())
}
