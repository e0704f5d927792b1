//! Notices on open sockets: whoever is online hears at once what they are told of.

use serde_json::json;
use shared::model::notice::Notice;
use shared::model::socket::Surface;
use shared::{App, Error, Result, notices};

use crate::delivery;

/// Shows a notice on the sockets of whoever it is for, as far as those speak our own words.
pub async fn show(app: &App, notice: Notice) -> Result<()> {
    let mut sockets = delivery::sockets(app, notice.member).await?;
    sockets.retain(|open| open.surface == Surface::Native);
    if sockets.is_empty() {
        return Ok(());
    }
    let views = notices::views(app, notice.member, &[notice], None).await?;
    let Some(view) = views.first() else { return Ok(()) };
    let unwritten = |cause| Error::internal("A frame could not be written.", cause);
    let mut frame = serde_json::to_value(view).map_err(unwritten)?;
    frame["type"] = json!("notice");
    delivery::send_all(app, sockets.into_iter().map(|open| (frame.clone(), open)).collect()).await;
    Ok(())
}
