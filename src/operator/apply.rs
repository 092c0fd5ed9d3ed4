//! Makes children what they are to be: each is looked at, and written only where it is not so already. A child that drifted is
//! put right; what others add beside what is ours is left alone.

use kube::api::{Api, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams};
use kube::{Client, Resource, ResourceExt};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

use super::build::{APPLIED, Child};
use super::error::{OperatorError, OperatorResult};
use super::names::OPERATOR;

/// What an applied child was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    Unchanged,
    Created,
    /// It had drifted, or is to be another one now.
    Changed,
    /// It is being deleted, and made anew once it is gone, which wakes the operator.
    Going,
}

/// Applies a child in `namespace`, by server-side apply as its only owner.
///
/// # Errors
/// The API server's, naming the child.
pub async fn apply(client: &Client, namespace: &str, child: &Child) -> OperatorResult<Applied> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &child.resource);
    let failed = |source| OperatorError::child("apply", child, namespace, source);
    let live = api.get_opt(&child.name).await.map_err(failed)?;
    let child = &live.as_ref().map_or_else(|| child.clone(), |live| as_can_be(live, child));
    let applied = match &live {
        None => Applied::Created,
        Some(live) if live.metadata.deletion_timestamp.is_some() => return Ok(Applied::Going),
        Some(live) if is_as_wanted(live, child) => return Ok(Applied::Unchanged),
        Some(_) => Applied::Changed,
    };
    let params = PatchParams::apply(OPERATOR).force();
    let now = api.patch(&child.name, &params, &Patch::Apply(&child.body)).await.map_err(failed)?;
    if !is_as_wanted(&now, child) {
        // An apply leaves what others have added to a list of ours, such as a container; a merge makes lists what they are to be.
        let params = PatchParams { field_manager: Some(OPERATOR.to_owned()), ..PatchParams::default() };
        api.patch(&child.name, &params, &Patch::Merge(&child.body)).await.map_err(failed)?;
    }
    Ok(applied)
}

/// Deletes an object after what belongs to it: who sees a Deployment gone knows that its pods have ended, which may take them
/// minutes. Says whether it is still there; its going wakes the operator.
///
/// # Errors
/// The API server's.
pub async fn end<K>(client: &Client, namespace: &str, name: &str) -> OperatorResult<bool>
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    end_if::<K>(client, namespace, name, |_| true).await
}

/// The same of an object that the operator has made. What somebody else has made under the name stays.
///
/// # Errors
/// The API server's.
pub async fn retire<K>(client: &Client, namespace: &str, name: &str) -> OperatorResult<bool>
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let is_ours =
        |live: &ObjectMeta| live.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(APPLIED));
    end_if::<K>(client, namespace, name, is_ours).await
}

async fn end_if<K>(
    client: &Client,
    namespace: &str,
    name: &str,
    is_meant: impl Fn(&ObjectMeta) -> bool,
) -> OperatorResult<bool>
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    // What is not there is not asked for: a delete would be counted as a write.
    let live = api.get_metadata_opt(name).await.map_err(OperatorError::Kube)?;
    let Some(live) = live.filter(|live| is_meant(&live.metadata)) else { return Ok(false) };
    if live.metadata.deletion_timestamp.is_some() {
        return Ok(true);
    }
    match api.delete(name, &DeleteParams::foreground()).await {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(false),
        Err(error) => Err(OperatorError::Kube(error)),
    }
}

/// The child as its live object can still become it: a volume keeps its class and never shrinks, whatever the defaults say by
/// now.
fn as_can_be(live: &DynamicObject, child: &Child) -> Child {
    const SIZE: &str = "/spec/resources/requests/storage";
    let mut possible = child.clone();
    if child.resource.kind != "PersistentVolumeClaim" {
        return possible;
    }
    if let (Some(class), Some(spec)) =
        (live.data.pointer("/spec/storageClassName"), possible.body.get_mut("spec").and_then(Value::as_object_mut))
    {
        spec.insert("storageClassName".to_owned(), class.clone());
    }
    let size = |value: Option<&Value>| value.and_then(Value::as_str).and_then(quantity);
    let (is, wanted) = (live.data.pointer(SIZE), size(possible.body.pointer(SIZE)));
    if let Some(is) = is.filter(|is| size(Some(is)) >= wanted)
        && let Some(place) = possible.body.pointer_mut(SIZE)
    {
        *place = is.clone();
    }
    possible
}

