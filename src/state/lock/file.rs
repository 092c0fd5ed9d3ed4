//! The lock as a file that the operating system locks; what is in it says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::state::error::{StateError, StateResult};

/// Takes the lock of `connection` without waiting; held while the file is open.
pub(super) fn lock(directory: &Path, connection: &str, holder: &str) -> StateResult<File> {
    let path = path_of(directory, connection);
    let unusable = |source| StateError::Directory { path: path.clone(), source };
    let mut file =
        OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(locked_by(&mut file, connection)),
        Err(TryLockError::Error(source)) => return Err(StateError::Directory { path, source }),
    }
    let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(holder.as_bytes()));
    written.map_err(unusable)?;
    Ok(file)
}

fn locked_by(file: &mut File, connection: &str) -> StateError {
    let mut holder = String::new();
    if file.read_to_string(&mut holder).is_err() || holder.is_empty() {
        holder = "another process".to_owned();
    }
    StateError::Locked { connection: connection.to_owned(), holder }
}

fn path_of(directory: &Path, connection: &str) -> PathBuf {
    let digest = Sha256::digest(connection.as_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    directory.join(format!("{name}.lock"))
}
