//! Tokens in files of one directory: 0600 in 0700, written aside, flushed to the disk, then renamed.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;

use super::store::{TokenKey, TokenLock, TokenRecord, TokenStore, TokenStoreError};

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// A refresh with all its repeats takes less; who waits longer waits for a process that hangs.
const LOCK_TIMEOUT: Duration = Duration::from_secs(600);
const LOCK_POLL: Duration = Duration::from_millis(50);

/// A directory of its own for tokens. The lock is the operating system's, so it goes with a process that dies.
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    directory: Arc<PathBuf>,
}

struct FileLock {
    store: FileTokenStore,
    key: TokenKey,
    /// Held for as long as it is open.
    _file: File,
}

impl FileTokenStore {
    /// A store in `directory`, which is made if it is not there and closed to everyone else in any case.
    ///
    /// # Errors
    /// When the directory cannot be made or is not ours to close.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, TokenStoreError> {
        let directory = directory.into();
        let made = DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&directory);
        made.and_then(|()| fs::set_permissions(&directory, Permissions::from_mode(DIRECTORY_MODE)))
            .map_err(|error| failure("prepare the token directory", &directory, &error))?;
        Ok(Self { directory: Arc::new(directory) })
    }

    fn path(&self, key: &TokenKey, extension: &str) -> PathBuf {
        self.directory.join(format!("{}.{extension}", key.as_str()))
    }

    fn read_now(&self, key: &TokenKey) -> Result<Option<TokenRecord>, TokenStoreError> {
        let path = self.path(key, "json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failure("read the token file", &path, &error)),
        };
        // The parser's own message could quote a token.
        serde_json::from_slice(&text).map(Some).map_err(|_| {
            let path = path.display();
            TokenStoreError(format!("the token file {path} is damaged; remove it and run koppel authorize again"))
        })
    }

    fn write_now(&self, key: &TokenKey, record: &TokenRecord) -> Result<(), TokenStoreError> {
        let path = self.path(key, "json");
        let text = serde_json::to_vec(record).map_err(|error| TokenStoreError(error.to_string()))?;
        let aside = self.path(key, "new");
        write_durably(&aside, &text)
            .and_then(|()| fs::rename(&aside, &path))
            .and_then(|()| File::open(self.directory.as_path())?.sync_all())
            .map_err(|error| failure("write the token file", &path, &error))
    }

    async fn lock_file(&self, key: &TokenKey) -> Result<File, TokenStoreError> {
        let path = self.path(key, "lock");
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(FILE_MODE).open(&path);
        let file = opened.map_err(|error| failure("open the lock file", &path, &error))?;
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(failure("lock", &path, &error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    let path = path.display();
                    return Err(TokenStoreError(format!("another process holds the token's lock {path}; end it")));
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_POLL).await,
            }
        }
    }
}

impl TokenStore for FileTokenStore {
    fn read<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Option<TokenRecord>, TokenStoreError>> {
        let (store, key) = (self.clone(), key.clone());
        Box::pin(blocking(move || store.read_now(&key)))
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<Box<dyn TokenLock>, TokenStoreError>> {
        Box::pin(async move {
            let file = self.lock_file(key).await?;
            let lock = FileLock { store: self.clone(), key: key.clone(), _file: file };
            Ok(Box::new(lock) as Box<dyn TokenLock>)
        })
    }
}

impl TokenLock for FileLock {
    fn read(&self) -> BoxFuture<'_, Result<Option<TokenRecord>, TokenStoreError>> {
        self.store.read(&self.key)
    }

    fn write<'a>(&'a self, record: &'a TokenRecord) -> BoxFuture<'a, Result<(), TokenStoreError>> {
        let (store, key, record) = (self.store.clone(), self.key.clone(), record.clone());
        Box::pin(blocking(move || store.write_now(&key, &record)))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TokenStoreError> + Send + 'static,
) -> Result<T, TokenStoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(TokenStoreError("the work on the token file was broken off".to_owned())))
}

fn write_durably(path: &Path, text: &[u8]) -> io::Result<()> {
    // What an earlier process left half written may have any mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(FILE_MODE).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

fn failure(doing: &str, path: &Path, error: &io::Error) -> TokenStoreError {
    TokenStoreError(format!("unable to {doing} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::store::{DayCalls, TokenPair};
    use super::*;
    use jiff::Timestamp;
    use jiff::civil::Date;
    use secrecy::ExposeSecret;

    fn key() -> TokenKey {
        TokenKey::new("app", &"first".into())
    }

    fn record(access: &str) -> TokenRecord {
        let pair = TokenPair {
            access_token: access.into(),
            refresh_token: "refresh".into(),
            obtained_at: Timestamp::UNIX_EPOCH,
            expires_in_seconds: 600,
        };
        TokenRecord { pair: Some(pair), calls: Some(DayCalls { day: Date::constant(2026, 5, 4), calls: 3 }) }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn what_is_written_is_read_and_closed_to_others() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("tokens");
        let store = FileTokenStore::open(&directory).unwrap();
        assert!(store.read(&key()).await.unwrap().is_none());
        let lock = store.lock(&key()).await.unwrap();
        lock.write(&record("one")).await.unwrap();
        lock.write(&record("two")).await.unwrap();
        let read = FileTokenStore::open(&directory).unwrap().read(&key()).await.unwrap().unwrap();
        assert_eq!(read.pair.unwrap().access_token.expose_secret(), "two");
        assert_eq!(read.calls.unwrap().calls, 3);
        assert_eq!(mode(&directory), 0o700);
        for file in fs::read_dir(&directory).unwrap() {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
    }

    #[tokio::test]
    async fn one_writer_at_a_time_and_the_lock_goes_with_its_holder() {
        let home = tempfile::tempdir().unwrap();
        let store = FileTokenStore::open(home.path().join("t")).unwrap();
        let held = store.lock(&key()).await.unwrap();
        let (other, its_key) = (store.clone(), key());
        let waiting = tokio::spawn(async move { other.lock(&its_key).await.map(|_| ()) });
        tokio::time::sleep(LOCK_POLL * 3).await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_damaged_file_is_told_without_its_content() {
        let home = tempfile::tempdir().unwrap();
        let store = FileTokenStore::open(home.path().join("t")).unwrap();
        fs::write(store.path(&key(), "json"), br#"{"pair":{"accessToken":"very-secret""#).unwrap();
        let message = store.read(&key()).await.unwrap_err().to_string();
        assert!(message.contains("damaged") && message.contains("koppel authorize"), "{message}");
        assert!(!message.contains("very-secret"));
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let message = FileTokenStore::open(home.path().join("file/tokens")).unwrap_err().to_string();
        assert!(message.contains("file/tokens"), "{message}");
    }
}
