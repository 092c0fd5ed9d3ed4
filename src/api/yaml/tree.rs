//! From the parser's events to trees.

use std::collections::BTreeMap;

use base64::Engine;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::node::{Node, Value};
use super::scalar::{Scalar, resolve};
use super::{DEPTH_MAX, Document, NODES_MAX};

/// What is wrong with a document as YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, from 1.
    pub line: usize,
    pub message: String,
    pub remedy: String,
}

/// The documents of a piece of a file that begins on `first_line`.
pub fn parse(text: &str, first_line: usize) -> Vec<Document> {
    let mut builder = Builder {
        parser: Parser::new_from_str(text),
        lines: text.lines().collect(),
        first_line,
        flow_level: 0,
        anchors: BTreeMap::new(),
        count: 0,
        problems: Vec::new(),
    };
    let mut documents = Vec::new();
    loop {
        match builder.next_document() {
            Ok(Some(root)) => documents.push(builder.finish(Some(root))),
            Ok(None) => break,
            Err(problem) => {
                builder.problems.push(problem);
                documents.push(builder.finish(None));
                break;
            }
        }
    }
    documents
}

struct Builder<'text> {
    parser: Parser<'text, StrInput<'text>>,
    lines: Vec<&'text str>,
    first_line: usize,
    /// How many brackets and braces are open: within them tabs are white space.
    flow_level: usize,
    anchors: BTreeMap<usize, Node>,
    /// Nodes so far, aliases written out.
    count: usize,
    problems: Vec<Problem>,
}

impl<'text> Builder<'text> {
    fn finish(&mut self, root: Option<Node>) -> Document {
        let root = root.filter(|root| !root.is_null());
        self.anchors.clear();
        self.count = 0;
        let problems = std::mem::take(&mut self.problems);
        Document { line: root.as_ref().map_or(self.first_line, |root| root.line), root, problems }
    }

    fn next_document(&mut self) -> Result<Option<Node>, Problem> {
        loop {
            match self.next_event()? {
                None | Some((Event::StreamEnd, _)) => return Ok(None),
                Some((Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _)) => {}
                Some((event, span)) => return self.node(event, span, 0).map(Some),
            }
        }
    }

    fn next_event(&mut self) -> Result<Option<(Event<'text>, Span)>, Problem> {
        self.parser.next_event().transpose().map_err(|error| self.syntax(&error))
    }

    fn syntax(&self, error: &ScanError) -> Problem {
        let line = self.line(error.marker().line());
        let message = format!("cannot be read as YAML: {}", error.info());
        Problem { line, message, remedy: "correct the indentation, quotes or brackets around this line".to_owned() }
    }

    fn line(&self, line: usize) -> usize {
        self.first_line + line.saturating_sub(1)
    }

    fn problem(&self, line: usize, message: impl Into<String>, remedy: &str) -> Problem {
        Problem { line, message: message.into(), remedy: remedy.to_owned() }
    }

