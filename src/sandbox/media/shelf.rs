//! Where media are kept: the bytes in one file, and beside it what is known about them.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tempfile::{NamedTempFile, TempPath};
use tokio::fs::{self, File};
use uuid::Uuid;

use crate::clock::Clock;
use crate::model::Timestamp;

/// How long an uploaded media can be used.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Medium {
    pub(crate) id: String,
    pub(crate) phone_number_id: String,
    pub(crate) mime_type: String,
    /// In hex.
    pub(crate) sha256: String,
    pub(crate) file_size: u64,
    /// Milliseconds since 1970.
    pub(crate) uploaded_at: i64,
}

#[derive(Debug)]
pub(crate) struct Shelf {
    dir: PathBuf,
    clock: Clock,
    media: RwLock<HashMap<String, Medium>>,
}

impl Shelf {
    /// Takes up what an earlier sandbox left in the directory.
    pub(crate) async fn open(dir: PathBuf, clock: Clock) -> io::Result<Self> {
        fs::create_dir_all(&dir).await?;
        let mut media = HashMap::new();
        let mut entries = fs::read_dir(&dir).await?;
        while let Some(entry) = entries.next_entry().await? {
            if let Some(medium) = read_description(&entry.path()).await
                && fs::try_exists(dir.join(&medium.id)).await?
            {
                media.insert(medium.id.clone(), medium);
            }
        }
        Ok(Self { dir, clock, media: RwLock::new(media) })
    }

    pub(crate) fn find(&self, id: &str) -> Option<Medium> {
        let media = self.media.read().unwrap_or_else(PoisonError::into_inner);
        let medium = media.get(id).cloned()?;
        let end = Timestamp::from_millis(medium.uploaded_at).plus(LIFETIME);
        (self.clock.now() < end).then_some(medium)
    }

    pub(super) async fn bytes(&self, medium: &Medium) -> io::Result<File> {
        File::open(self.dir.join(&medium.id)).await
    }

    /// A file for bytes that are still coming; it is gone again unless it is kept.
    pub(super) fn begin(&self) -> io::Result<(File, TempPath)> {
        let (file, path) = NamedTempFile::new_in(&self.dir)?.into_parts();
        Ok((File::from_std(file), path))
    }

    pub(super) async fn keep(&self, medium: Medium, bytes: TempPath) -> io::Result<()> {
        bytes.persist(self.dir.join(&medium.id))?;
        let description = serde_json::to_vec_pretty(&medium)?;
        fs::write(self.description_path(&medium.id), description).await?;
        let mut media = self.media.write().unwrap_or_else(PoisonError::into_inner);
        media.insert(medium.id.clone(), medium);
        Ok(())
    }

    pub(crate) async fn remove(&self, medium: &Medium) {
        self.media.write().unwrap_or_else(PoisonError::into_inner).remove(&medium.id);
        for path in [self.description_path(&medium.id), self.dir.join(&medium.id)] {
            if let Err(error) = fs::remove_file(path).await {
                tracing::warn!(media_id = %medium.id, %error, "a file of the sandbox stays behind");
            }
        }
    }

    fn description_path(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }
}

/// Sixteen digits, as Meta's ids have.
pub(super) fn new_id() -> String {
    let digits = Uuid::new_v4().as_u128() % 9_000_000_000_000_000;
    digits.saturating_add(1_000_000_000_000_000).to_string()
}

/// `None` for any file that does not describe a media.
async fn read_description(path: &Path) -> Option<Medium> {
    if path.extension()? != "json" {
        return None;
    }
    serde_json::from_slice(&fs::read(path).await.ok()?).ok()
}
