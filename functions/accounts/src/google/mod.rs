//! Signing in with Google: [`journey`] sends somebody there and takes them back once, [`arrival`] finds out or makes
//! whose account they come with, [`link`] keeps and gives up the connection, [`vault`] locks away what acts for members.
//! [`skillnet`] has the routes.

pub mod arrival;
pub mod journey;
pub mod link;
pub mod skillnet;
pub mod vault;

use shared::{App, Error, Result};

/// Refuses where no client is configured that Google would know.
fn expect_on(app: &App) -> Result<()> {
    if app.config.google_client_id.is_empty() {
        return Err(Error::unavailable("google_off", "Signing in with Google is not set up here."));
    }
    Ok(())
}
