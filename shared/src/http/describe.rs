//! How handlers describe themselves: from the types of their arguments and of what they return, an operation of
//! OpenAPI 3.1 comes about. Nothing is written down a second time.

use std::future::Future;

use http::StatusCode;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::path::PathParameters;
use super::{
    Accepted, Body, Created, Html, Json, NoContent, Numbered, Page, Path, Query, SeeOther, SetCookies, Tagged, Upload,
};
use crate::auth::{Administrator, Bearer, Beside, Client, Leaver, Member, Operator, Staff, Viewer};
use crate::dialect::Dialect;
use crate::error::Error;

/// Who may call, as a handler's signature says it. The strictest argument counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Anyone; who it is makes no difference.
    #[default]
    Anyone,
    /// Anyone; a member may get another answer.
    Viewer,
    /// Members.
    Member,
    /// Staff, in whichever role.
    Staff,
    /// Administrators.
    Administrator,
    /// Programs with the operations token.
    Operator,
}

/// Schemas of what comes in and of what goes out; the two differ where a field may be left out.
pub struct Schemas {
    inputs: SchemaGenerator,
    views: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Schemas {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Schemas { inputs: settings().into_generator(), views: settings().for_serialize().into_generator() }
    }
}

impl Schemas {
    /// The schema of something that goes out.
    pub fn view<T: JsonSchema>(&mut self) -> Value {
        self.views.subschema_for::<T>().to_value()
    }

    /// Every named schema that was asked for.
    pub fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.inputs.take_definitions(true);
        all.append(&mut self.views.take_definitions(true));
        all
    }
}

/// One operation in the making.
pub struct Operation<'a> {
    /// Its place among the schemas.
    pub schemas: &'a mut Schemas,
    /// Its dialect, which words its refusals.
    pub dialect: Dialect,
    /// Who may call.
    pub access: Access,
    path: &'a str,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
}

impl<'a> Operation<'a> {
    /// An operation at `path`.
    pub fn new(schemas: &'a mut Schemas, dialect: Dialect, path: &'a str) -> Operation<'a> {
        Operation {
            schemas,
            dialect,
            access: Access::default(),
            path,
            parameters: Vec::new(),
            body: None,
            responses: Map::new(),
        }
    }

    /// What it says in OpenAPI's words.
    pub fn finish(mut self) -> (Access, Map<String, Value>) {
        if self.access >= Access::Member {
            match self.dialect.sign_in_page() {
                Some(_) => self.redirect(StatusCode::FOUND),
                None => self.refusal(StatusCode::UNAUTHORIZED),
            }
        }
        if matches!(self.access, Access::Staff | Access::Administrator) {
            self.refusal(StatusCode::FORBIDDEN);
        }
        let others = self.refusal_body("Refused for another reason.");
        self.responses.insert("4XX".to_owned(), others);
        let mut operation = Map::new();
        if !self.parameters.is_empty() {
            operation.insert("parameters".to_owned(), json!(self.parameters));
        }
        if let Some(body) = self.body {
            operation.insert("requestBody".to_owned(), body);
        }
        operation.insert("responses".to_owned(), Value::Object(self.responses));
        let cookie = self.dialect.session_cookie().map(|_| json!({ "session": [] }));
        let bearer = self.dialect.takes_bearer().then(|| json!({ "token": [] }));
        let ways: Vec<_> = [cookie, bearer].into_iter().flatten().collect();
        let security = match self.access {
            Access::Anyone => json!([]),
            Access::Viewer => json!([ways.as_slice(), &[json!({})]].concat()),
            Access::Member | Access::Staff | Access::Administrator => json!(ways),
            Access::Operator => json!([{ "operations": [] }]),
        };
        operation.insert("security".to_owned(), security);
        (self.access, operation)
    }

    /// Declares a successful answer.
    pub fn answer(&mut self, status: StatusCode, media: &str, schema: Value) {
        let description = status.canonical_reason().unwrap_or_default();
        let answer = self
            .responses
            .entry(status.as_str())
            .or_insert_with(|| json!({ "description": description, "content": {} }));
        answer["content"][media] = json!({ "schema": schema });
    }

    /// Declares an answer that has nothing to say but its status.
    pub fn says(&mut self, status: StatusCode) {
        let description = status.canonical_reason().unwrap_or_default();
        self.responses.insert(status.as_str().to_owned(), json!({ "description": description }));
    }

    /// Declares that the answer is at another address.
    pub fn redirect(&mut self, status: StatusCode) {
        let description = status.canonical_reason().unwrap_or_default();
        let location = json!({ "Location": { "schema": { "type": "string" } } });
        self.responses.insert(status.as_str().to_owned(), json!({ "description": description, "headers": location }));
    }

    /// Declares that it takes a form with a file in this field.
    pub fn takes_file(&mut self, field: &str) {
        self.body = Some(json!({
            "required": true,
            "content": { "multipart/form-data": { "schema": {
                "type": "object",
                "properties": { field: binary() },
                "required": [field],
            } } },
        }));
        self.refusal(StatusCode::BAD_REQUEST);
        self.refusal(StatusCode::PAYLOAD_TOO_LARGE);
    }

    /// Declares that it takes a file and nothing else, of one of these media types.
    pub fn takes_bytes(&mut self, media: &[&str]) {
        let content: Map<String, Value> =
            media.iter().map(|media| ((*media).to_owned(), json!({ "schema": binary() }))).collect();
        self.body = Some(json!({ "required": true, "content": content }));
        self.refusal(StatusCode::BAD_REQUEST);
        self.refusal(StatusCode::PAYLOAD_TOO_LARGE);
        self.refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }

    /// Declares an answer with a header.
    pub fn answer_header(&mut self, name: &str) {
        for answer in self.responses.values_mut() {
            answer["headers"][name] = json!({ "schema": { "type": "string" } });
        }
    }

    fn refusal(&mut self, status: StatusCode) {
        let body = self.refusal_body(status.canonical_reason().unwrap_or_default());
        self.responses.insert(status.as_str().to_owned(), body);
    }

    fn refusal_body(&self, description: &str) -> Value {
        let schema = json!({ "$ref": format!("#/components/schemas/{}", refusal_name(self.dialect)) });
        json!({ "description": description, "content": { self.dialect.refusal_media(): { "schema": schema } } })
    }

    fn require(&mut self, access: Access) {
        self.access = self.access.max(access);
    }
}

