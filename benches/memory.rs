//! What memory a process takes, as the kernel saw it.

use std::process::{Child, ExitStatus};
use std::time::Duration;

/// How often the memory of the process is looked at. The highest value is the kernel's own, so only what is reached in the
/// last moments of the process can be missed.
const LOOK: Duration = Duration::from_millis(20);

/// Waits for the process; its exit status and `VmHWM` in kB.
pub fn watch(mut process: Child) -> anyhow::Result<(ExitStatus, u64)> {
    let path = format!("/proc/{}/status", process.id());
    let mut highest = 0;
    loop {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let value = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        highest = highest.max(value.unwrap_or(0));
        if let Some(status) = process.try_wait()? {
            return Ok((status, highest));
        }
        std::thread::sleep(LOOK);
    }
}
