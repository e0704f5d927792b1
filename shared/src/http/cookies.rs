//! Cookies: read from a request, written with the flags that a session deserves (RFC 6265).

use chrono::Duration;
use cookie::Cookie;
pub use cookie::SameSite;
use http::HeaderMap;
use http::header::COOKIE;

use crate::app::App;

/// The value of the first cookie of this name.
pub fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// How far a cookie goes.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// The path from which on it is sent.
    pub path: &'static str,
    /// Whether browsers send it along from other sites.
    pub same_site: SameSite,
    /// Whether scripts can read it.
    pub scripts: bool,
}

impl Reach {
    /// Everywhere here; scripts cannot read it, and other sites do not send it along with writes.
    pub const USUAL: Reach = Reach { path: "/", same_site: SameSite::Lax, scripts: false };
}

/// A cookie that goes as far as it should.
pub fn set_within(app: &App, reach: Reach, name: &str, value: &str, lasts: Duration) -> String {
    Cookie::build((name, value))
        .path(reach.path)
        .http_only(!reach.scripts)
        .secure(app.config.is_secure())
        .same_site(reach.same_site)
        .max_age(cookie::time::Duration::seconds(lasts.num_seconds()))
        .build()
        .to_string()
}

/// The same cookie, taken away: it is another one at another path.
pub fn clear_within(app: &App, reach: Reach, name: &str) -> String {
    set_within(app, reach, name, "", Duration::zero())
}

/// A cookie that scripts cannot read and other sites do not send along with writes.
pub fn set(app: &App, name: &str, value: &str, lasts: Duration) -> String {
    set_within(app, Reach::USUAL, name, value, lasts)
}

/// The same cookie, taken away.
pub fn clear(app: &App, name: &str) -> String {
    clear_within(app, Reach::USUAL, name)
}
