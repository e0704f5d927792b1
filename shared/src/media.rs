//! Files in the bucket, over presigned requests: one signer serves our own calls and, later, the clients' uploads.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::request::Builder;
use http::{Request, Response, StatusCode, header};
use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::events::{Event, happened};
use crate::ids::MemberId;
use crate::model::upload::Upload;
use crate::outbound::Client;
use crate::store::{Condition, Write, keys};

/// How long a request that we sign for ourselves may take to arrive.
const SIGNED_FOR: Duration = Duration::from_secs(60);
const DEADLINE: Duration = Duration::from_secs(10);
/// Bytes per second at which a large file is still waited for.
const SLOWEST: u64 = 4_000_000;

/// A file as it is kept.
#[derive(Clone, Debug)]
pub struct File {
    /// Its content.
    pub bytes: Bytes,
    /// Its media type, as it was set when the file was kept.
    pub content_type: String,
}

/// Where a file may be sent to.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address, for a PUT.
    pub url: String,
    /// Headers that have to be sent along.
    pub headers: Vec<(&'static str, String)>,
}

/// A file in a listing.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name in the bucket.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was kept.
    pub kept_at: DateTime<Utc>,
}

/// The bucket. Connects with the first call.
#[derive(Clone)]
pub struct Media {
    config: Arc<Config>,
    client: Client,
}

impl Media {
    /// The bucket that the configuration names.
    pub fn new(config: &Arc<Config>) -> Media {
        Media { config: config.clone(), client: Client::default() }
    }

    /// Keeps a file under a name, in place of one that had it.
    pub async fn put(&self, name: &str, file: File) -> Result<()> {
        let (bucket, credentials) = self.bucket()?;
        let mut action = bucket.put_object(Some(&credentials), name);
        action.headers_mut().insert(header::CONTENT_TYPE.as_str(), file.content_type.clone());
        let patience = DEADLINE + Duration::from_secs(file.bytes.len() as u64 / SLOWEST);
        let request = Request::put(action.sign(SIGNED_FOR).as_str()).header(header::CONTENT_TYPE, file.content_type);
        expect_success(self.ask(request, file.bytes, patience).await?).map(drop)
    }

    /// The file of this name, if there is one.
    pub async fn get(&self, name: &str) -> Result<Option<File>> {
        let (bucket, credentials) = self.bucket()?;
        let url = bucket.get_object(Some(&credentials), name).sign(SIGNED_FOR);
        let response = self.ask(Request::get(url.as_str()), Bytes::new(), DEADLINE).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = expect_success(response)?;
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
        Ok(Some(File { content_type, bytes: response.into_body() }))
    }

    /// Whether there is a file of this name.
    pub async fn exists(&self, name: &str) -> Result<bool> {
        let (bucket, credentials) = self.bucket()?;
        let url = bucket.head_object(Some(&credentials), name).sign(SIGNED_FOR);
        let response = self.ask(Request::head(url.as_str()), Bytes::new(), DEADLINE).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        expect_success(response).map(|_| true)
    }

    /// An address at which anyone gets the file of this name, for a minute.
    pub fn address(&self, name: &str) -> Result<String> {
        let (bucket, credentials) = self.bucket()?;
        Ok(bucket.get_object(Some(&credentials), name).sign(SIGNED_FOR).to_string())
    }

    /// The first bytes of the file of this name, and how many it has, if there is one.
    pub async fn peek(&self, name: &str, bytes: u64) -> Result<Option<(Bytes, u64)>> {
        let (bucket, credentials) = self.bucket()?;
        let url = bucket.get_object(Some(&credentials), name).sign(SIGNED_FOR);
        let request = Request::get(url.as_str()).header(header::RANGE, format!("bytes=0-{}", bytes.saturating_sub(1)));
        let response = self.ask(request, Bytes::new(), DEADLINE).await?;
        match response.status() {
            StatusCode::NOT_FOUND => return Ok(None),
            // Of nothing there is no part.
            StatusCode::RANGE_NOT_SATISFIABLE => return Ok(Some((Bytes::new(), 0))),
            _ => {}
        }
        let response = expect_success(response)?;
        let range = response.headers().get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
        let total = range.and_then(|range| range.rsplit('/').next()?.parse().ok());
        let total = total.unwrap_or(response.body().len() as u64);
        Ok(Some((response.into_body(), total)))
    }

    /// An address to which anyone may send one file of this name, type and size, for a while; and the headers to send
    /// along. A file that lies there already stays as it is.
    pub fn place(&self, name: &str, media: &str, size: u64, lasts: Duration) -> Result<Place> {
        let (bucket, credentials) = self.bucket()?;
        let mut action = bucket.put_object(Some(&credentials), name);
        let headers = [
            ("content-type", media.to_owned()),
            ("content-length", size.to_string()),
            ("if-none-match", "*".to_owned()),
        ];
        for (name, value) in &headers {
            action.headers_mut().insert(*name, value.clone());
        }
        let url = action.sign(lasts).to_string();
        // Whoever sends a file says by itself how long it is.
        let headers = headers.into_iter().filter(|(name, _)| *name != "content-length").collect();
        Ok(Place { url, headers })
    }

