//! Replies, with what tests ask of them.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// Fails unless the status is this one, showing the whole reply.
    #[track_caller]
    pub fn assert(self, status: u16) -> Reply {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// Fails unless status and JSON body are these.
    #[track_caller]
    pub fn is(self, status: u16, body: Value) -> Reply {
        assert_eq!((self.status.as_u16(), self.json()), (status, body));
        self
    }

    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value; empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `Set-Cookie` header of this name, whole.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let mut cookies = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        cookies.find(|cookie| cookie.starts_with(&format!("{name}="))).map(str::to_owned)
    }
}
