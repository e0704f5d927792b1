//! Path parameters. What does not parse names nothing, so it is simply not found.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;

use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::{CommentId, MemberId, PostId, ProfileId, ReportId, ThreadId};

/// The parameters of the path, in their order: one value, or a tuple.
pub struct Path<T>(pub T);

impl<T: PathParameters> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Path<T>> {
        let raw = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Error::not_found())?;
        let texts: Vec<&str> = raw.iter().map(|(_, text)| text).collect();
        T::parse(&texts).map(Path).ok_or_else(Error::not_found)
    }
}

/// Values that stand in a path, one after the other.
pub trait PathParameters: Sized {
    /// Reads them, percent-decoded, in the one form that each has.
    fn parse(texts: &[&str]) -> Option<Self>;

    /// Their schemas.
    fn schemas(generator: &mut SchemaGenerator) -> Vec<Value>;
}

macro_rules! ids {
    ($($id:ty),*) => {
        $(impl PathParameters for $id {
            fn parse(texts: &[&str]) -> Option<$id> {
                texts.first()?.parse().ok()
            }

            fn schemas(generator: &mut SchemaGenerator) -> Vec<Value> {
                vec![generator.subschema_for::<$id>().to_value()]
            }
        })*
    };
}

ids!(CommentId, MemberId, PostId, ProfileId, ReportId, ThreadId);

impl PathParameters for String {
    fn parse(texts: &[&str]) -> Option<String> {
        texts.first().map(|text| (*text).to_owned())
    }

    fn schemas(generator: &mut SchemaGenerator) -> Vec<Value> {
        vec![generator.subschema_for::<String>().to_value()]
    }
}

impl<A: FromStr + JsonSchema, B: FromStr + JsonSchema> PathParameters for (A, B) {
    fn parse(texts: &[&str]) -> Option<(A, B)> {
        Some((texts.first()?.parse().ok()?, texts.get(1)?.parse().ok()?))
    }

    fn schemas(generator: &mut SchemaGenerator) -> Vec<Value> {
        vec![generator.subschema_for::<A>().to_value(), generator.subschema_for::<B>().to_value()]
    }
}
