//! `koppel check`: what it prints, and its exit codes.

use std::fs;
use std::path::Path;

use koppel::api::manifest::load;
use koppel::cli::check::{CheckArgs, Report};
use koppel::cli::output::Output;
use serde_json::json;

use super::samples::{connection, mapping, patched, rule};

fn args(file: &Path) -> CheckArgs {
    CheckArgs { file: file.to_owned(), strict: false, require_secrets: false, output: Output::Text }
}

fn report(file: &Path, require_secrets: bool) -> Report {
    let (manifests, findings) = load(file).unwrap();
    Report::new(&CheckArgs { require_secrets, ..args(file) }, &manifests, findings)
}

#[test]
fn the_quickstart_passes_even_strictly() {
    let report = report(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart"), true);
    assert_eq!((report.exit_code(true), report.exit_code(false)), (0, 0));
    assert_eq!(report.text(), "6 objects checked: 0 errors, 0 warnings; 1 connection can run\n");
    let document = report.json();
    assert_eq!(
        document["connections"],
        json!([{"namespace": "default", "name": "wolkwerk", "entities": [
            {"mapping": "wolkwerk-nl", "businessEntityId": null, "division": 100_001, "revenueRules": 4},
        ]}])
    );
}

/// The three companies of the demo, with everything that a manifest can say of them.
#[test]
fn the_example_of_three_companies_gives_no_finding() {
    let report = report(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/wolkwerk"), true);
    assert_eq!(report.findings, []);
    assert_eq!((report.exit_code(true), report.exit_code(false)), (0, 0));
    assert!(report.text().ends_with("0 errors, 0 warnings; 1 connection can run\n"), "{}", report.text());
    let entities = report.json()["connections"][0]["entities"].as_array().map(Vec::len);
    assert_eq!(entities, Some(3));
}

/// The same site's sales, in the CRM: alone, and beside the books (C8).
#[test]
fn the_example_of_a_crm_gives_no_finding_alone_and_beside_the_books() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let alone = report(&examples.join("wolkwerk-crm"), true);
    assert_eq!((alone.findings.as_slice(), alone.exit_code(true)), (&[][..], 0), "{}", alone.text());
    assert!(alone.text().ends_with("0 errors, 0 warnings; 1 connection can run\n"), "{}", alone.text());
    let both = tempfile::tempdir().unwrap();
    for folder in ["wolkwerk", "wolkwerk-crm"] {
        for file in fs::read_dir(examples.join(folder)).unwrap().map(Result::unwrap) {
            let name = format!("{folder}-{}", file.file_name().to_string_lossy());
            fs::copy(file.path(), both.path().join(name)).unwrap();
        }
    }
    let both = report(both.path(), true);
    assert_eq!(both.exit_code(true), 0, "{}", both.text());
    assert!(both.text().ends_with("2 connections can run\n"), "{}", both.text());
}

#[test]
fn a_finding_names_file_line_object_field_message_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rule.yaml");
    let text = "apiVersion: koppel.dev/v1alpha1\nkind: RevenueRule\nmetadata: {name: r}\nspec:\n  connectionRef: {name: acme}\n  \
                match:\n    country: NO\n  revenueAccount: \"8000\"\n";
    fs::write(&file, text).unwrap();
    let report = report(folder.path(), false);
    assert_eq!(report.exit_code(false), 1);
    let expected = format!(
        "{}:7: error: RevenueRule default/r: spec.match.country\n    NO without quotes is the boolean false in YAML; a text is \
         needed\n    remedy: quote it: \"NO\"\n1 object checked: 1 error, 0 warnings; 0 connections can run\n",
        file.display()
    );
    assert_eq!(report.text(), expected);
    let found = &report.json()["findings"][0];
    assert_eq!(
        *found,
        json!({
            "severity": "error", "reason": "InvalidSpec", "file": file.display().to_string(), "line": 7,
            "object": "RevenueRule default/r", "field": "spec.match.country",
            "message": "NO without quotes is the boolean false in YAML; a text is needed", "remedy": "quote it: \"NO\"",
        })
    );
}

#[test]
fn warnings_count_only_strictly() {
    let folder = tempfile::tempdir().unwrap();
    let noted = patched(connection(), &json!({"policies": {"deletion": "Delete"}}));
    for (name, object) in [("a", noted), ("b", mapping()), ("c", rule())] {
        fs::write(folder.path().join(format!("{name}.json")), object.to_string()).unwrap();
    }
    let report = report(folder.path(), false);
    // Two Secrets that are kept elsewhere, and a policy that is not carried out yet.
    assert_eq!(report.json()["warnings"], 3, "{}", report.text());
    assert_eq!((report.exit_code(false), report.exit_code(true)), (0, 1));
}

#[test]
fn a_folder_with_nothing_of_ours_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("web.yaml"), "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n")
        .unwrap();
    let report = report(folder.path(), false);
    assert_eq!(report.exit_code(false), 1);
    assert!(report.text().contains("holds no SyncConnection, EntityMapping or RevenueRule"));
}

#[test]
fn what_cannot_be_read_at_all_is_wrong_usage() {
    let exit = |file: &Path| format!("{:?}", koppel::cli::check::run(&args(file)).unwrap());
    let usage = format!("{:?}", std::process::ExitCode::from(2));
    assert_eq!(exit(Path::new("/nowhere/at/all")), usage);
    assert_eq!(exit(tempfile::tempdir().unwrap().path()), usage);
}
