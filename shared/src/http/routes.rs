//! Route tables: a thin layer over axum's router that remembers what it was told.
//!
//! A slice's table is the only list of its routes. Tests read it back: against the template (who owns which prefix),
//! as every kind of caller (who may call), against the price of each route, and into the API's description.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use lambda_http::RequestExt;

use super::describe::{Endpoint, Operation};
use super::origin;
use super::reply::{Kept, Page, Refused, SeeOther};
use crate::app::App;
use crate::dialect::Dialect;
use crate::error::{Error, Kind};
use crate::lambda::Function;
use crate::meter::{self, Quota};

/// What a route may cost at the table, in the worst of its ordinary cases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Round trips one after the other, the session's included.
    pub round_trips: u32,
    /// Read capacity units.
    pub reads: f64,
    /// Write capacity units.
    pub writes: f64,
}

impl Price {
    /// A route that never asks the table.
    pub const FREE: Price = Price { round_trips: 0, reads: 0.0, writes: 0.0 };

    /// A route that costs this much at most.
    pub const fn of(round_trips: u32, reads: f64, writes: f64) -> Price {
        Price { round_trips, reads, writes }
    }
}

/// What a table is made for, which decides what it keeps of each handler. A slice writes its rows once, for either.
pub trait Purpose {
    /// What a row keeps of its handler.
    type Kept: Clone;

    /// Keeps it.
    fn keep<H: Handler<T, App> + Endpoint<T>, T: 'static>(method: MethodFilter, handler: H) -> Self::Kept;
}

/// To answer requests: rows keep their handlers. What these say of themselves stays out of the functions, of which it
/// would be a tenth.
#[derive(Clone)]
pub struct Serving;

impl Purpose for Serving {
    type Kept = MethodRouter<App>;

    fn keep<H: Handler<T, App> + Endpoint<T>, T: 'static>(method: MethodFilter, handler: H) -> MethodRouter<App> {
        on(method, handler)
    }
}

/// To be read: rows keep what describes their operations (see [`super::describe`]).
#[derive(Clone)]
pub struct Listing;

impl Purpose for Listing {
    type Kept = fn(&mut Operation<'_>);

    fn keep<H: Handler<T, App> + Endpoint<T>, T: 'static>(_: MethodFilter, _: H) -> fn(&mut Operation<'_>) {
        H::describe
    }
}

/// One route.
#[derive(Clone)]
pub struct Row<P: Purpose = Listing> {
    /// Its method.
    pub method: Method,
    /// Its path as the contract writes it; it is served with and without the slash at the end.
    pub path: &'static str,
    /// Its dialect.
    pub dialect: Dialect,
    /// What it is for, in a few words.
    pub summary: &'static str,
    /// What it may cost.
    pub price: Price,
    pub(super) handler: P::Kept,
}

/// A route table of one or several dialects.
#[derive(Clone)]
pub struct Routes<P: Purpose = Listing> {
    dialect: Dialect,
    rows: Vec<Row<P>>,
}

impl<P: Purpose> Routes<P> {
    /// An empty table; what is added speaks `dialect`.
    pub fn new(dialect: Dialect) -> Routes<P> {
        Routes { dialect, rows: Vec::new() }
    }

    /// Adds a GET route.
    pub fn get<H: Handler<T, App> + Endpoint<T>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
        summary: &'static str,
        price: Price,
    ) -> Routes<P> {
        self.row(Method::GET, path, P::keep(MethodFilter::GET, handler), summary, price)
    }

    /// Adds a POST route.
    pub fn post<H: Handler<T, App> + Endpoint<T>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
        summary: &'static str,
        price: Price,
    ) -> Routes<P> {
        self.row(Method::POST, path, P::keep(MethodFilter::POST, handler), summary, price)
    }

    /// Adds a PUT route.
    pub fn put<H: Handler<T, App> + Endpoint<T>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
        summary: &'static str,
        price: Price,
    ) -> Routes<P> {
        self.row(Method::PUT, path, P::keep(MethodFilter::PUT, handler), summary, price)
    }

    /// Adds a PATCH route.
    pub fn patch<H: Handler<T, App> + Endpoint<T>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
        summary: &'static str,
        price: Price,
    ) -> Routes<P> {
        self.row(Method::PATCH, path, P::keep(MethodFilter::PATCH, handler), summary, price)
    }

    /// Adds a DELETE route.
    pub fn delete<H: Handler<T, App> + Endpoint<T>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
        summary: &'static str,
        price: Price,
    ) -> Routes<P> {
        self.row(Method::DELETE, path, P::keep(MethodFilter::DELETE, handler), summary, price)
    }

    /// Adds another table.
    pub fn and(mut self, other: Routes<P>) -> Routes<P> {
        self.rows.extend(other.rows);
        self
    }

    /// Knows nothing of the handler's own type, so that it is compiled once and not for every route.
    fn row(
        mut self,
        method: Method,
        path: &'static str,
        handler: P::Kept,
        summary: &'static str,
        price: Price,
    ) -> Routes<P> {
        self.rows.push(Row { method, path, dialect: self.dialect, summary, price, handler });
        self
    }
}

