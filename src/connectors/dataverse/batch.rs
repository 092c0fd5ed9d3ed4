//! Several requests in one: `$batch` (dynamics365.md §3.1). It spares requests, not time nor entitlement, and is needed
//! where a table has no bulk messages, or where one bad row must not take the others with it.

use std::fmt::Write;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;
use uuid::Uuid;

use super::answer::not_the_api;
use super::call::Call;
use super::client::DataverseClient;
use crate::connectors::http::{Answer, CallResult};

const RESOURCE: &str = "$batch";
/// The service takes no more in one.
pub(super) const PARTS_MAX: usize = 1_000;

/// One request of a batch.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub method: Method,
    pub url: Url,
    pub body: String,
}

impl DataverseClient {
    /// Makes all `parts`, each for itself, none of which may do harm when made twice. Answers come in the order of the
    /// parts.
    ///
    /// # Errors
    /// As every call; what the single parts met is in their answers.
    pub(super) async fn batch(&self, parts: &[Part]) -> CallResult<Vec<Answer>> {
        let boundary = format!("batch_{}", Uuid::new_v4());
        let mut call = Call::idempotent(Method::POST, RESOURCE, self.api(RESOURCE, &[]), Some(write(&boundary, parts)));
        call.content_type = format!("multipart/mixed; boundary={boundary}");
        let answer = self.call(&call.header("Prefer", "odata.continue-on-error").rows(parts.len())).await?;
        let answers = read(&answer).ok_or_else(|| not_the_api(RESOURCE, "something that is no batch"))?;
        if answers.len() != parts.len() {
            let what = format!("{} answers to {} requests", answers.len(), parts.len());
            return Err(not_the_api(RESOURCE, &what));
        }
        Ok(answers)
    }
}

fn write(boundary: &str, parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "--{boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
             {} {} HTTP/1.1\r\nContent-Type: application/json; type=entry\r\nAccept: application/json\r\n\r\n{}\r\n",
            part.method, part.url, part.body
        );
    }
    text.push_str(&format!("--{boundary}--\r\n"));
    text
}

/// The answers in a batch's answer; `None` where it is none.
fn read(answer: &Answer) -> Option<Vec<Answer>> {
    let kind = answer.header("content-type")?;
    if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/mixed") {
        return None;
    }
    let boundary = kind.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?.trim_matches('"');
    let body = std::str::from_utf8(&answer.body).ok()?.replace("\r\n", "\n");
    let delimiter = format!("--{boundary}");
    let (inside, _) = body.rsplit_once(&format!("{delimiter}--"))?;
    inside.split(&format!("{delimiter}\n")).skip(1).map(read_part).collect()
}

/// `part headers, blank line, status line, headers, blank line, body`.
fn read_part(part: &str) -> Option<Answer> {
    let (_, http) = part.split_once("\n\n")?;
    let (head, body) = http.split_once("\n\n").unwrap_or((http, ""));
    let mut lines = head.lines();
    let status = lines.next()?.split_whitespace().nth(1)?.parse().ok()?;
    let headers: HeaderMap = lines.filter_map(read_header).collect();
    Some(Answer { status, headers, body: body.trim_end_matches('\n').as_bytes().to_vec() })
}

fn read_header(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(':')?;
    Some((name.trim().parse().ok()?, value.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const BODY: &str = "--batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
        HTTP/1.1 204 No Content\r\nOData-EntityId: https://x/a(1)\r\n\r\n\r\n\
        --batchresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
        HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\r\n{\"error\":{\"code\":\"0x80044331\"}}\r\n\
        --batchresponse_1--\r\n";

    fn answer(kind: &'static str, body: &str) -> Answer {
        let headers = [(HeaderName::from_static("content-type"), HeaderValue::from_static(kind))];
        Answer { status: 200, headers: headers.into_iter().collect(), body: body.as_bytes().to_vec() }
    }

    #[rstest]
    #[case("multipart/mixed; boundary=batchresponse_1", false)]
    #[case("multipart/mixed;boundary=\"batchresponse_1\"; charset=utf-8", true)]
    fn answers_are_read_in_every_dress(#[case] kind: &'static str, #[case] bare_line_ends: bool) {
        let body = if bare_line_ends { BODY.replace("\r\n", "\n") } else { BODY.to_owned() };
        let answers = read(&answer(kind, &body)).unwrap();
        assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [204, 400]);
        assert_eq!(answers[0].header("odata-entityid"), Some("https://x/a(1)"));
        assert_eq!(
            (answers[0].body.len(), answers[1].body.as_slice()),
            (0, br#"{"error":{"code":"0x80044331"}}"#.as_slice())
        );
    }

    #[test]
    fn what_is_no_batch_is_none() {
        assert!(read(&answer("application/json", "{}")).is_none());
        assert!(read(&answer("multipart/mixed; boundary=batchresponse_1", &BODY[..BODY.len() - 30])).is_none());
    }

    #[test]
    fn requests_are_written_as_the_service_reads_them() {
        let url = Url::parse("https://x/api/data/v9.2/sets(k='a')").unwrap();
        let text = write("b", &[Part { method: Method::PATCH, url, body: "{}".to_owned() }]);
        let expected = "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
            PATCH https://x/api/data/v9.2/sets(k='a') HTTP/1.1\r\nContent-Type: application/json; type=entry\r\n\
            Accept: application/json\r\n\r\n{}\r\n--b--\r\n";
        assert_eq!(text, expected);
    }
}
