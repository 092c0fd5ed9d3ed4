//! What a connection becomes in the cluster: who owns it, what it says, what it may do.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use koppel::api::SyncConnection;
use kube::ResourceExt;
use regex::Regex;
use serde_json::{Value, json};

use super::namespace::Namespace;
use super::running::Running;
use super::scene::{ACME, CHILD, Kind, assert_kstatus, mapping_of, tenant, told};
use super::shared::samples::patched;

/// The labels that every child has.
const LABELS: [(&str, &str); 4] = [
    ("app.kubernetes.io/name", "koppel"),
    ("app.kubernetes.io/managed-by", "koppel"),
    ("app.kubernetes.io/component", "worker"),
    ("koppel.dev/connection", "acme"),
];

/// The child is there, labelled, and owned by the connection or by nobody.
async fn assert_child<K: Kind>(namespace: &Namespace, name: &str, is_owned: bool) -> Value {
    let connection = namespace.find::<SyncConnection>(ACME).await.unwrap();
    let owners = |child: &K| child.owner_references().len();
    let child = namespace.until_is::<K>(name, "its owners", |child| owners(child) == usize::from(is_owned)).await;
    for (key, value) in LABELS {
        assert_eq!(child.labels().get(key).map(String::as_str), Some(value), "{} {name}", K::kind(&()));
    }
    for owner in child.owner_references() {
        assert_eq!(
            (&owner.kind, &owner.name, Some(&owner.uid)),
            (&"SyncConnection".into(), &ACME.into(), connection.metadata.uid.as_ref())
        );
        assert_eq!((owner.controller, owner.api_version.as_str()), (Some(true), "koppel.dev/v1alpha1"));
    }
    told(&child)
}

