//! The files of a folder that kubectl would read.

use std::fs;
use std::path::{Path, PathBuf};

use super::LoadError;

/// Files that one folder may hold.
const FILES_MAX: usize = 2_000;
/// Size of one file, in bytes: an API server takes no object of more than a few MB.
pub const FILE_SIZE_MAX: u64 = 8 * 1024 * 1024;

/// The manifest files at `path`, in the order of their names; a file that is named itself is taken whatever its ending.
pub fn list(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let failed = |source| LoadError::Io { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if is_manifest(&file) {
            files.push(file);
        }
    }
    match files.len() {
        0 => Err(LoadError::NoFiles { path: path.to_owned() }),
        count if count > FILES_MAX => Err(LoadError::TooManyFiles { path: path.to_owned(), most: FILES_MAX }),
        _ => {
            files.sort();
            Ok(files)
        }
    }
}

/// By ending and kind; links are followed, since mounted volumes are made of them.
fn is_manifest(file: &Path) -> bool {
    let ending = file.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("yaml" | "yml" | "json")) && !file.is_dir()
}

/// The text of a file, or what is wrong with it and on which line.
pub fn read(file: &Path) -> Result<String, (Option<usize>, String, &'static str)> {
    let unreadable =
        |error: std::io::Error| (None, format!("cannot be read: {error}"), "make it readable, or remove it");
    let size = fs::metadata(file).map_err(unreadable)?.len();
    if size > FILE_SIZE_MAX {
        let message = format!("has {size} bytes, at most {FILE_SIZE_MAX} are read");
        return Err((None, message, "divide it, or move it out of the folder"));
    }
    let bytes = fs::read(file).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        (Some(line), "is not in UTF-8".to_owned(), "save it in UTF-8")
    })
}
