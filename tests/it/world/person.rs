//! People: each with a browser that keeps cookies, and an address of their own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use local::gateway;
use local::gateway::websocket::Socket;
use serde_json::{Value, json};
use tests::browser::{Cookies, FORM, FORM_WITH_FILES, filled_in, with_file};

use super::{OPERATIONS_TOKEN, Reply, World};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// Somebody at a browser.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    pub address: SocketAddr,
    world: World,
    cookies: Arc<Mutex<Cookies>>,
    id: Arc<Mutex<u64>>,
    bearer: Option<String>,
}

impl Person {
    pub fn new(world: &World, name: &str) -> Person {
        let digits = name.bytes().fold(1_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        Person {
            name: name.to_owned(),
            address: SocketAddr::from(([192, 0, 2, digits], 40_000)),
            world: world.clone(),
            cookies: Arc::default(),
            id: Arc::default(),
            bearer: None,
        }
    }

    /// Somebody whose account was made elsewhere.
    pub fn known(world: &World, name: &str, id: u64) -> Person {
        Person { id: Arc::new(Mutex::new(id)), ..Person::new(world, name) }
    }

    /// The same person as a program that keeps no cookies and shows this token.
    pub fn bearing(&self, token: &str) -> Person {
        Person { bearer: Some(token.to_owned()), ..self.elsewhere() }
    }

    /// The same browser without its cookies.
    pub fn elsewhere(&self) -> Person {
        Person { cookies: Arc::default(), ..self.clone() }
    }

    /// A copy of the browser as it is, cookies and all.
    pub fn copy(&self) -> Person {
        let cookies = self.cookies.lock().unwrap().clone();
        Person { cookies: Arc::new(Mutex::new(cookies)), ..self.clone() }
    }

    /// The same browser at another address.
    pub fn at(&self, address: [u8; 4]) -> Person {
        Person { address: SocketAddr::from((address, 40_000)), ..self.clone() }
    }

    /// Makes this person's account.
    pub async fn register(&self) {
        let body = json!({ "username": self.name, "password1": PASSWORD, "password2": PASSWORD });
        let reply = self.post("/users/register/", body).await.assert(201);
        *self.id.lock().unwrap() = reply.json()["id"].as_u64().unwrap();
    }

    /// Signs in with the usual password.
    pub async fn sign_in(&self) -> Reply {
        self.sign_in_with(PASSWORD).await
    }

    /// Signs in with another one.
    pub async fn sign_in_with(&self, password: &str) -> Reply {
        self.post("/users/login/", json!({ "username": self.name, "password": password })).await
    }

    /// Their id.
    pub fn id(&self) -> u64 {
        *self.id.lock().unwrap()
    }

    /// The path of their profile.
    pub fn profile(&self) -> String {
        format!("/users/{}/", self.id())
    }

    /// What their browser keeps under this name.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name)
    }

    /// Puts a cookie into their browser.
    pub fn keep(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().keep(name, value);
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send_json(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send_json(Method::PUT, path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send_json(Method::PATCH, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], Bytes::new()).await
    }

    /// Sends a form that was filled in.
    pub async fn fill(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        self.send(Method::POST, path, &[("content-type", FORM)], filled_in(form)).await
    }

    async fn send_json(&self, method: Method, path: &str, body: Value) -> Reply {
        self.send(method, path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// Writes this person's score, as the game's server does.
    pub async fn score(&self, score: i64) {
        self.write_stats(json!({ "score": score }), None).await.assert(200);
    }

    /// The game's server writes this person's stats.
    pub async fn write_stats(&self, body: Value, idempotency_key: Option<&str>) -> Reply {
        let token = format!("Bearer {OPERATIONS_TOKEN}");
        let mut headers = vec![("content-type", "application/json"), ("authorization", token.as_str())];
        headers.extend(idempotency_key.map(|key| ("idempotency-key", key)));
        self.send(Method::PUT, &format!("/users/{}/stats/", self.id()), &headers, body.to_string()).await
    }

    /// Uploads a file in a form's field.
    pub async fn upload(&self, path: &str, field: &str, filename: &str, file: &[u8]) -> Reply {
        self.send(Method::POST, path, &[("content-type", FORM_WITH_FILES)], with_file(field, filename, file)).await
    }

    /// Gets an access token for this person's session.
    pub async fn token(&self) -> String {
        let reply = self.post("/v1/token", json!({})).await.assert(200);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Opens a socket.
    pub async fn connect(&self, query: &str, headers: &[(&str, &str)]) -> Result<Socket, (StatusCode, Bytes)> {
        let headers: HeaderMap = headers.iter().map(|(name, value)| header(name, value)).collect();
        self.world.cloud.sockets().connect(&self.world.cloud, query, headers).await
    }

    /// Opens a socket with an access token.
    pub async fn open_socket(&self) -> Socket {
        let token = self.token().await;
        self.connect(&format!("/?token={token}"), &[]).await.expect("a socket")
    }

    /// Sends any request; the browser adds its cookies and keeps those that come back.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
        let mut request = Request::new(body.into());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("a path");
        for (name, value) in headers {
            let (name, value) = header(name, value);
            request.headers_mut().append(name, value);
        }
        request.headers_mut().entry("host").or_insert(HeaderValue::from_static("guildhall.test"));
        if let Some(token) = &self.bearer {
            let (name, value) = header("authorization", &format!("Bearer {token}"));
            request.headers_mut().entry(name).or_insert(value);
        }
        if let Some(line) = self.cookies.lock().unwrap().line() {
            request.headers_mut().entry("cookie").or_insert(line.parse().expect("cookies"));
        }
        let response = gateway::http(&self.world.cloud, request, self.address).await;
        let (parts, body) = response.into_parts();
        self.cookies.lock().unwrap().keep_all(&parts.headers).expect("cookies that browsers read");
        Reply { status: parts.status, headers: parts.headers, body: body.to_vec() }
    }
}

fn header(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    (name.parse().expect("a header name"), HeaderValue::from_bytes(value.as_bytes()).expect("a header value"))
}
