//! The archive: one JSON file, and the member's own files beside it.

use std::io::{Cursor, Write};

use bytes::Bytes;
use serde_json::Value;
use shared::{Error, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::data;

/// The name of the machine-readable part.
pub const DATA: &str = "personal-data.json";

/// Packs everything into a zip file.
pub async fn pack(json: Value, files: Vec<(String, Bytes)>) -> Result<Vec<u8>> {
    let packed = tokio::task::spawn_blocking(move || {
        let json = data::pretty(&json)?;
        write(&json, &files).map_err(|cause| Error::internal("An export could not be packed.", cause))
    });
    packed.await.map_err(|cause| Error::internal("An export was dropped.", cause))?
}

fn write(json: &[u8], files: &[(String, Bytes)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive.start_file(DATA, options.compression_method(CompressionMethod::Deflated))?;
    archive.write_all(json)?;
    for (name, bytes) in files {
        // Pictures are packed already.
        archive.start_file(name, options.compression_method(CompressionMethod::Stored))?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
