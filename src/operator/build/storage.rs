//! What outlives a connection: the volume with its state and the Secret with its tokens. Applied again under the same name,
//! it takes both up, books nothing twice and needs no new consent.

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, Secret, VolumeResourceRequirements,
};

use super::Plan;
use crate::operator::names;

/// The volume of the state. SQLite wants a block device that one node has for itself.
pub fn claim(plan: &Plan<'_>) -> PersistentVolumeClaim {
    let own = plan.object.spec.workload.storage.clone().unwrap_or_default();
    let defaults = &plan.defaults.storage;
    let size = own.size.unwrap_or_else(|| defaults.size.clone());
    let class = own.class_name.or_else(|| Some(defaults.class_name.clone()).filter(|name| !name.is_empty()));
    PersistentVolumeClaim {
        metadata: plan.retained(names::state_claim(&plan.connection())),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), size)].into()),
                ..VolumeResourceRequirements::default()
            }),
            storage_class_name: class,
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    }
}

/// The Secret of the rotated tokens, made empty: what is in it is the worker's (I7).
pub fn token_secret(plan: &Plan<'_>) -> Secret {
    Secret {
        metadata: plan.retained(names::token_secret(&plan.connection())),
        type_: Some("koppel.dev/exact-token".to_owned()),
        ..Secret::default()
    }
}
