//! Replies that say by their status whether anything changed.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use shared::http::describe::{Describe, Operation};
use shared::http::{Created, Json, NoContent};

/// Something that is there now: 201 if it was not before, else 200.
pub enum Fresh<T> {
    /// It was not.
    New(T),
    /// It was.
    Known(T),
}

impl<T: Serialize> IntoResponse for Fresh<T> {
    fn into_response(self) -> Response {
        match self {
            Fresh::New(view) => Created(view).into_response(),
            Fresh::Known(view) => Json(view).into_response(),
        }
    }
}

impl<T: JsonSchema> Describe for Fresh<T> {
    fn describe(operation: &mut Operation<'_>) {
        Created::<T>::describe(operation);
        Json::<T>::describe(operation);
    }
}

/// Nothing to say.
pub struct Nothing;

/// Something that was done: 201, with or without a body; 204 where there was nothing to do.
pub enum Done<T = Nothing> {
    /// It was done, and this is to say of it.
    With(T),
    /// There was nothing to do.
    Nothing,
}

impl Done {
    /// Whether anything was done.
    pub fn of(is_done: bool) -> Done {
        if is_done { Done::With(Nothing) } else { Done::Nothing }
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        match self {
            Done::With(Nothing) => StatusCode::CREATED.into_response(),
            Done::Nothing => NoContent.into_response(),
        }
    }
}

impl Describe for Done {
    fn describe(operation: &mut Operation<'_>) {
        operation.says(StatusCode::CREATED);
        NoContent::describe(operation);
    }
}

impl<T: Serialize> IntoResponse for Done<Json<T>> {
    fn into_response(self) -> Response {
        match self {
            Done::With(Json(view)) => Created(view).into_response(),
            Done::Nothing => NoContent.into_response(),
        }
    }
}

impl<T: JsonSchema> Describe for Done<Json<T>> {
    fn describe(operation: &mut Operation<'_>) {
        Created::<T>::describe(operation);
        NoContent::describe(operation);
    }
}
