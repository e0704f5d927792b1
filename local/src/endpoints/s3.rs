//! S3: `s3s` speaks the protocol and checks signatures, presigned URLs too; `s3s-fs` keeps the objects in a folder.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;

use super::reply;
use crate::cloud::Cloud;

/// The buckets of this cloud, each a folder among its files; open to whoever signs as the functions do.
pub fn service(cloud: &Cloud) -> Result<S3Service, String> {
    let files = FileSystem::new(cloud.files()).map_err(|error| format!("{error:?}"))?;
    let mut builder = S3ServiceBuilder::new(files);
    let mut auth = SimpleAuth::new();
    for function in &cloud.template().functions {
        let environment = cloud.functions().environment(&function.id);
        let variable = |name| environment.and_then(|environment| environment.get(name)).cloned();
        if let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            auth.register(id, secret.into());
        }
    }
    builder.set_auth(auth);
    Ok(builder.build())
}

/// Answers a request to S3; bodies stream in both directions.
pub async fn answer(service: &S3Service, request: Request) -> Response {
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::warn!("S3 could not answer: {error:?}");
            reply(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", Bytes::new())
        }
    }
}
