//! Cookies: read from a request, written with the flags that a session deserves (RFC 6265).

use chrono::Duration;
use cookie::{Cookie, SameSite};
use http::HeaderMap;
use http::header::COOKIE;

use crate::app::App;

/// The value of the first cookie of this name.
pub fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut cookies = texts.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}

/// A cookie that scripts cannot read and other sites do not send along with writes.
pub fn set(app: &App, name: &str, value: &str, lasts: Duration) -> String {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(app.config.is_secure())
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(lasts.num_seconds()))
        .build()
        .to_string()
}

/// The same cookie, taken away.
pub fn clear(app: &App, name: &str) -> String {
    set(app, name, "", Duration::zero())
}