    fn node(&mut self, event: Event<'text>, span: Span, depth: usize) -> Result<Node, Problem> {
        let line = self.line(span.start.line());
        if depth > DEPTH_MAX {
            return Err(self.problem(line, format!("nested deeper than {DEPTH_MAX} levels"), "flatten the document"));
        }
        self.counted(1, line)?;
        if self.flow_level == 0 && self.indented_by_tab(&span) {
            return Err(self.problem(line, "a tab is used as indentation", "indent with spaces"));
        }
        match event {
            Event::Alias(anchor) => self.alias(anchor, line),
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), line)?;
                Ok(self.anchored(anchor, Node { line, value }))
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "seq", line)?;
                let value = Value::List(self.within(&span, |builder| builder.list(depth))?);
                Ok(self.anchored(anchor, Node { line, value }))
            }
            Event::MappingStart(anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "map", line)?;
                let value = Value::Map(self.within(&span, |builder| builder.map(depth))?);
                Ok(self.anchored(anchor, Node { line, value }))
            }
            _ => Err(self.problem(line, "ends before it is complete", "complete the document")),
        }
    }

    /// Builds a collection; between brackets or braces other rules hold for tabs.
    fn within<T>(&mut self, span: &Span, build: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        let opening = self.line_text(span).and_then(|line| line.chars().nth(span.start.col()));
        let levels = usize::from(matches!(opening, Some('{' | '[')));
        self.flow_level += levels;
        let built = build(self);
        self.flow_level -= levels;
        built
    }

    fn line_text(&self, span: &Span) -> Option<&'text str> {
        self.lines.get(span.start.line().saturating_sub(1)).copied()
    }

    /// Whether nothing but white space with a tab stands before the node on its line: kubectl refuses that.
    fn indented_by_tab(&self, span: &Span) -> bool {
        let before = self.line_text(span).unwrap_or_default().chars().take(span.start.col());
        let mut has_tab = false;
        for character in before {
            match character {
                '\t' => has_tab = true,
                ' ' => {}
                _ => return false,
            }
        }
        has_tab
    }

    fn counted(&mut self, nodes: usize, line: usize) -> Result<(), Problem> {
        self.count = self.count.saturating_add(nodes);
        if self.count > NODES_MAX {
            let message = format!("holds more than {NODES_MAX} values with its aliases written out");
            return Err(self.problem(line, message, "use fewer anchors, or divide the document"));
        }
        Ok(())
    }

    fn anchored(&mut self, anchor: usize, node: Node) -> Node {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn alias(&mut self, anchor: usize, line: usize) -> Result<Node, Problem> {
        let Some(size) = self.anchors.get(&anchor).map(size) else {
            return Err(self.problem(line, "an alias refers to a value that contains it", "remove the alias"));
        };
        self.counted(size, line)?;
        let node = self.anchors.get(&anchor).cloned();
        node.ok_or_else(|| self.problem(line, "an alias refers to nothing", "remove the alias"))
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next_event()? {
                Some((Event::SequenceEnd, _)) | None => return Ok(items),
                Some((event, span)) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(String, usize, Node)>, Problem> {
        let mut entries: Vec<(String, usize, Node)> = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = match self.next_event()? {
                Some((Event::MappingEnd, _)) | None => break,
                Some(found) => found,
            };
            let line = self.line(span.start.line());
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<");
            let key = self.node(event, span, depth + 1)?;
            let key = self.key(&key)?;
            let Some((event, span)) = self.next_event()? else { break };
            let value = self.node(event, span, depth + 1)?;
            if is_merge {
                merged.extend(self.merged(&value)?);
            } else if let Some((_, first, _)) = entries.iter().find(|(name, ..)| *name == key) {
                let message = format!("key {key} is given twice, first on line {first}");
                self.problems.push(self.problem(line, message, "keep one of them"));
            } else {
                entries.push((key, line, value));
            }
        }
        for entry in merged {
            if !entries.iter().any(|(name, ..)| *name == entry.0) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    /// A key is a text whatever it looks like.
    fn key(&self, node: &Node) -> Result<String, Problem> {
        match &node.value {
            Value::Text(text) | Value::Plain(_, Scalar::Text(text)) => Ok(text.clone()),
            Value::Plain(_, Scalar::Bool(value)) => Ok(value.to_string()),
            Value::Plain(_, Scalar::Int(value)) => Ok(value.to_string()),
            Value::Plain(_, Scalar::UInt(value)) => Ok(value.to_string()),
            Value::Plain(_, Scalar::Float(value)) => Ok(value.to_string()),
            _ => Err(self.problem(node.line, format!("a key is {}", node.kind_in_words()), "make the key a text")),
        }
    }

    /// The entries that a merge key (`<<`) brings; the first of several maps wins.
    fn merged(&self, value: &Node) -> Result<Vec<(String, usize, Node)>, Problem> {
        match &value.value {
            Value::Map(entries) => Ok(entries.clone()),
            Value::List(items) if items.iter().all(|item| matches!(item.value, Value::Map(_))) => {
                Ok(items.iter().flat_map(|item| item.entries().to_vec()).collect())
            }
            _ => {
                Err(self.problem(value.line, "a merge key (<<) needs a map or a list of maps", "correct the merge key"))
            }
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, line: usize) -> Result<Value, Problem> {
        let scalar = match tag {
            Some(tag) => self.tagged(text, tag, line)?,
            None if style == ScalarStyle::Plain => resolve(text),
            None => Scalar::Text(text.to_owned()),
        };
        if matches!(scalar, Scalar::Float(number) if !number.is_finite()) {
            return Err(self.problem(line, format!("{text} is no number that JSON knows"), "quote it if it is a text"));
        }
        Ok(match scalar {
            Scalar::Text(text) => Value::Text(text),
            scalar => Value::Plain(text.to_owned(), scalar),
        })
    }

    fn tagged(&self, text: &str, tag: &Tag, line: usize) -> Result<Scalar, Problem> {
        let wrong =
            || self.problem(line, format!("the value is not what its tag !!{} says", tag.suffix), "remove the tag");
        if tag.handle == "!" && tag.suffix.is_empty() {
            return Ok(Scalar::Text(text.to_owned()));
        }
        if !tag.is_yaml_core_schema() {
            return Err(self.problem(line, format!("the tag {tag} has no meaning here"), "remove the tag"));
        }
        let resolved = resolve(text);
        match (tag.suffix.as_str(), resolved) {
            ("str" | "timestamp", _) => Ok(Scalar::Text(text.to_owned())),
            ("null", Scalar::Null) => Ok(Scalar::Null),
            ("bool", Scalar::Bool(value)) => Ok(Scalar::Bool(value)),
            ("int" | "float", number @ (Scalar::Int(_) | Scalar::UInt(_))) => Ok(number),
            ("float", Scalar::Float(value)) => Ok(Scalar::Float(value)),
            ("binary", _) => binary(text).map(Scalar::Text).ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }

    fn check_collection_tag(&self, tag: Option<&Tag>, expected: &str, line: usize) -> Result<(), Problem> {
        match tag {
            None => Ok(()),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == expected => Ok(()),
            Some(tag) => Err(self.problem(line, format!("the tag {tag} has no meaning here"), "remove the tag")),
        }
    }
}

fn binary(text: &str) -> Option<String> {
    let compact: String = text.split_whitespace().collect();
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(compact).ok()?).ok()
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(.., node)| 1 + size(node)).sum::<usize>(),
        _ => 1,
    }
}
