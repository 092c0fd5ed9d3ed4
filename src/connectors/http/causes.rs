//! An error with everything that stands behind it: `client error (Connect)` alone helps nobody.

use std::error::Error;

/// The error and its causes, outermost first; what a message repeats of its cause stands once.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let told = cause.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use thiserror::Error;

    use super::*;

    #[derive(Debug, Error)]
    #[error("{told}")]
    struct Told {
        told: &'static str,
        source: Option<Box<Told>>,
    }

    fn told(told: &'static str, source: Option<Told>) -> Told {
        Told { told, source: source.map(Box::new) }
    }

    #[test]
    fn every_cause_is_told_once() {
        let error = told("unable to call", Some(told("client error: refused", Some(told("refused", None)))));
        assert_eq!(causes(&error), "unable to call: client error: refused");
        assert_eq!(causes(&told("alone", None)), "alone");
    }
}
