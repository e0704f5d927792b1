//! Open sockets: post a frame to one, close one, and say when one is gone.

use std::sync::{Arc, OnceLock};

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, SharedHttpClient};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use serde::Serialize;

use crate::config::Config;
use crate::error::{Error, Result};

/// What became of a socket that we wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It is open.
    Open,
    /// It is gone, and nothing should be sent to it again.
    Gone,
}

/// The gateway's sockets. Connects with the first call.
#[derive(Clone)]
pub struct Sockets {
    client: Arc<OnceLock<Client>>,
    config: Arc<Config>,
    http_client: Option<SharedHttpClient>,
}

impl Sockets {
    /// The sockets of the gateway that the configuration names.
    pub fn new(config: &Arc<Config>, http_client: Option<SharedHttpClient>) -> Sockets {
        Sockets { client: Arc::default(), config: config.clone(), http_client }
    }

    /// Posts a frame as JSON text.
    pub async fn send(&self, connection: &str, frame: &impl Serialize) -> Result<Reached> {
        let data =
            serde_json::to_vec(frame).map_err(|cause| Error::internal("A frame could not be written.", cause))?;
        let sent = self.client().post_to_connection().connection_id(connection).data(Blob::new(data)).send().await;
        match sent {
            Ok(_) => Ok(Reached::Open),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_gone_exception()) => Ok(Reached::Gone),
            Err(cause) => Err(Error::internal("A frame could not be sent.", cause)),
        }
    }

    /// Closes a socket; one that is gone already is as good as closed.
    pub async fn close(&self, connection: &str) -> Result<()> {
        match self.client().delete_connection().connection_id(connection).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_gone_exception()) => Ok(()),
            Err(cause) => Err(Error::internal("A socket could not be closed.", cause)),
        }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let aws = &self.config.aws;
            let mut config = aws_sdk_apigatewaymanagement::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(aws.region())
                .endpoint_url(aws.endpoint_url.as_deref().unwrap_or(&self.config.sockets_url))
                .credentials_provider(aws.credentials())
                .retry_config(aws.retries());
            config.set_http_client(self.http_client.clone());
            Client::from_conf(config.build())
        })
    }
}