fn assert_says(object: &Value, wanted: &[(&str, Value)]) {
    for (path, value) in wanted {
        let at = object.pointer(path).unwrap_or(&Value::Null);
        assert_eq!(at, value, "{path} of {object:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_connection_becomes_a_cron_job_and_what_that_needs() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"interval": "15m"})).await;
    let cron = assert_child::<CronJob>(&namespace, CHILD, true).await;
    assert_child::<ServiceAccount>(&namespace, CHILD, true).await;
    assert_child::<RoleBinding>(&namespace, CHILD, true).await;
    assert_child::<Role>(&namespace, CHILD, true).await;
    assert_child::<Lease>(&namespace, CHILD, false).await;
    assert_child::<Secret>(&namespace, "koppel-acme-token", false).await;
    let claim = assert_child::<PersistentVolumeClaim>(&namespace, "koppel-acme-state", false).await;
    assert_eq!(claim["spec"]["accessModes"], json!(["ReadWriteOnce"]));
    assert!(namespace.find::<Deployment>(CHILD).await.is_none());

    let schedule = cron["spec"]["schedule"].as_str().unwrap();
    let every_quarter = Regex::new(r"^(\d|1[0-4])-59/15 \* \* \* \*$").unwrap();
    assert!(every_quarter.is_match(schedule), "{schedule}");
    assert_says(
        &cron,
        &[
            ("/spec/timeZone", json!("Etc/UTC")),
            ("/spec/concurrencyPolicy", json!("Forbid")),
            ("/spec/startingDeadlineSeconds", json!(300)),
            ("/spec/successfulJobsHistoryLimit", json!(3)),
            ("/spec/failedJobsHistoryLimit", json!(3)),
            ("/spec/jobTemplate/spec/backoffLimit", json!(0)),
            ("/spec/jobTemplate/metadata/labels/koppel.dev~1connection", json!("acme")),
        ],
    );
    let deadline = cron.pointer("/spec/jobTemplate/spec/activeDeadlineSeconds").and_then(Value::as_i64);
    assert!(deadline.is_some_and(|seconds| seconds > 600), "{deadline:?}");
    assert_kstatus(&namespace.until_condition::<SyncConnection>(ACME, "Ready", "Unknown AwaitingFirstRun").await);
}

/// PodSecurity restricted, a read-only root, and nothing of the host's.
#[tokio::test(flavor = "multi_thread")]
async fn the_pod_is_restricted_and_has_what_its_connection_says() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    let workload = json!({
        "resources": {"requests": {"cpu": "0.2"}, "limits": {"memory": "1024Mi"}},
        "nodeSelector": {"kubernetes.io/arch": "arm64"}, "tolerations": [{"key": "billing", "operator": "Exists"}],
        "podLabels": {"team": "billing"}, "podAnnotations": {"example.com/note": "x"},
        "storage": {"size": "2Gi", "className": "fast"},
    });
    namespace.acme_with(json!({"workload": workload, "schedule": "*/15 6-22 * * *"})).await;
    let cron = told(&namespace.until_there::<CronJob>(CHILD).await);
    assert_says(&cron, &[("/spec/schedule", json!("*/15 6-22 * * *")), ("/spec/timeZone", json!("Europe/Amsterdam"))]);
    let template = &cron["spec"]["jobTemplate"]["spec"]["template"];
    assert_says(
        template,
        &[
            ("/metadata/labels/team", json!("billing")),
            ("/metadata/labels/koppel.dev~1connection", json!("acme")),
            ("/metadata/annotations/example.com~1note", json!("x")),
            ("/spec/restartPolicy", json!("Never")),
            ("/spec/serviceAccountName", json!(CHILD)),
            ("/spec/nodeSelector", json!({"kubernetes.io/arch": "arm64"})),
            ("/spec/tolerations", json!([{"key": "billing", "operator": "Exists"}])),
            ("/spec/securityContext/runAsNonRoot", json!(true)),
            ("/spec/securityContext/seccompProfile/type", json!("RuntimeDefault")),
            ("/spec/hostNetwork", Value::Null),
        ],
    );
    assert_eq!(template["spec"]["containers"].as_array().unwrap().len(), 1);
    assert_says(
        &template["spec"]["containers"][0],
        &[
            ("/args", json!(["worker", "--namespace", namespace.name, "--connection", "acme"])),
            // As the server writes what was given as 0.2 and 1024Mi; each is taken as a whole.
            ("/resources", json!({"requests": {"cpu": "200m"}, "limits": {"memory": "1Gi"}})),
            ("/securityContext/allowPrivilegeEscalation", json!(false)),
            ("/securityContext/readOnlyRootFilesystem", json!(true)),
            ("/securityContext/capabilities", json!({"drop": ["ALL"]})),
        ],
    );
    let claim = told(&namespace.until_there::<PersistentVolumeClaim>("koppel-acme-state").await);
    assert_says(
        &claim,
        &[("/spec/resources/requests/storage", json!("2Gi")), ("/spec/storageClassName", json!("fast"))],
    );
}

/// What the chart says of workers gives way to what the connection says (issue 4).
#[tokio::test(flavor = "multi_thread")]
async fn the_pod_has_the_proxy_certificates_and_variables_of_its_connection() {
    let namespace = Namespace::new().await;
    let set = ["worker.proxy.https=http://chart:3128", "worker.caBundle.configMap=chart-ca"];
    let _operator = Running::with(&namespace, &set).await;
    let affinity = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}}},
    ]}});
    let variables = json!([
        {"name": "LEVEL", "value": "1"},
        {"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "region", "optional": true}}},
    ]);
    let workload = json!({
        "proxy": {"httpsProxy": "http://own:8080", "noProxy": ".svc"}, "caBundle": {"secretRef": {"name": "own-ca"}},
        "imagePullSecrets": [{"name": "own-registry"}], "affinity": affinity, "extraEnv": variables,
    });
    namespace.acme_with(json!({"workload": workload})).await;
    let cron = told(&namespace.until_there::<CronJob>(CHILD).await);
    let pod = &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_says(pod, &[("/imagePullSecrets", json!([{"name": "own-registry"}])), ("/affinity", affinity)]);
    let env = pod["containers"][0]["env"].as_array().unwrap();
    let value = |name: &str| env.iter().find(|variable| variable["name"] == name).map(|one| one["value"].clone());
    assert_eq!(value("HTTPS_PROXY"), Some(json!("http://own:8080")));
    assert_eq!((value("HTTP_PROXY"), value("NO_PROXY")), (None, Some(json!(".svc"))));
    assert!(variables.as_array().unwrap().iter().all(|variable| env.contains(variable)), "{env:#?}");
    let volumes = pod["volumes"].as_array().unwrap();
    let bundle = volumes.iter().find(|volume| volume["name"] == "ca").unwrap();
    assert_eq!(bundle["secret"]["secretName"], "own-ca", "{bundle:#}");
}