/// The name of a dialect's error body among the document's components.
pub fn refusal_name(dialect: Dialect) -> String {
    format!("{dialect:?}Refusal")
}

/// An argument or a result that can say what it means for the operation.
pub trait Describe {
    /// Says it.
    fn describe(operation: &mut Operation<'_>);
}

impl<S> Describe for axum::extract::State<S> {
    fn describe(_: &mut Operation<'_>) {}
}

impl Describe for Client {
    fn describe(_: &mut Operation<'_>) {}
}

impl Describe for Leaver {
    fn describe(_: &mut Operation<'_>) {}
}

impl Describe for Bearer {
    fn describe(operation: &mut Operation<'_>) {
        operation.require(Access::Viewer);
    }
}

impl Describe for http::HeaderMap {
    fn describe(_: &mut Operation<'_>) {}
}

impl Describe for Viewer {
    fn describe(operation: &mut Operation<'_>) {
        operation.require(Access::Viewer);
    }
}

impl Describe for Member {
    fn describe(operation: &mut Operation<'_>) {
        operation.require(Access::Member);
    }
}

impl<C: Describe, R: Describe> Describe for Beside<C, R> {
    fn describe(operation: &mut Operation<'_>) {
        C::describe(operation);
        R::describe(operation);
    }
}

impl Describe for Staff {
    fn describe(operation: &mut Operation<'_>) {
        operation.require(Access::Staff);
    }
}

impl Describe for Administrator {
    fn describe(operation: &mut Operation<'_>) {
        operation.require(Access::Administrator);
    }
}

impl Describe for Operator {
    fn describe(operation: &mut Operation<'_>) {
        operation.require(Access::Operator);
    }
}

impl<T: PathParameters> Describe for Path<T> {
    fn describe(operation: &mut Operation<'_>) {
        let names = operation.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::to_owned);
        for (name, schema) in names.collect::<Vec<_>>().into_iter().zip(T::schemas(&mut operation.schemas.inputs)) {
            operation.parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
        operation.refusal(StatusCode::NOT_FOUND);
    }
}

impl<T: JsonSchema> Describe for Query<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schemas.inputs.root_schema_for::<T>().to_value();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let required = required.iter().any(|known| known == name);
            let mut parameter = json!({ "name": name, "in": "query", "required": required, "schema": property });
            if let Some(description) = property.get("description") {
                parameter["description"] = description.clone();
            }
            operation.parameters.push(parameter);
        }
    }
}

impl Describe for Numbered {
    fn describe(operation: &mut Operation<'_>) {
        let number = json!({ "oneOf": [{ "type": "integer", "minimum": 1 }, { "const": "last" }] });
        let size = json!({ "type": "integer", "minimum": 1, "maximum": 1000 });
        for (name, schema) in [("page", number), ("page_size", size)] {
            operation.parameters.push(json!({ "name": name, "in": "query", "required": false, "schema": schema }));
        }
        operation.refusal(StatusCode::NOT_FOUND);
    }
}

impl<T: JsonSchema> Describe for Body<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schemas.inputs.subschema_for::<T>().to_value();
        // No body at all is an empty object, and good enough where nothing is required.
        let whole = operation.schemas.inputs.root_schema_for::<T>().to_value();
        let required = whole["required"].as_array().is_some_and(|fields| !fields.is_empty());
        operation.body = Some(json!({
            "required": required,
            "content": {
                "application/json": { "schema": schema },
                "application/x-www-form-urlencoded": { "schema": schema },
                "multipart/form-data": { "schema": schema },
            },
        }));
        operation.refusal(StatusCode::BAD_REQUEST);
        operation.refusal(StatusCode::PAYLOAD_TOO_LARGE);
        operation.refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
}

impl Describe for Upload {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes_file(if operation.dialect == Dialect::Sukuwatto { "file" } else { "avatar" });
    }
}

