//! What YAML makes of innocent manifests, and what kubectl would.

use koppel::api::finding::Finding;
use koppel::api::manifest::{load, load_text};
use rstest::rstest;

use super::samples::{connection, rule};

/// A rule whose `match` is this line.
fn rule_matching(line: &str) -> String {
    format!(
        "apiVersion: koppel.dev/v1alpha1\nkind: RevenueRule\nmetadata:\n  name: r\nspec:\n  connectionRef:\n    name: acme\n  \
         match:\n    {line}\n  revenueAccount: \"8000\"\n"
    )
}

fn findings(text: &str) -> Vec<Finding> {
    load_text("rules.yaml", text).1.sorted()
}

fn only(text: &str) -> Finding {
    let found = findings(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0].clone()
}

#[test]
fn norway_without_quotes_is_no_country() {
    let found = only(&rule_matching("country: NO"));
    assert_eq!((found.file.as_str(), found.line), ("rules.yaml", Some(9)));
    assert_eq!((found.object.as_str(), found.field.as_str()), ("RevenueRule default/r", "spec.match.country"));
    assert_eq!(found.message, "NO without quotes is the boolean false in YAML; a text is needed");
    assert_eq!(found.remedy, "quote it: \"NO\"");
    assert!(findings(&rule_matching("country: \"NO\"")).is_empty());
}

#[rstest]
#[case("item: on", "on without quotes is the boolean true in YAML; a text is needed", "quote it: \"on\"")]
#[case("item: yes", "yes without quotes is the boolean true in YAML; a text is needed", "quote it: \"yes\"")]
#[case("item: y", "y without quotes is the boolean true in YAML; a text is needed", "quote it: \"y\"")]
#[case("item: 012", "012 without quotes is a number in YAML; a text is needed", "quote it: \"012\"")]
#[case("item: 1_000", "1_000 without quotes is a number in YAML; a text is needed", "quote it: \"1_000\"")]
#[case("item: 1e3", "1e3 without quotes is a number in YAML; a text is needed", "quote it: \"1e3\"")]
#[case("item: 5.5", "5.5 without quotes is a number in YAML; a text is needed", "quote it: \"5.5\"")]
#[case("item: [a]", "a text is needed and not a list", "for example: onboarding")]
#[case("item: {a: b}", "a text is needed and not a map", "for example: onboarding")]
fn what_looks_like_a_text_and_is_none(#[case] line: &str, #[case] message: &str, #[case] remedy: &str) {
    let found = only(&rule_matching(line));
    assert_eq!((found.message.as_str(), found.remedy.as_str()), (message, remedy));
}

#[rstest]
#[case("item: 2026-07-01")]
#[case("item: 12:30")]
#[case("item: 'on'")]
#[case("item: |-\n      on")]
#[case("item: !!str 012")]
#[case("item: ⏰ clock")]
fn what_is_a_text_after_all(#[case] line: &str) {
    let found = findings(&rule_matching(line));
    assert!(found.is_empty(), "{found:#?}");
}

#[rstest]
#[case("~")]
#[case("null")]
#[case("")]
fn nothing_means_absent_as_everywhere_in_kubernetes(#[case] nothing: &str) {
    let found = only(&rule_matching(&format!("item: {nothing}")));
    assert_eq!(found.field, "spec.match");
    assert!(found.message.starts_with("match is empty"), "{}", found.message);
    let both = rule_matching(&format!("item: {nothing}\n    country: US"));
    assert!(findings(&both).is_empty());
}

#[test]
fn a_date_needs_no_quotes_and_must_exist() {
    let dated = |date: &str| format!("{}  validFrom: {date}\n", rule_matching("item: a"));
    assert!(findings(&dated("2026-07-01")).is_empty());
    assert_eq!(only(&dated("2026-02-30")).message, "\"2026-02-30\" is no day of the calendar");
    assert_eq!(only(&dated("01-07-2026")).remedy, "write it like \"2026-07-01\"");
    assert_eq!(only(&dated("20260701")).remedy, "quote it: \"20260701\"");
}

#[test]
fn a_key_given_twice_is_refused_and_nothing_is_read_half() {
    let found = only(&rule_matching("item: a\n    item: b"));
    assert_eq!(found.line, Some(10));
    assert_eq!(found.message, "key item is given twice, first on line 9");
    assert!(load_text("rules.yaml", &rule_matching("item: a\n    item: b")).0.incomplete);
}

#[test]
fn a_tab_is_named_with_its_line() {
    let found = only(&rule_matching("\titem: a"));
    assert_eq!(found.line, Some(9), "{found:?}");
}

#[test]
fn a_laughing_document_ends_quickly_and_the_next_one_is_read() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..20 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let (manifests, found) = load_text("rules.yaml", &format!("{text}---\n{}", rule_matching("item: a")));
    assert_eq!(manifests.rules.len(), 1);
    assert_eq!(found.0.len(), 1);
    assert!(found.0[0].message.contains("with its aliases written out"));
}

#[test]
fn broken_yaml_hides_neither_its_line_nor_its_neighbours() {
    let text = format!(
        "{}---\nspec: [\n---\n{}",
        rule_matching("item: a"),
        rule_matching("item: b").replace("name: r", "name: s")
    );
    let (manifests, found) = load_text("rules.yaml", &text);
    assert_eq!(manifests.rules.len(), 2);
    assert_eq!(found.0.len(), 1);
    assert!(matches!(found.0[0].line, Some(12 | 13)), "{found:?}");
    assert!(found.0[0].message.starts_with("cannot be read as YAML"));
}

#[test]
fn empty_documents_comments_and_a_byte_order_mark_are_nothing() {
    let text = format!("\u{feff}---\n\n---\n# only a comment\n---\n{}\n---\n", rule_matching("item: a"));
    let (manifests, found) = load_text("rules.yaml", &text);
    assert_eq!((manifests.rules.len(), found.0.len()), (1, 0), "{found:?}");
}

#[test]
fn the_same_name_twice_is_told_with_where_it_was_first() {
    let text = format!("{}---\n{}", rule_matching("item: a"), rule_matching("item: b"));
    assert_eq!(only(&text).message, "is given twice, first in rules.yaml:1");
}

#[test]
fn a_folder_is_read_as_kubectl_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    // JSON with tabs, and a list within it.
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [connection(), rule()]});
    write("a.json", serde_json::to_string_pretty(&list).unwrap().replace("  ", "\t").as_bytes());
    write("b.yml", b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n");
    write("c.txt", b"not: [read");
    write("d.yaml", b"kind: \xff\n");
    std::fs::create_dir(folder.path().join("deeper.yaml")).unwrap();
    let (manifests, found) = load(folder.path()).unwrap();
    assert_eq!((manifests.connections.len(), manifests.rules.len()), (1, 1));
    let told: Vec<_> =
        found.sorted().into_iter().map(|found| format!("{} {}", found.severity, found.message)).collect();
    assert_eq!(told, ["note skipped: Koppel reads nothing from Deployment of apps/v1", "error is not in UTF-8"]);
}

#[test]
fn where_there_is_nothing_to_read_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    assert!(load(folder.path()).unwrap_err().to_string().contains("holds no manifests"));
    assert!(load(&folder.path().join("missing")).unwrap_err().to_string().starts_with("unable to read"));
}
