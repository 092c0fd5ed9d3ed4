//! One HTTP exchange with every limit set: time to connect, time for the whole, size of the answer.

use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Request, Response, redirect};
use thiserror::Error;

use super::causes::causes;
use super::counter::CallCounter;

/// Largest answer that is read; the largest that a vendor documents for what we read is 9.5 MB, and 38 MB for others.
pub const ANSWER_BYTES_MAX: usize = 40 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(100);

/// A client for one vendor, counting its calls. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
    counter: CallCounter,
    answer_bytes_max: usize,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// No usable answer came.
#[derive(Clone, Debug, Error)]
pub enum TransportError {
    /// The request never left: nothing can have happened at the vendor.
    #[error("{0}")]
    NotSent(String),
    /// The request may have arrived: a write may have happened.
    #[error("{0}")]
    Interrupted(String),
    /// The answer is larger than [`ANSWER_BYTES_MAX`]; a write has probably happened.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl HttpClient {
    /// A client whose requests take at most `answer_timeout` (100 s when absent).
    ///
    /// # Errors
    /// When the machine's TLS set-up cannot be read.
    pub fn new(answer_timeout: Option<Duration>) -> Result<Self, reqwest::Error> {
        // Fails only where a provider is installed already, and then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("koppel/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(answer_timeout.unwrap_or(ANSWER_TIMEOUT))
            // A vendor's API never redirects; following one would carry a token elsewhere.
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self { client, counter: CallCounter::default(), answer_bytes_max: ANSWER_BYTES_MAX })
    }

    /// The same client, reading answers of at most `bytes`.
    #[must_use]
    pub fn with_answer_bytes_max(mut self, bytes: usize) -> Self {
        self.answer_bytes_max = bytes;
        self
    }

    /// The underlying client, to build requests with.
    pub fn requests(&self) -> &reqwest::Client {
        &self.client
    }

    pub fn counter(&self) -> &CallCounter {
        &self.counter
    }

    /// Sends `request` and reads the whole answer. Counts the call whatever becomes of it.
    ///
    /// # Errors
    /// [`TransportError`], which tells whether the request can have arrived.
    pub async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let result = self.exchange(request).await;
        self.counter.record(result.as_ref().ok().map(|answer| answer.status));
        result
    }

    async fn exchange(&self, request: Request) -> Result<Answer, TransportError> {
        let response = self.client.execute(request).await.map_err(transport_error)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = self.read_body(response).await?;
        Ok(Answer { status, headers, body })
    }

    async fn read_body(&self, response: Response) -> Result<Vec<u8>, TransportError> {
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| TransportError::Interrupted(describe(&error)))?;
            if body.len() + chunk.len() > self.answer_bytes_max {
                return Err(TransportError::TooLarge(self.answer_bytes_max));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl Answer {
    /// The vendor's own time, by its `Date` header: what quotas and tokens are told by (I6).
    pub fn date(&self) -> Option<Timestamp> {
        let text = self.header(DATE.as_str())?;
        rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
    }

    /// How long the vendor asks to wait: seconds, or an HTTP date against its own `Date`.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header(RETRY_AFTER.as_str())?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let until = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        Duration::try_from(until.duration_since(self.date()?)).ok()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first of the body as one line, for messages; never used to decide anything.
    pub fn excerpt(&self) -> String {
        let text: String = String::from_utf8_lossy(&self.body).chars().take(200).collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn transport_error(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(describe(&error))
    } else {
        TransportError::Interrupted(describe(&error))
    }
}

/// The error with its causes but without the URL, whose query may carry what does not belong in a log (I9).
fn describe(error: &reqwest::Error) -> String {
    let head = if error.is_timeout() { "no answer in time" } else { "the connection failed" };
    match std::error::Error::source(error) {
        Some(cause) => format!("{head}: {}", causes(cause)),
        None => head.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn answer(headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let pairs = headers.iter();
        let headers = pairs.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Answer { status: 200, headers: headers.collect(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn the_vendors_date_is_read_and_nonsense_is_none() {
        let date = answer(&[("date", "Mon, 04 May 2026 10:00:00 GMT")], "").date();
        assert_eq!(date.unwrap().to_string(), "2026-05-04T10:00:00Z");
        assert_eq!(answer(&[("date", "today")], "").date(), None);
        assert_eq!(answer(&[], "").date(), None);
    }

    #[test]
    fn a_wait_is_asked_in_seconds_or_until_a_date() {
        assert_eq!(answer(&[("retry-after", " 7 ")], "").retry_after(), Some(Duration::from_secs(7)));
        let date = ("date", "Mon, 04 May 2026 10:00:00 GMT");
        let later = answer(&[date, ("retry-after", "Mon, 04 May 2026 10:01:30 GMT")], "");
        assert_eq!(later.retry_after(), Some(Duration::from_secs(90)));
        let earlier = answer(&[date, ("retry-after", "Mon, 04 May 2026 09:00:00 GMT")], "");
        assert_eq!(earlier.retry_after(), None);
        assert_eq!(answer(&[("retry-after", "-1")], "").retry_after(), None);
    }

    /// A server whose certificate nobody has signed; it ends with its first caller.
    fn untrusted_server() -> std::net::SocketAddr {
        let signed = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![signed.cert.der().clone()], key)
            .unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut tls = rustls::ServerConnection::new(std::sync::Arc::new(config)).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            // The caller breaks it off.
            let _ = tls.complete_io(&mut stream);
        });
        address
    }

    #[tokio::test]
    async fn why_tls_failed_is_told_and_nothing_of_the_url_i9() {
        let url = format!("https://localhost:{}/api?token=hunter2", untrusted_server().port());
        let http = HttpClient::new(None).unwrap();
        let request = http.requests().get(url).build().unwrap();
        let Err(TransportError::NotSent(told)) = http.send(request).await else { panic!("it was sent") };
        assert!(told.contains("certificate") && told.contains("UnknownIssuer"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        let excerpt = answer(&[], &"long\r\n line ".repeat(100)).excerpt();
        assert!(excerpt.len() <= 200 && !excerpt.contains('\n'));
    }
}
