//! Somebody at a browser, without a network: requests go straight to a cloud's gateway, and cookies are kept.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request};
use local::{Cloud, gateway};
use serde_json::Value;

/// A browser.
#[derive(Clone)]
pub struct Browser {
    cloud: Cloud,
    address: SocketAddr,
    cookies: Cookies,
    token: Option<String>,
}

impl Browser {
    /// One without cookies.
    pub fn new(cloud: &Cloud) -> Browser {
        Browser {
            cloud: cloud.clone(),
            address: SocketAddr::from(([203, 0, 113, 7], 40_000)),
            cookies: Cookies::default(),
            token: None,
        }
    }

    /// Shows this access token with every request from now on, as a client does that keeps no cookies.
    pub fn carry(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    /// Its cookies, as an event of the HTTP API lists them.
    pub fn cookies(&self) -> Vec<String> {
        self.cookies.pairs()
    }

    /// Forgets its cookies and its token.
    pub fn forget(&mut self) {
        self.cookies = Cookies::default();
        self.token = None;
    }

    /// Asks for a page, and returns its body as JSON where it is some.
    pub async fn get(&mut self, path: &str) -> Result<Value, String> {
        self.send(Request::get(path), Bytes::new()).await
    }

    /// Asks for a page, and returns the address that it leads to.
    pub async fn follow(&mut self, path: &str) -> Result<String, String> {
        let (headers, _) = self.answer(Request::get(path), Bytes::new()).await?;
        let location = headers.get(LOCATION).and_then(|address| address.to_str().ok());
        location.map(str::to_owned).ok_or_else(|| format!("GET {path} leads nowhere."))
    }

    /// Asks for a page, and returns it as it is.
    pub async fn page(&mut self, path: &str) -> Result<String, String> {
        let page = self.exchange(Request::get(path), Bytes::new()).await?;
        Ok(String::from_utf8_lossy(&page).into_owned())
    }

    /// Sends a form that was filled in.
    pub async fn fill(&mut self, path: &str, form: &[(&str, &str)]) -> Result<(), String> {
        self.exchange(Request::post(path).header(CONTENT_TYPE, FORM), filled_in(form).into()).await.map(drop)
    }

    /// Sends JSON, and returns the answer's.
    pub async fn ask(&mut self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, "application/json");
        self.send(request, body.to_string().into()).await
    }

    /// Sends a form with one file.
    pub async fn upload(&mut self, path: &str, field: &str, filename: &str, file: &[u8]) -> Result<Value, String> {
        let request = Request::post(path).header(CONTENT_TYPE, FORM_WITH_FILES);
        self.send(request, with_file(field, filename, file).into()).await
    }

    /// Sends any request, and returns the answer as JSON where it is some. An answer that is neither a success nor
    /// the way to another page is an error, in one sentence.
    pub async fn send(&mut self, request: http::request::Builder, body: Bytes) -> Result<Value, String> {
        let answer = self.exchange(request, body).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    async fn exchange(&mut self, request: http::request::Builder, body: Bytes) -> Result<Bytes, String> {
        Ok(self.answer(request, body).await?.1)
    }

    async fn answer(&mut self, request: http::request::Builder, body: Bytes) -> Result<(HeaderMap, Bytes), String> {
        let mut request = request.header(HOST, "localhost:8000");
        if let Some(line) = self.cookies.line() {
            request = request.header(COOKIE, line);
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(body).map_err(|error| format!("The request cannot be sent: {error}."))?;
        let what = format!("{} {}", request.method(), request.uri().path());
        let (parts, body) = gateway::http(&self.cloud, request, self.address).await.into_parts();
        if !parts.status.is_success() && !parts.status.is_redirection() {
            return Err(format!("{what} answered {}: {}", parts.status, String::from_utf8_lossy(&body)));
        }
        self.cookies
            .keep_all(&parts.headers)
            .map_err(|cookie| format!("{what} set a cookie that is none: {cookie}"))?;
        Ok((parts.headers, body))
    }
}

/// The cookies of one browser.
#[derive(Clone, Default)]
pub struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// The value of one.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// Puts one in.
    pub fn keep(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Keeps and forgets what a response says; one that no browser reads is returned.
    pub fn keep_all(&mut self, response: &HeaderMap) -> Result<(), String> {
        for cookie in response.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().map_err(|_| format!("{cookie:?}"))?;
            let mut parts = cookie.split(';').map(str::trim);
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).ok_or(cookie)?;
            if parts.any(|part| part == "Max-Age=0") {
                self.0.remove(name);
            } else {
                self.keep(name, value);
            }
        }
        Ok(())
    }

    /// Each with its value.
    pub fn pairs(&self) -> Vec<String> {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// The header of a request, if there is anything to say.
    pub fn line(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.pairs().join("; "))
    }
}

/// The media type of [`filled_in`].
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of [`with_file`].
pub const FORM_WITH_FILES: &str = "multipart/form-data; boundary=cut";

/// A form that was filled in.
pub fn filled_in(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// A form with one file.
pub fn with_file(field: &str, filename: &str, file: &[u8]) -> Vec<u8> {
    let head = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{filename}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), file, b"\r\n--cut--\r\n"].concat()
}
