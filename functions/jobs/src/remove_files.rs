//! Removes files that were replaced. Names are never used twice, so a file once let go of stays so.

use shared::{App, Result};

/// Removes these files from the bucket; those that are gone already count as removed.
pub async fn run(app: &App, files: &[String]) -> Result<()> {
    for file in files {
        app.media.delete(file).await?;
    }
    Ok(())
}
