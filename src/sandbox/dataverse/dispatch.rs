//! What a path means: rows, metadata, functions, actions.

use super::answer::Answer;
use super::call::{Call, Context};
use super::failure::{Failure, Outcome};
use super::org::Org;
use super::path::{self, Segment};
use super::query;
use super::schema::Table;
use super::write::target::Target;
use super::{actions, bulk, csdl, metadata, records};

/// An answer with how many rows the request was about.
pub struct Done {
    pub answer: Answer,
    pub items: usize,
}

impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self { answer, items: 1 }
    }
}

/// The prefix of names of bound functions, actions and types.
pub const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

/// Answers one request, alone or as a part of a batch.
pub fn answer(org: &mut Org, context: &Context, call: &Call) -> Outcome<Done> {
    let context = &Context { bypasses: bypasses(org, context, call)?, ..context.clone() };
    let below = path::relative(&call.path);
    // A part of a change set may address the row that an earlier part made.
    let below = expand_reference(context, below);
    let segments = path::segments(&below)?;
    let Some((first, rest)) = segments.split_first() else {
        return if call.method == "GET" { Ok(csdl::service_document(org, context)) } else { Err(wrong_method(call)) };
    };
    match first.name.as_str() {
        "$metadata" if call.method == "GET" => return csdl::answer(org, call).map(Done::from),
        name if metadata::is_metadata(name) => {
            return metadata::answer(org, context, call, &segments).map(Done::from);
        }
        _ => {}
    }
    if let Some(answer) = actions::unbound(org, context, call, first, rest)? {
        return Ok(answer.into());
    }
    let table = org.table_of_set(&first.name)?.clone();
    match &first.arguments {
        None => of_set(org, context, call, &table, rest),
        Some(arguments) => of_row(org, context, call, &table, arguments, rest).map(Done::from),
    }
}

/// Whether the request passes custom plug-ins by, which needs a privilege.
fn bypasses(org: &Org, context: &Context, call: &Call) -> Outcome<bool> {
    let logic = call.header("mscrm.bypassbusinesslogicexecution").is_some_and(|kinds| kinds.contains("CustomSync"));
    let plug_ins = call.header("mscrm.bypasscustompluginexecution").is_some_and(|value| value == "true");
    if logic {
        org.need_named(context, "prvBypassCustomBusinessLogic")?;
    }
    if plug_ins {
        org.need_named(context, "prvBypassCustomPlugins")?;
    }
    Ok(logic || plug_ins)
}

/// The refusal of a method that a resource does not have.
pub fn wrong_method(call: &Call) -> Failure {
    let message = format!("The requested resource does not support http method '{}'.", call.method);
    Failure::new(405, "0x0", message)
}

fn expand_reference(context: &Context, below: &str) -> String {
    let decoded = below.replace("%24", "$");
    let Some(rest) = decoded.strip_prefix('$') else { return below.to_owned() };
    let (name, tail) = rest.split_once('/').map_or((rest, ""), |(name, tail)| (name, tail));
    match context.made.get(name) {
        Some((set, id)) if tail.is_empty() => format!("{set}({id})"),
        Some((set, id)) => format!("{set}({id})/{tail}"),
        None => below.to_owned(),
    }
}

fn of_set(org: &mut Org, context: &Context, call: &Call, table: &Table, rest: &[Segment]) -> Outcome<Done> {
    let names: Vec<&str> = rest.iter().map(|segment| segment.name.as_str()).collect();
    let tracks = call.prefer().track_changes || call.query.get("$deltatoken").is_some();
    match (call.method.as_str(), names.as_slice()) {
        ("GET", []) if tracks => query::changes(org, context, call, table).map(Done::from),
        ("GET", []) => query::collection(org, context, call, table, None).map(Done::from),
        ("GET", ["$count"]) if tracks => query::count_changes(org, context, call, table).map(Done::from),
        ("GET", ["$count"]) => query::count(org, context, call, table).map(Done::from),
        ("POST", []) => records::create(org, context, call, table).map(Done::from),
        ("POST", [message]) if message.starts_with(NAMESPACE) => bulk::answer(org, context, call, table, message),
        (_, []) => Err(wrong_method(call)),
        (_, [name, ..]) => Err(Failure::no_segment(name)),
    }
}

fn of_row(
    org: &mut Org,
    context: &Context,
    call: &Call,
    table: &Table,
    arguments: &str,
    rest: &[Segment],
) -> Outcome<Answer> {
    let target = Target::read(table, arguments)?;
    let names: Vec<&str> = rest.iter().map(|segment| segment.name.as_str()).collect();
    match (call.method.as_str(), names.as_slice()) {
        ("GET", []) => {
            let row = target.row(org, table)?;
            query::single(org, context, call, table, &row)
        }
        ("PATCH", []) => records::patch(org, context, call, table, &target),
        ("DELETE", []) => records::delete(org, context, call, table, &target),
        ("GET", [name]) if name.starts_with(NAMESPACE) => actions::bound(org, context, table, &target, name),
        ("GET", [name]) => records::part(org, context, call, table, &target, name),
        ("PUT", [column]) => records::set_one(org, context, call, table, &target, column),
        ("DELETE", [column]) => records::clear_one(org, context, table, &target, column),
        ("POST", [navigation, "$ref"]) => records::associate(org, context, call, table, &target, navigation),
        ("PUT", [navigation, "$ref"]) => records::link(org, context, call, table, &target, navigation),
        ("DELETE", [_, "$ref"]) => {
            let navigation = rest.first().cloned().unwrap_or_else(|| Segment::plain(""));
            records::unlink(org, context, call, table, &target, &navigation)
        }
        (_, []) => Err(wrong_method(call)),
        (_, [name, ..]) => Err(Failure::no_segment(name)),
    }
}