/// Each object by its name: what the worker may do is all that stands here.
#[tokio::test(flavor = "multi_thread")]
async fn the_role_names_its_objects_and_nothing_else() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme().await;
    let rule = |group: &str, resource: &str, verbs: &[&str], names: Option<&[&str]>| {
        let mut rule = json!({"apiGroups": [group], "resources": [resource], "verbs": verbs});
        names.into_iter().for_each(|names| rule["resourceNames"] = json!(names));
        rule
    };
    let role = told(&namespace.until_there::<Role>(CHILD).await);
    let expected = json!([
        rule("koppel.dev", "syncconnections", &["get"], Some(&["acme"])),
        rule("koppel.dev", "syncconnections/status", &["get", "patch"], Some(&["acme"])),
        rule("koppel.dev", "entitymappings", &["get", "list"], None),
        rule("koppel.dev", "revenuerules", &["get", "list"], None),
        rule("", "secrets", &["get"], Some(&["acme-chargebee", "acme-exact"])),
        rule("", "secrets", &["get", "patch"], Some(&["koppel-acme-token"])),
        rule("coordination.k8s.io", "leases", &["get", "update"], Some(&["koppel-acme"])),
        rule("events.k8s.io", "events", &["create"], None),
    ]);
    assert_eq!(role["rules"], expected);
    let binding = told(&namespace.until_there::<RoleBinding>(CHILD).await);
    assert_says(
        &binding,
        &[
            ("/roleRef", json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": CHILD})),
            ("/subjects", json!([{"kind": "ServiceAccount", "name": CHILD, "namespace": namespace.name}])),
        ],
    );
}

/// State and tokens outlive the connection unless it says otherwise, and it may change its mind.
#[tokio::test(flavor = "multi_thread")]
async fn state_and_tokens_are_owned_only_where_the_policy_says_so() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"policies": {"deletion": "Delete"}})).await;
    for is_owned in [true, false] {
        assert_child::<Lease>(&namespace, CHILD, is_owned).await;
        assert_child::<Secret>(&namespace, "koppel-acme-token", is_owned).await;
        assert_child::<PersistentVolumeClaim>(&namespace, "koppel-acme-state", is_owned).await;
        namespace.change_spec(json!({"policies": {"deletion": "Retain"}})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_continuous_connection_is_a_deployment_and_can_go_back() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    namespace.acme_with(json!({"workload": {"type": "Continuous"}})).await;
    let deployment = assert_child::<Deployment>(&namespace, CHILD, true).await;
    let args = json!(["worker", "--namespace", namespace.name, "--connection", "acme", "--continuous"]);
    assert_says(
        &deployment,
        &[
            ("/spec/replicas", json!(1)),
            ("/spec/strategy", json!({"type": "Recreate"})),
            ("/spec/template/spec/containers/0/args", args),
            ("/spec/template/spec/restartPolicy", json!("Always")),
        ],
    );
    assert!(namespace.find::<CronJob>(CHILD).await.is_none() && namespace.jobs(ACME).await.is_empty());

    namespace.change_spec(json!({"workload": {"type": "Scheduled"}})).await;
    namespace.until_gone::<Deployment>(CHILD).await;
    namespace.until_there::<CronJob>(CHILD).await;
    namespace.change_spec(json!({"workload": {"type": "Continuous"}})).await;
    namespace.until_gone::<CronJob>(CHILD).await;
    namespace.until_there::<Deployment>(CHILD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_children_fit_whatever_the_connection_is_called() {
    let namespace = Namespace::new().await;
    let _operator = Running::workload(&namespace).await;
    let long = ["x", "y"].map(|end| "a".repeat(62) + end);
    for (index, name) in long.iter().enumerate() {
        namespace.secrets(name).await;
        let division = json!({"exactOnline": {"division": 100_001 + index}});
        namespace.apply(&patched(mapping_of(&format!("map-{index}"), name), &division)).await;
        namespace.apply(&tenant(name)).await;
    }
    for name in &long {
        let job = namespace.until_another_job(name, &Default::default()).await;
        assert!(job.name_any().len() <= 52, "{}", job.name_any());
    }
    let children = "cronjobs,serviceaccounts,roles,rolebindings,leases,secrets,pvc";
    let names = namespace.kubectl(&[
        "get",
        children,
        "-l",
        "app.kubernetes.io/managed-by=koppel,koppel.dev/connection",
        "-o",
        "name",
    ]);
    let names: Vec<_> = names.lines().map(|line| line.split_once('/').unwrap().1).collect();
    assert_eq!(names.len(), 14, "{names:?}");
    assert!(names.iter().all(|name| name.len() <= 52 && name.starts_with("koppel-aaa")), "{names:?}");
}
