//! Files that come with messages.

use shared::ids::MemberId;
use shared::model::conversation::{Attachment, AttachmentHeld};
use shared::store::keys;
use shared::{App, Error, Result};

/// The file that `from` announced for `to` under this reference, if it was sent and is what it was said to be.
pub async fn named(app: &App, from: MemberId, to: MemberId, reference: &str) -> Result<Attachment> {
    let refused = || Error::invalid_field("attachment_reference", "There is no such file.");
    let held: Option<AttachmentHeld> = app.table.get(keys::attachment(from, to, reference)).await?;
    let held = held.filter(|held| held.from == from).ok_or_else(refused)?;
    Ok(held.attachment)
}
