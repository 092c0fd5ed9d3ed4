//! How commands print and end: a table for people, JSON for programs, and documented exit codes.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use serde::Serialize;

/// In what form a command prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON document on standard output, nothing else.
    Json,
}

impl Output {
    pub fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// Exit codes of all commands; the same in `--help` and the docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// The command did what it was asked. Held documents and a spent quota are no failure.
    Done = 0,
    /// It ran, and something needs a person: a finding, refused credentials, a manifest that names what is not there, a
    /// system that cannot be reached.
    NeedsAttention = 1,
    /// The command line or the manifests are wrong; nothing was called.
    Usage = 2,
    /// Another process works on the same connection.
    Locked = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What `--help` says of the exit codes.
pub const EXIT_CODES: &str = "Exit codes: 0 done (documents may be held) · 1 something needs a person · 2 wrong command \
                              line or manifests · 3 another process works on the connection";

/// Prints to standard output. A reader that has gone away (`| head`) is no error.
///
/// # Errors
/// Whatever else keeps standard output from taking the text.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints a value as one JSON document.
///
/// # Errors
/// When it cannot be written.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(print(&(serde_json::to_string_pretty(value)? + "\n"))?)
}
