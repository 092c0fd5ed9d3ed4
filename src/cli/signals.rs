//! Ctrl-C and SIGTERM.

use crate::sync::StopSignal;

/// Ctrl-C and SIGTERM ask what runs to end between two calls; what was done until then is recorded. `tell` is called then.
pub fn stop_on_signal(stop: StopSignal, tell: impl FnOnce() + Send + 'static) {
    tokio::spawn(async move {
        asked_to_end().await;
        tell();
        stop.ask();
    });
}

/// Returns on Ctrl-C or SIGTERM.
pub async fn asked_to_end() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(error) => {
                tracing::warn!(%error, "unable to listen for SIGTERM");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
