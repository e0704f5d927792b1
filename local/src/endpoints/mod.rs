//! The AWS services that functions call, but for DynamoDB: SES, EventBridge, the gateway's management API and S3, in
//! the wire formats that the AWS SDKs speak; an OpenID provider in Google's place, and the platforms where members solve
//! problems. All of it on one loopback port.

pub mod eventbridge;
pub mod management;
pub mod openid;
pub mod platforms;
pub mod s3;
pub mod ses;

use std::future::Future;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Limited};
use s3s::service::S3Service;
use tokio::net::TcpListener;

use crate::cloud::Cloud;

/// The largest request that any service but S3 takes: a letter of SES with its attachments.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Ses,
    EventBridge,
    Management,
    OpenId,
    Platforms,
    S3,
}

/// Serves all of them until `stopped`.
pub async fn serve(listener: TcpListener, cloud: Cloud, stopped: impl Future<Output = ()> + Send + 'static) {
    let s3 = match s3::service(&cloud) {
        Ok(s3) => s3,
        Err(reason) => return tracing::error!("S3 cannot be served: {reason}"),
    };
    let app = Router::new().fallback(answer).with_state((cloud, s3));
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stopped).await {
        tracing::error!("The AWS services stopped: {error}");
    }
}

async fn answer(State((cloud, s3)): State<(Cloud, S3Service)>, request: Request) -> Response {
    let service = service(request.uri().path(), request.headers());
    if service == Service::S3 {
        return s3::answer(&s3, request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return reply(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", Bytes::from_static(b"Too large."));
    };
    let body = body.to_bytes();
    match service {
        Service::Ses => ses::answer(&cloud, &body),
        Service::EventBridge => eventbridge::answer(&cloud, &parts.headers, &body),
        Service::OpenId => openid::answer(&cloud, &parts.method, &parts.uri, &parts.headers, &body).await,
        Service::Platforms => platforms::answer(&cloud, &parts.method, &parts.uri, &parts.headers, &body).await,
        _ => management::answer(&cloud, &parts.method, parts.uri.path(), body),
    }
}

/// Every service has a sign that does not depend on the host: a header, a path, or the scope of the signature. Only S3
/// has none where a URL is presigned.
fn service(path: &str, headers: &HeaderMap) -> Service {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if openid::owns(path) {
        Service::OpenId
    } else if platforms::owns(path) {
        Service::Platforms
    } else if management::connection(path).is_some() {
        Service::Management
    } else if headers.contains_key("x-amz-target") {
        Service::EventBridge
    } else if text(AUTHORIZATION).contains("/ses/")
        || path == "/" && text(CONTENT_TYPE).starts_with("application/x-www-form-urlencoded")
    {
        Service::Ses
    } else {
        Service::S3
    }
}

fn reply(status: StatusCode, content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// An error of a service that speaks JSON.
fn json_error(status: StatusCode, code: &'static str, message: &str) -> Response {
    let body = serde_json::json!({ "__type": code, "message": message }).to_string();
    let mut response = reply(status, "application/x-amz-json-1.1", Bytes::from(body));
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(code));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_told_by_its_own_sign() {
        let told = |path: &str, headers: &[(&'static str, &'static str)]| {
            let headers =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            service(path, &headers.collect())
        };
        let scope = |scope| [("authorization", scope)];
        assert_eq!(told("/", &[("x-amz-target", "AWSEvents.PutEvents")]), Service::EventBridge);
        assert_eq!(
            told("/", &scope("AWS4-HMAC-SHA256 Credential=a/20261120/us-east-1/ses/aws4_request")),
            Service::Ses
        );
        assert_eq!(told("/", &[("content-type", "application/x-www-form-urlencoded")]), Service::Ses);
        assert_eq!(told("/@connections/abc%3D", &[]), Service::Management);
        assert_eq!(told("/live/@connections/abc%3D", &[]), Service::Management);
        assert_eq!(told("/openid/token", &[("content-type", "application/x-www-form-urlencoded")]), Service::OpenId);
        assert_eq!(told("/platforms/codechef/users/ada", &[]), Service::Platforms);
        assert_eq!(told("/bucket/a/@connections/b", &[]), Service::S3);
        assert_eq!(told("/bucket/avatars/1/a.png", &[]), Service::S3);
    }
}
