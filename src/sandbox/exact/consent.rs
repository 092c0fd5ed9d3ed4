//! The authorise page: what the user sees, and where the browser goes after the decision.

use std::collections::HashMap;

use super::answer::Answer;
use super::render::escape;
use super::seed::CLIENT_ID;
use super::world::World;

const HTML: &str = "text/html;charset=utf-8";

/// The page that asks for consent; its form posts the decision back.
pub fn page(options: &[(String, String)]) -> Answer {
    let given: HashMap<String, String> = options.iter().cloned().collect();
    if let Err(problem) = check(&given) {
        return Answer::text(400, HTML, format!("<html><body><h1>{}</h1></body></html>", escape(problem)));
    }
    let hidden: String = ["client_id", "redirect_uri", "response_type", "state"]
        .iter()
        .filter_map(|name| Some((name, given.get(*name)?)))
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
        .collect();
    let body = format!(
        "<html><head><title>Exact Online sandbox</title></head><body><h1>Koppel wants to use your administrations</h1>\
         <form method=\"post\" action=\"/api/oauth2/auth\">{hidden}\
         <button name=\"decision\" value=\"allow\">Allow</button>\
         <button name=\"decision\" value=\"refuse\">Refuse</button></form></body></html>"
    );
    Answer::text(200, HTML, body)
}

/// Sends the browser back with a code, or with `error=access_denied`; the state is echoed.
pub fn decide(world: &mut World, form: &HashMap<String, String>) -> Answer {
    let redirect = match check(form) {
        Ok(redirect) => redirect,
        Err(problem) => return Answer::text(400, HTML, format!("<html><body>{}</body></html>", escape(problem))),
    };
    let mut target = redirect.clone();
    let now = world.now();
    {
        let mut query = target.query_pairs_mut();
        if form.get("decision").map(String::as_str) == Some("allow") {
            query.append_pair("code", &world.oauth.issue_code(redirect_as_given(form), now));
        } else {
            query.append_pair("error", "access_denied");
        }
        if let Some(state) = form.get("state") {
            query.append_pair("state", state);
        }
    }
    Answer::empty(302).with_header("Location", target.as_str())
}

fn redirect_as_given(form: &HashMap<String, String>) -> &str {
    form.get("redirect_uri").map(String::as_str).unwrap_or_default()
}

fn check(given: &HashMap<String, String>) -> Result<url::Url, &'static str> {
    if given.get("client_id").map(String::as_str) != Some(CLIENT_ID) {
        return Err("unknown client_id");
    }
    if given.get("response_type").map(String::as_str) != Some("code") {
        return Err("response_type must be code");
    }
    let redirect = url::Url::parse(redirect_as_given(given)).map_err(|_| "redirect_uri is not a URL")?;
    if matches!(redirect.scheme(), "http" | "https") { Ok(redirect) } else { Err("redirect_uri must be http or https") }
}
