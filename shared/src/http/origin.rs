//! Where a browser's request comes from: ourselves, a client that the operator listed, or somewhere else.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

use crate::config::Config;
use crate::error::{Error, Result};

/// Refuses a request that a foreign site made a browser send. Programs that send no `Origin` are no browsers.
pub fn check(config: &Config, headers: &HeaderMap) -> Result<()> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    // A browser sets both headers by itself, so a foreign page cannot make them agree.
    let own_host = || {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        authority.is_some() && authority == host
    };
    let listed = |origin: &str| config.allowed_origins.iter().any(|allowed| allowed == origin);
    if origin == config.public_url || listed(origin) || own_host() {
        return Ok(());
    }
    Err(Error::forbidden("foreign_origin", "Cross-site request refused."))
}