/// Whether a live object carries what was applied last, and still says all of it.
fn is_as_wanted(live: &DynamicObject, child: &Child) -> bool {
    let wanted = child.body.pointer("/metadata/annotations").and_then(|all| all.get(APPLIED)).and_then(Value::as_str);
    let applied = live.annotations().get(APPLIED).map(String::as_str);
    if wanted != applied {
        return false;
    }
    let metadata = child.body.get("metadata").cloned().unwrap_or_default();
    let fields = child.body.as_object().into_iter().flatten();
    let mut rest = fields.filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata"));
    metadata_says(&live.metadata, &metadata) && rest.all(|(key, wanted)| says(live.data.get(key), wanted, false))
}

fn metadata_says(live: &ObjectMeta, wanted: &Value) -> bool {
    let live = serde_json::to_value(live).unwrap_or_default();
    ["labels", "annotations", "ownerReferences"]
        .iter()
        .all(|key| wanted.get(key).is_none_or(|wanted| says(live.get(key), wanted, false)))
}

/// Whether `live` says everything that `wanted` says; defaults and what others added are beside the point. A list must have
/// as many items: one that was added to it (a right, a container) is a drift.
fn says(live: Option<&Value>, wanted: &Value, quantities: bool) -> bool {
    match (live, wanted) {
        (_, Value::Null) => true,
        (Some(Value::Object(live)), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            let quantities = quantities || matches!(key.as_str(), "requests" | "limits" | "sizeLimit");
            says(live.get(key), wanted, quantities)
        }),
        (Some(Value::Array(live)), Value::Array(wanted)) => {
            live.len() == wanted.len()
                && live.iter().zip(wanted).all(|(live, wanted)| says(Some(live), wanted, quantities))
        }
        // The server leaves empty things out.
        (None, Value::Object(wanted)) => wanted.is_empty(),
        (None, Value::Array(wanted)) => wanted.is_empty(),
        (None, Value::String(wanted)) => wanted.is_empty(),
        (Some(Value::String(live)), Value::String(wanted)) if quantities => same_quantity(live, wanted),
        (live, wanted) => live == Some(wanted),
    }
}

/// The server writes quantities its own way: `0.5` becomes `500m`.
fn same_quantity(one: &str, other: &str) -> bool {
    one == other || matches!((quantity(one), quantity(other)), (Some(one), Some(other)) if one == other)
}

fn quantity(text: &str) -> Option<Decimal> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: Decimal = number.parse().ok()?;
    let factor = match unit {
        "" => Decimal::ONE,
        "n" => Decimal::new(1, 9),
        "u" => Decimal::new(1, 6),
        "m" => Decimal::new(1, 3),
        "k" => Decimal::from(1_000),
        "M" => Decimal::from(1_000_000),
        "G" => Decimal::from(1_000_000_000),
        "T" => Decimal::from(1_000_000_000_000_i64),
        "Ki" => Decimal::from(1_u64 << 10),
        "Mi" => Decimal::from(1_u64 << 20),
        "Gi" => Decimal::from(1_u64 << 30),
        "Ti" => Decimal::from(1_u64 << 40),
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::api::ApiResource;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case("2Gi", "1Gi", "2Gi")]
    #[case("1Gi", "1024Mi", "1Gi")]
    #[case("1Gi", "3Gi", "3Gi")]
    fn a_volume_keeps_its_class_and_never_shrinks(#[case] is: &str, #[case] wanted: &str, #[case] becomes: &str) {
        let volume = |class: &str, size: &str| {
            json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "state"},
                "spec": {"storageClassName": class, "resources": {"requests": {"storage": size}}},
            })
        };
        let resource = ApiResource::erase::<k8s_openapi::api::core::v1::PersistentVolumeClaim>(&());
        let live: DynamicObject = serde_json::from_value(volume("old", is)).unwrap();
        let child = Child { resource, name: "state".to_owned(), body: volume("new", wanted) };
        assert_eq!(as_can_be(&live, &child).body, volume("old", becomes));
    }

    #[rstest]
    #[case(json!({"a": 1, "b": 2}), json!({"a": 1}), true)]
    #[case(json!({"a": 2}), json!({"a": 1}), false)]
    #[case(json!({"rules": [1, 2]}), json!({"rules": [1]}), false)]
    #[case(json!({}), json!({"a": {}, "b": [], "c": null, "d": ""}), true)]
    #[case(json!({}), json!({"a": false}), false)]
    #[case(json!({"limits": {"cpu": "500m"}}), json!({"limits": {"cpu": "0.5"}}), true)]
    #[case(json!({"limits": {"memory": "1Gi"}}), json!({"limits": {"memory": "1024Mi"}}), true)]
    #[case(json!({"limits": {"memory": "1G"}}), json!({"limits": {"memory": "1Gi"}}), false)]
    #[case(json!({"image": "500m"}), json!({"image": "0.5"}), false)]
    fn what_the_live_object_says(#[case] live: Value, #[case] wanted: Value, #[case] expected: bool) {
        assert_eq!(says(Some(&live), &wanted, false), expected);
    }
}
