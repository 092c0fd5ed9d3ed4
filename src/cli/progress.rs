//! What a long run shows on a terminal: the stage, what was booked, brought up to date and held so far, and how fast.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::sync::progress::{Progress, Step};

/// A line that changes in place; nothing where standard error is no terminal.
pub struct TerminalProgress {
    bar: ProgressBar,
    booked: AtomicU64,
    updated: AtomicU64,
    held: AtomicU64,
}

impl TerminalProgress {
    pub fn new(connection: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template(
            "{spinner} {prefix}  {msg}  {pos} documents and records, {per_sec}, {elapsed}",
        );
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_prefix(connection.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, booked: AtomicU64::new(0), updated: AtomicU64::new(0), held: AtomicU64::new(0) }
    }
}

impl Progress for TerminalProgress {
    fn stage(&self, name: &str) {
        let [booked, updated, held] =
            [&self.booked, &self.updated, &self.held].map(|count| count.load(Ordering::Relaxed));
        self.bar.set_message(format!("{name} ({booked} booked, {updated} updated, {held} held)"));
    }

    fn advance(&self, outcome: Step) {
        match outcome {
            Step::Booked => self.booked.fetch_add(1, Ordering::Relaxed),
            Step::Held => self.held.fetch_add(1, Ordering::Relaxed),
            Step::Updated => self.updated.fetch_add(1, Ordering::Relaxed),
            Step::Unchanged => 0,
        };
        self.bar.inc(1);
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
