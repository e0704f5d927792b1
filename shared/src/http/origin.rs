//! Where a browser's request comes from: ourselves, a client that the operator listed, or somewhere else.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use url::Url;

use crate::config::Config;
use crate::error::{Error, Result};

/// The address of a page to go on to, if it is one of ours or of a client that the operator listed; a path alone is ours.
pub fn own_page(config: &Config, address: &str) -> Option<Url> {
    let page = Url::parse(&format!("{}/", config.public_url)).ok()?.join(address).ok()?;
    let origin = page.origin().ascii_serialization();
    let listed = origin == config.public_url || config.allowed_origins.contains(&origin);
    let plain = matches!(page.scheme(), "http" | "https") && page.username().is_empty() && page.password().is_none();
    (listed && plain).then_some(page)
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;

    #[test]
    fn nobody_is_sent_to_a_foreign_page() {
        let environment = Environment::from([
            ("PUBLIC_URL".to_owned(), "https://api.example.org".to_owned()),
            ("ALLOWED_ORIGINS".to_owned(), "https://app.example.org,http://localhost:5173".to_owned()),
        ]);
        let config = Config::new(&environment, &[]).unwrap();
        let page = |address: &str| own_page(&config, address).map(|page| page.to_string());
        assert_eq!(page("/a?b=c").as_deref(), Some("https://api.example.org/a?b=c"));
        assert_eq!(page("https://app.example.org/x").as_deref(), Some("https://app.example.org/x"));
        assert_eq!(page("http://localhost:5173").as_deref(), Some("http://localhost:5173/"));
        for address in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "\\\\evil.example",
            "https://app.example.org.evil.example/",
            "https://app.example.org@evil.example/",
            "https://evil@app.example.org/",
            "http://app.example.org/",
            "https://app.example.org:8443/",
            "http://localhost:51730/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:///evil.example",
        ] {
            assert_eq!(page(address), None, "{address}");
        }
    }
}
