//! Path parameters. What does not parse names nothing, so it is simply not found.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::error::{Error, Result};

/// The parameters of the path, in their order: one value, or a tuple.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Path<T>> {
        let axum::extract::Path(value) =
            axum::extract::Path::from_request_parts(parts, app).await.map_err(|_| Error::not_found())?;
        Ok(Path(value))
    }
}