impl<T: JsonSchema> Describe for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schemas.views.subschema_for::<T>().to_value();
        operation.answer(StatusCode::OK, "application/json", schema);
    }
}

impl<T: JsonSchema> Describe for Created<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schemas.views.subschema_for::<T>().to_value();
        operation.answer(StatusCode::CREATED, "application/json", schema);
    }
}

impl<T: JsonSchema> Describe for Accepted<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schemas.views.subschema_for::<T>().to_value();
        operation.answer(StatusCode::ACCEPTED, "application/json", schema);
    }
}

impl<T: JsonSchema> Describe for Tagged<T> {
    fn describe(operation: &mut Operation<'_>) {
        Json::<T>::describe(operation);
        operation.responses.insert("304".to_owned(), json!({ "description": "Not Modified" }));
        for status in ["200", "304"] {
            operation.responses[status]["headers"]["ETag"] = json!({ "schema": { "type": "string" } });
        }
        let kept = "The `ETag` of an answer that the client has kept: if it is still the same, the answer is 304.";
        let schema = json!({ "type": "string" });
        operation.parameters.push(json!({
            "name": "If-None-Match", "in": "header", "required": false, "schema": schema, "description": kept,
        }));
    }
}

impl Describe for NoContent {
    fn describe(operation: &mut Operation<'_>) {
        operation.responses.insert("204".to_owned(), json!({ "description": "No Content" }));
    }
}

impl Describe for Html {
    fn describe(operation: &mut Operation<'_>) {
        operation.answer(StatusCode::OK, "text/html; charset=utf-8", json!({ "type": "string" }));
    }
}

impl Describe for Page {
    fn describe(operation: &mut Operation<'_>) {
        Html::describe(operation);
    }
}

impl Describe for SeeOther {
    fn describe(operation: &mut Operation<'_>) {
        operation.redirect(StatusCode::SEE_OTHER);
    }
}

impl<R: Describe> Describe for (SetCookies, R) {
    fn describe(operation: &mut Operation<'_>) {
        R::describe(operation);
        operation.answer_header("Set-Cookie");
    }
}

/// What a handler returns, and an argument that it wants to refuse by itself, after it has looked at others.
impl<T: Describe> Describe for Result<T, Error> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

/// A handler whose every argument and result describes itself. `T` is axum's own mark of its arguments.
pub trait Endpoint<T> {
    /// Describes the operation.
    fn describe(operation: &mut Operation<'_>);
}

macro_rules! endpoint {
    ($($argument:ident),*) => {
        impl<F, Fut, R, M, $($argument,)*> Endpoint<(M, $($argument,)*)> for F
        where
            F: Fn($($argument,)*) -> Fut,
            Fut: Future<Output = R>,
            R: Describe,
            $($argument: Describe,)*
        {
            fn describe(operation: &mut Operation<'_>) {
                $($argument::describe(operation);)*
                R::describe(operation);
            }
        }
    };
}

endpoint!();
endpoint!(A);
endpoint!(A, B);
endpoint!(A, B, C);
endpoint!(A, B, C, D);
endpoint!(A, B, C, D, E);
endpoint!(A, B, C, D, E, G);

/// The schema of a body that is no text.
pub fn binary() -> Value {
    json!({ "type": "string", "contentMediaType": "application/octet-stream" })
}