    /// An address at which anyone gets the file of this name for a minute, to keep it under another name and not to show
    /// it.
    pub fn download(&self, name: &str, as_name: &str) -> Result<String> {
        let (bucket, credentials) = self.bucket()?;
        let mut action = bucket.get_object(Some(&credentials), name);
        let disposition = format!("attachment; filename=\"{}\"", plain_name(as_name));
        action.query_mut().insert("response-content-disposition", disposition);
        Ok(action.sign(SIGNED_FOR).to_string())
    }

    /// Removes the file of this name; one that is not there is as good as removed.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let (bucket, credentials) = self.bucket()?;
        let url = bucket.delete_object(Some(&credentials), name).sign(SIGNED_FOR);
        let response = self.ask(Request::delete(url.as_str()), Bytes::new(), DEADLINE).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(());
        }
        expect_success(response).map(drop)
    }

    /// Up to 1,000 files whose names start with `prefix`, after the one named `after`, in the order of their names.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Listed>> {
        let (bucket, credentials) = self.bucket()?;
        let mut action = bucket.list_objects_v2(Some(&credentials));
        action.with_prefix(prefix);
        if let Some(after) = after {
            action.with_start_after(after);
        }
        let request = Request::get(action.sign(SIGNED_FOR).as_str());
        let response = expect_success(self.ask(request, Bytes::new(), DEADLINE).await?)?;
        let listing = ListObjectsV2::parse_response(&String::from_utf8_lossy(response.body()))
            .map_err(|cause| Error::internal("A listing could not be read.", cause))?;
        let listed = listing.contents.into_iter().map(|object| {
            let kept_at = object.last_modified.and_then(|at| DateTime::parse_from_rfc3339(&at).ok());
            // A file of no known age passes for new, so that nobody cleans it up.
            Listed {
                name: object.key,
                size: object.size.unwrap_or_default(),
                kept_at: kept_at.map_or(DateTime::<Utc>::MAX_UTC, |at| at.to_utc()),
            }
        });
        Ok(listed.collect())
    }

    fn bucket(&self) -> Result<(Bucket, Credentials)> {
        let aws = &self.config.aws;
        let (endpoint, style) = match &aws.endpoint_url {
            Some(url) => (url.clone(), UrlStyle::Path),
            None => (format!("https://s3.{}.amazonaws.com", aws.region), UrlStyle::VirtualHost),
        };
        let broken =
            |cause: Box<dyn std::error::Error + Send + Sync>| Error::internal("The bucket has no address.", cause);
        let endpoint = endpoint.parse().map_err(|cause| broken(Box::new(cause)))?;
        let bucket = Bucket::new(endpoint, style, self.config.bucket.clone(), aws.region.clone());
        let secret = aws.secret_access_key.expose();
        let credentials = match &aws.session_token {
            Some(token) => Credentials::new_with_token(&aws.access_key_id, secret, token.expose()),
            None => Credentials::new(&aws.access_key_id, secret),
        };
        Ok((bucket.map_err(|cause| broken(Box::new(cause)))?, credentials))
    }

    /// What the bucket answers. It keeps nothing that we did not give it, so its answers have no largest size.
    async fn ask(&self, request: Builder, body: Bytes, patience: Duration) -> Result<Response<Bytes>> {
        let request = request.body(body).map_err(|cause| Error::internal("The bucket cannot be asked.", cause))?;
        let answer = self.client.ask(request, patience, usize::MAX).await;
        answer.map_err(|failure| Error::internal("The bucket was not reached.", failure))
    }
}

/// The answer, unless the bucket refused.
fn expect_success(response: Response<Bytes>) -> Result<Response<Bytes>> {
    if response.status().is_success() {
        return Ok(response);
    }
    Err(Error::internal("The bucket refused.", format!("status {}", response.status().as_u16())))
}

/// The writes that let go of a member's file that nothing refers to any more, and have it removed.
pub fn let_go(app: &App, member: MemberId, file: &str) -> Result<Vec<Write>> {
    let mut writes = vec![happened(app, Event::FilesOrphaned { member, files: vec![file.to_owned()] })?];
    if let Some((member, filename)) = Upload::of_file(file) {
        writes.push(Write::delete(keys::upload(member, filename), Condition::default()));
    }
    Ok(writes)
}

/// The same of several files at once.
pub fn let_go_of_all(app: &App, member: MemberId, files: Vec<String>) -> Result<Vec<Write>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let uploads = files.iter().filter_map(|file| Upload::of_file(file));
    let mut writes: Vec<Write> =
        uploads.map(|(member, filename)| Write::delete(keys::upload(member, filename), Condition::default())).collect();
    writes.push(happened(app, Event::FilesOrphaned { member, files })?);
    Ok(writes)
}

/// A file's name in characters that mean nothing anywhere.
pub fn plain_name(name: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() || "-_.".contains(char) { char } else { '_' };
    name.chars().map(plain).collect()
}

/// The path under which a file of the bucket is served.
pub fn path(name: &str) -> String {
    format!("/media/{name}")
}

/// The file of the bucket that is served under a path; whether there is one is another question.
pub fn file_at(path: &str) -> Option<&str> {
    path.strip_prefix("/media/")
}
