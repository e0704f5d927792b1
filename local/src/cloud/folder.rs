//! The data folder: the tables, the state and the files, used by one local cloud at a time.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use shared::config::Environment;
use tempfile::TempDir;

use super::Storage;

/// The data folder.
pub(super) struct DataFolder {
    files: PathBuf,
    tables: PathBuf,
    /// None where the state lives in memory.
    state: Option<PathBuf>,
    environment: PathBuf,
    /// Locked as long as we live; the system lets go of it however we end.
    _lock: File,
    /// Deleted when we end.
    _temporary: Option<TempDir>,
}

impl DataFolder {
    /// Makes the folder what it has to be, and takes it for ourselves.
    pub(super) fn open(storage: &Storage, buckets: &[String]) -> Result<DataFolder, String> {
        let (folder, temporary) = match storage {
            Storage::Folder(folder) => (folder.clone(), None),
            Storage::Memory => {
                let temporary = TempDir::with_prefix("guildhall-")
                    .map_err(|error| format!("No temporary folder can be made: {error}."))?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let unusable = |error: std::io::Error| format!("The folder {} cannot be used: {error}.", folder.display());
        let files = folder.join("files");
        fs::create_dir_all(&files).map_err(unusable)?;
        let lock = File::create(folder.join("lock")).map_err(unusable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                format!("The folder {} is in use by another local cloud; stop that first.", folder.display())
            }
            TryLockError::Error(error) => unusable(error),
        })?;
        for bucket in buckets {
            fs::create_dir_all(files.join(bucket)).map_err(unusable)?;
        }
        Ok(DataFolder {
            files,
            tables: folder.join("dynamo.db"),
            state: temporary.is_none().then(|| folder.join("local.db")),
            environment: folder.join("functions.env"),
            _lock: lock,
            _temporary: temporary,
        })
    }

    pub(super) fn files(&self) -> &Path {
        &self.files
    }

    pub(super) fn tables_file(&self) -> &Path {
        &self.tables
    }

    pub(super) fn state_file(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// Writes what all functions need into `functions.env`, for `cargo lambda watch --env-file`.
    pub(super) fn keep_environment(&self, environments: &BTreeMap<String, Environment>) -> Result<(), String> {
        let all: Environment =
            environments.values().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
        let lines: String = all
            .iter()
            // Each has a name of its own, which cargo lambda gives it.
            .filter(|(name, _)| *name != "AWS_LAMBDA_FUNCTION_NAME")
            .map(|(name, value)| format!("{name}={value}\n"))
            .collect();
        // It holds the secrets, so it is for its owner alone from the first byte on.
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&self.environment)
            .and_then(|mut file| file.write_all(lines.as_bytes()))
            .map_err(|error| format!("{} cannot be written: {error}.", self.environment.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_serves_one_cloud_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::Folder(folder.path().join("data"));
        let first = DataFolder::open(&storage, &["media".to_owned()]).unwrap();
        assert!(first.files().join("media").is_dir());
        assert!(DataFolder::open(&storage, &[]).err().unwrap().contains("in use by another local cloud"));
        drop(first);
        DataFolder::open(&storage, &[]).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_refused_in_a_sentence() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let storage = Storage::Folder(file.path().join("data"));
        assert!(DataFolder::open(&storage, &[]).err().unwrap().contains("cannot be used"));
    }
}
