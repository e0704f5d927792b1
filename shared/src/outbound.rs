//! Requests to servers that have no AWS client: the OpenID provider, the bucket over signed addresses, and platforms.
//! They go over the connector that the AWS clients bring along; a second HTTP client would be half a megabyte of every
//! function.
//!
//! A [`Client`] asks once. A [`Host`] is asked with care: again where that may help, at its own pace, and not at all
//! while its [`circuit`] is open.

mod circuit;
mod host;

pub use host::{Host, Limits, NoAnswer, TRIES, Trouble};

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// An HTTP client, which follows no redirects. Connects with the first request.
#[derive(Clone, Default)]
pub struct Client(Arc<OnceLock<Option<SharedHttpConnector>>>);

/// Why there is no answer. Addresses are no part of it, since signed ones are secrets.
#[derive(Debug)]
pub enum Failure {
    /// It took longer than we wait.
    TooSlow,
    /// It is larger than we read.
    TooLarge,
    /// The server was not reached, or broke off.
    NotReached(Cause),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::TooSlow => out.write_str("timed out"),
            Failure::TooLarge => out.write_str("too large"),
            Failure::NotReached(cause) => write!(out, "{cause}"),
        }
    }
}

impl std::error::Error for Failure {}

impl Client {
    /// The whole answer, whatever its status, if it has come within `patience` and is at most `largest` bytes long.
    pub async fn ask(
        &self,
        request: Request<Bytes>,
        patience: Duration,
        largest: usize,
    ) -> Result<Response<Bytes>, Failure> {
        let answered = tokio::time::timeout(patience, self.exchange(request, largest)).await;
        answered.unwrap_or(Err(Failure::TooSlow))
    }

    async fn exchange(&self, request: Request<Bytes>, largest: usize) -> Result<Response<Bytes>, Failure> {
        let connector = self.0.get_or_init(|| default_connector(&HttpConnectorSettings::default(), None));
        let connector = connector.as_ref().ok_or_else(|| Failure::NotReached("there is no TLS".into()))?;
        let request = HttpRequest::try_from(request.map(SdkBody::from)).map_err(not_reached)?;
        let answer = connector.call(request).await.map_err(not_reached)?;
        let (parts, body) = answer.try_into_http1x().map_err(not_reached)?.into_parts();
        match Limited::new(body, largest).collect().await {
            Ok(body) => Ok(Response::from_parts(parts, body.to_bytes())),
            Err(cause) if cause.is::<LengthLimitError>() => Err(Failure::TooLarge),
            Err(cause) => Err(Failure::NotReached(cause)),
        }
    }
}

fn not_reached(cause: impl Into<Cause>) -> Failure {
    Failure::NotReached(cause.into())
}
