//! One port for http and https: the first byte of a connection tells a TLS greeting from a request line. The handlers learn
//! by [`Front`] how the client addressed them, for the links in answers.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// The first byte of a TLS handshake record.
const HANDSHAKE: u8 = 0x16;
/// A client that says nothing for this long is let go.
const GREETING_WAIT: Duration = Duration::from_secs(30);
const WAITING_CONNECTIONS: usize = 64;

/// How a client addressed the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    pub secure: bool,
    /// Host and port as in the header `Host`.
    pub host: String,
}

impl Front {
    /// Scheme, host and port, without a slash at the end.
    pub fn base(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.host)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Front {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let secure = parts.extensions.get::<ConnectInfo<Peer>>().is_some_and(|ConnectInfo(peer)| peer.secure);
        let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("localhost");
        Ok(Self { secure, host: host.to_owned() })
    }
}

/// How a connection came: over TLS or plainly.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    secure: bool,
}

impl Connected<IncomingStream<'_, BothListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, BothListener>) -> Self {
        *stream.remote_addr()
    }
}

/// Serves `router` on a port, plainly and over TLS, until stopped.
pub fn serve(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let listener = BothListener::start(listener, TlsAcceptor::from(config));
    tokio::spawn(async move {
        let until_stopped = async move {
            // An error means that the sandbox was dropped without a shutdown: serve on to the end of the process.
            if stopped.wait_for(|stopped| *stopped).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let service = router.into_make_service_with_connect_info::<Peer>();
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(until_stopped).await {
            tracing::error!(%error, "a sandbox server ended");
        }
    })
}

/// Connections that are ready to be read. Handshakes go on beside each other, so that none holds up another.
struct BothListener {
    ready: mpsc::Receiver<(Stream, Peer)>,
    accepting: JoinHandle<()>,
}

impl BothListener {
    fn start(listener: TcpListener, acceptor: TlsAcceptor) -> Self {
        let (sender, ready) = mpsc::channel(WAITING_CONNECTIONS);
        Self { ready, accepting: tokio::spawn(accept_all(listener, acceptor, sender)) }
    }
}

impl Drop for BothListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept_all(listener: TcpListener, acceptor: TlsAcceptor, ready: mpsc::Sender<(Stream, Peer)>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, for example: it passes.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            if let Ok(Ok(connection)) = tokio::time::timeout(GREETING_WAIT, greet(stream, acceptor)).await {
                // Nobody listens any more once the server has been stopped.
                let _ = ready.send(connection).await;
            }
        });
    }
}

async fn greet(stream: TcpStream, acceptor: TlsAcceptor) -> io::Result<(Stream, Peer)> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    let secure = stream.peek(&mut first).await? == 1 && first[0] == HANDSHAKE;
    let stream = if secure { Stream::Tls(Box::new(acceptor.accept(stream).await?)) } else { Stream::Plain(stream) };
    Ok((stream, Peer { secure }))
}

impl Listener for BothListener {
    type Io = Stream;
    type Addr = Peer;

    async fn accept(&mut self) -> (Stream, Peer) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer { secure: false })
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
