//! YAML as kubectl reads it, with the line of every node: documents of a file, one tree each. Duplicate keys, endless
//! nesting and anchors that explode are refused.

mod node;
mod scalar;
mod tree;

pub use node::{Node, Value};
pub use scalar::Scalar;
pub use tree::{Problem, parse};

/// Nodes of one document, aliases written out.
pub const NODES_MAX: usize = 200_000;
/// Nesting of one document.
pub const DEPTH_MAX: usize = 64;

/// A document of a file: where its text begins, and the tree that it is. `None`: it says nothing.
#[derive(Clone, Debug)]
pub struct Document {
    /// Line of the file on which it begins, from 1.
    pub line: usize,
    pub root: Option<Node>,
    pub problems: Vec<Problem>,
}

/// The documents of a file, each judged apart: a broken one does not hide those after it.
pub fn documents(text: &str) -> Vec<Document> {
    chunks(text.strip_prefix('\u{feff}').unwrap_or(text))
        .into_iter()
        .flat_map(|(line, chunk)| parse(&chunk, line))
        .collect()
}

/// Splits where kubectl does: at lines of `---` with nothing but a comment after it.
fn chunks(text: &str) -> Vec<(usize, String)> {
    let mut chunks = vec![(1, String::new())];
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let rest = line.strip_prefix("---").map(str::trim);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#')) {
            chunks.push((index + 2, String::new()));
        } else if let Some((_, chunk)) = chunks.last_mut() {
            chunk.push_str(line);
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(text: &str) -> Vec<serde_json::Value> {
        documents(text).into_iter().filter_map(|document| document.root).map(|root| root.to_json()).collect()
    }

    fn problems(text: &str) -> Vec<(usize, String)> {
        let problems = documents(text).into_iter().flat_map(|document| document.problems);
        problems.map(|problem| (problem.line, problem.message)).collect()
    }

    #[test]
    fn documents_are_split_where_kubectl_splits_them() {
        let text = "\u{feff}a: 1\n--- # second\nb: 2\n---\n# nothing but a comment\n---\nc: 3\n...\n";
        assert_eq!(
            roots(text),
            [serde_json::json!({"a": 1}), serde_json::json!({"b": 2}), serde_json::json!({"c": 3})]
        );
        assert!(problems(text).is_empty());
    }

    #[test]
    fn a_broken_document_does_not_hide_the_others_and_names_its_line() {
        let text = "a: 1\n---\nb: [1,\n---\nc: 3\n";
        assert_eq!(roots(text).len(), 2);
        let found = problems(text);
        assert_eq!(found.len(), 1);
        assert!((3..=4).contains(&found[0].0), "{found:?}");
    }

    #[test]
    fn a_tab_as_indentation_is_refused() {
        let found = problems("spec:\n\tsite: acme\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, 2);
        assert_eq!(problems("spec:\n  a:\n    \tsite: acme\n"), [(3, "a tab is used as indentation".to_owned())]);
        assert_eq!(problems("spec: {\n  \tsite: acme,\n  list: [\n  \t1]}\n"), []);
        assert_eq!(problems("text: |\n  a\n  \tb\nc: d\t# remark\n"), []);
    }

    #[test]
    fn a_key_given_twice_is_refused_on_its_second_line() {
        assert_eq!(problems("a: 1\nb: 2\na: 3\n"), [(3, "key a is given twice, first on line 1".to_owned())]);
    }

    #[test]
    fn laughs_are_counted_before_they_are_written_out() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].1.contains("more than 200000 values"), "{found:?}");
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |levels: usize| problems(&format!("a: {}{}", "[".repeat(levels), "]".repeat(levels)));
        assert!(nested(60).is_empty());
        assert!(nested(100)[0].1.contains("nested deeper than 64"));
        assert_eq!(nested(5000).len(), 1);
    }

    #[test]
    fn aliases_and_merge_keys_read_as_in_kubectl() {
        let text = "base: &base {a: 1, b: 2}\nmerged:\n  <<: *base\n  b: 3\nsame: *base\n";
        assert_eq!(
            roots(text),
            [serde_json::json!({"base": {"a": 1, "b": 2}, "merged": {"a": 1, "b": 3}, "same": {"a": 1, "b": 2}})]
        );
    }

    #[test]
    fn keys_are_texts_whatever_they_look_like() {
        assert_eq!(roots("on: 1\n2: b\n"), [serde_json::json!({"true": 1, "2": "b"})]);
    }

    #[test]
    fn tags_of_the_core_decide_and_others_are_refused() {
        assert_eq!(roots("a: !!str 12\nb: !!int \"7\"\n"), [serde_json::json!({"a": "12", "b": 7})]);
        assert_eq!(problems("a: !vault secret\n").len(), 1);
        assert_eq!(problems("a: !!int text\n").len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[ -~\n\t&*!|>%@`\u{e9}]{0,200}") {
            documents(&text);
        }
    }
}