impl Routes<Listing> {
    /// The rows, in the order in which they were written.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

impl Routes<Serving> {
    /// The function that serves this table.
    pub fn serve(self, app: App) -> Function {
        let dialects = Arc::new(Dialects(self.rows.iter().map(|row| (row.path, row.dialect)).collect()));
        let refuse = |error: fn(&Method) -> Error| {
            let (dialects, app) = (dialects.clone(), app.clone());
            move |request: Request| async move {
                let dialect = dialects.of(request.uri().path());
                let turn = Turn { dialect, label: "".into(), app, back: None };
                let request_id = request_id(&request);
                turn.finish(error(request.method()).into_response(), &request_id)
            }
        };
        let mut router = Router::new();
        for Row { method, path, dialect, handler, .. } in self.rows {
            let context = Context { dialect, label: format!("{method} {path}").into(), app: app.clone() };
            let handler = handler.layer(from_fn_with_state(context, take_turn));
            let bare = if path == "/" { path } else { path.trim_end_matches('/') };
            router = router.route(bare, handler.clone());
            if path != "/" {
                router = router.route(&format!("{bare}/"), handler);
            }
        }
        let router = router
            .method_not_allowed_fallback(refuse(|method| Error::method_not_allowed(method.as_str())))
            .fallback(refuse(|_| Error::not_found()))
            .with_state(app);
        Function::http(router)
    }
}

/// Which dialect words a refusal where no route is: that of the route whose path has most in common.
struct Dialects(Vec<(&'static str, Dialect)>);

impl Dialects {
    fn of(&self, path: &str) -> Dialect {
        let common = |known: &str| known.split('/').zip(path.split('/')).take_while(|(a, b)| a == b).count();
        self.0.iter().max_by_key(|(known, _)| common(known)).map(|(_, dialect)| *dialect).unwrap_or_default()
    }
}

/// What every request to a route needs around its handler.
#[derive(Clone)]
struct Context {
    dialect: Dialect,
    label: Arc<str>,
    app: App,
}

/// What one request needs around its handler.
struct Turn {
    dialect: Dialect,
    label: Arc<str>,
    app: App,
    /// The page that was asked for, to come back to after signing in; none for a write, which cannot be repeated.
    back: Option<String>,
}

/// Runs the handler: in its dialect, from an allowed origin, with every error worded for its caller.
async fn take_turn(State(context): State<Context>, mut request: Request, next: Next) -> Response {
    let Context { dialect, label, app } = context;
    let back = request.method().is_safe().then(|| request.uri().path_and_query()).flatten().map(ToString::to_string);
    let turn = Turn { dialect, label, app, back };
    meter::note_route(&turn.label);
    let request_id = request_id(&request);
    let kept = Kept::of(request.headers());
    request.extensions_mut().insert(dialect);
    let response = match turn.check_origin(request.method(), request.headers()) {
        Ok(()) => kept.spare(next.run(request).await),
        Err(error) => error.into_response(),
    };
    turn.finish(response, &request_id)
}

impl Turn {
    /// Where a cookie may carry the session, other sites may not write.
    fn check_origin(&self, method: &Method, headers: &HeaderMap) -> Result<(), Error> {
        // A bearer token is no cookie: no foreign page can make a browser send one.
        let by_token = self.dialect.takes_bearer() && headers.contains_key(AUTHORIZATION);
        if method.is_safe() || by_token || !self.dialect.takes_cookies() {
            return Ok(());
        }
        origin::check(&self.app.config, headers)
    }

    /// Sends a browser to where one signs in, and says where it was going.
    fn to_sign_in(&self, page: &str) -> Response {
        let next = self
            .back
            .as_deref()
            .map(|back| form_urlencoded::Serializer::new(String::new()).append_pair("next", back).finish());
        let address = next.map_or_else(|| page.to_owned(), |next| format!("{page}?{next}"));
        (StatusCode::FOUND, SeeOther(address)).into_response()
    }

    /// Words an error in the dialect, logs the cause of a failure, and adds what every answer has.
    fn finish(&self, mut response: Response, request_id: &str) -> Response {
        if let Some(Refused(error)) = response.extensions_mut().remove::<Refused>() {
            match error.kind {
                Kind::Internal => tracing::error!(route = %self.label, "{error}"),
                Kind::Elsewhere | Kind::TooSlow => tracing::warn!(route = %self.label, "{error}"),
                _ => {}
            }
            let refusal = self.dialect.refuse(&error, request_id);
            let allowed = response.headers_mut().remove(http::header::ALLOW);
            response = match self.dialect.sign_in_page() {
                Some(page) if error.kind == Kind::Unauthenticated => self.to_sign_in(page),
                Some(_) => (refusal.status, Page(refusal.body)).into_response(),
                None => (refusal.status, [(CONTENT_TYPE, refusal.media)], refusal.body).into_response(),
            };
            let headers = response.headers_mut();
            if let Some(seconds) = error.retry_after {
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            if let Some(allowed) = allowed {
                headers.insert(http::header::ALLOW, allowed);
            }
            if refusal.status == StatusCode::UNAUTHORIZED && self.dialect.takes_bearer() {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"api\""));
            }
        }
        let headers = response.headers_mut();
        if let Some(Quota { limit, remaining, window, reset }) = meter::quota() {
            // Structured fields (draft-ietf-httpapi-ratelimit-headers-10); numbers only, so they always parse.
            let policy = HeaderValue::try_from(format!("\"default\";q={limit};w={window}"));
            let left = HeaderValue::try_from(format!("\"default\";r={remaining};t={reset}"));
            if let (Ok(policy), Ok(left)) = (policy, left) {
                headers.insert("ratelimit-policy", policy);
                headers.insert("ratelimit", left);
            }
        }
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        if self.app.config.is_secure() {
            // For a year (RFC 6797).
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
        }
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }
}

fn request_id(request: &Request) -> String {
    request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default()
}
