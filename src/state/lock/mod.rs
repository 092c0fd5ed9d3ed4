//! One writer per connection (design §4). The lock is the operating system's, so that it ends with the process however
//! that ends; the file says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::error::{StateError, StateResult};
use super::store::ConnectionState;

/// Holds the right to write for one connection; released when dropped, or with the process.
#[derive(Debug)]
pub struct ConnectionLock {
    _file: File,
}

impl ConnectionState {
    /// Takes the connection's lock without waiting.
    ///
    /// # Errors
    /// [`StateError::Locked`], which says who holds it.
    pub fn lock(&self, now: Timestamp) -> StateResult<ConnectionLock> {
        let path = self.lock_path();
        let unusable = |source| StateError::Directory { path: path.clone(), source };
        let mut file =
            OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&path).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.locked_by(&mut file)),
            Err(TryLockError::Error(source)) => return Err(StateError::Directory { path, source }),
        }
        let holder = format!("process {} on {} since {now:.0}", std::process::id(), host_name());
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(holder.as_bytes()));
        written.map_err(unusable)?;
        Ok(ConnectionLock { _file: file })
    }

    fn locked_by(&self, file: &mut File) -> StateError {
        let mut holder = String::new();
        if file.read_to_string(&mut holder).is_err() || holder.is_empty() {
            holder = "another process".to_owned();
        }
        StateError::Locked { connection: self.connection.clone(), holder }
    }

    fn lock_path(&self) -> PathBuf {
        let digest = Sha256::digest(self.connection.as_bytes());
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.directory().join(format!("{name}.lock"))
    }
}

fn host_name() -> String {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    name.map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this host".to_owned())
}
