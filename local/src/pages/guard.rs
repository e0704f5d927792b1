//! Who may use the local page: a browser that was sent to this very address, and no website but this one.
//!
//! A foreign website can make a browser send requests here. It cannot read the answers, unless its own name is made to
//! resolve to this machine, which the `Host` header betrays; and it could still change things, which `Origin` betrays.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, Request};

/// Refuses what a foreign website may have sent, and says why.
pub fn check(request: &Request<Bytes>, public_url: &str) -> Result<(), &'static str> {
    let host = text(request.headers(), HOST.as_str())?;
    if host.is_some_and(|host| !is_ours(host, public_url)) {
        return Err("This page answers to its own address only, such as localhost.");
    }
    if [Method::GET, Method::HEAD].contains(request.method()) {
        return Ok(());
    }
    let same_origin = match text(request.headers(), ORIGIN.as_str())? {
        Some(origin) => {
            let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            authority.is_some() && authority == host
        }
        // Browsers name the origin of whatever changes something; who names none is a program of the developer's.
        None => text(request.headers(), "sec-fetch-site")?.is_none_or(|site| site == "same-origin"),
    };
    if same_origin { Ok(()) } else { Err("Only this page itself may change things here.") }
}

/// A name for this machine, an address (which no foreign name resolves to), or the host that we serve as.
fn is_ours(host: &str, public_url: &str) -> bool {
    let name = without_port(host);
    let served = public_url.split_once("://").map_or(public_url, |(_, authority)| authority);
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
        || name.eq_ignore_ascii_case(without_port(served))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, &'static str> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| "A header is not text."),
        (Some(_), Some(_)) => Err("A header came twice."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    const SERVED: &str = "http://guildhall.test:8000";

    #[test]
    fn a_foreign_name_for_this_machine_is_refused() {
        let get = |host| check(&request(Method::GET, &[("host", host)]), SERVED).is_ok();
        for host in ["localhost:8000", "LOCALHOST", "app.localhost:8000", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7"]
        {
            assert!(get(host), "{host}");
        }
        assert!(get("guildhall.test:8000"), "the address that we serve as");
        for host in ["evil.example", "localhost.evil.example:8000", "127.0.0.1.evil.example", "notlocalhost", ""] {
            assert!(!get(host), "{host}");
        }
    }

    #[test]
    fn only_the_page_itself_may_change_things() {
        let post = |headers: &[(&str, &str)]| {
            let headers = [&[("host", "localhost:8000")], headers].concat();
            check(&request(Method::POST, &headers), SERVED).is_ok()
        };
        assert!(post(&[("origin", "http://localhost:8000")]));
        assert!(post(&[]), "a program of the developer's");
        assert!(post(&[("sec-fetch-site", "same-origin")]));
        for headers in [
            [("origin", "http://evil.example")],
            [("origin", "http://localhost:5173")],
            [("origin", "null")],
            [("origin", "localhost:8000")],
            [("sec-fetch-site", "cross-site")],
        ] {
            assert!(!post(&headers), "{headers:?}");
        }
        let twice = [("origin", "http://localhost:8000"), ("origin", "http://evil.example")];
        assert!(!post(&twice));
    }
}
