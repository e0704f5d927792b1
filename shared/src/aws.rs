//! What every AWS client is built from: where AWS is, and who asks.
//!
//! Credentials and endpoints come from the environment that Lambda gives every function, so the SDK's search for
//! them (profiles, instance metadata, single sign-on) is left out, and with it most of the time a client takes to
//! start.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{Credentials, Region};

use crate::config::Aws;

/// How often a call is tried that was throttled or lost.
pub(crate) const ATTEMPTS: u32 = 4;
/// How long the first repetition waits at most; doubled each time. The SDK's own would be a second, and somebody waits.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(20);

impl Aws {
    /// The region.
    pub fn region(&self) -> Region {
        Region::new(self.region.clone())
    }

    /// The credentials of the function.
    pub fn credentials(&self) -> Credentials {
        Credentials::new(
            &self.access_key_id,
            self.secret_access_key.expose(),
            self.session_token.as_ref().map(|token| token.expose().to_owned()),
            None,
            "environment",
        )
    }

    /// How calls are repeated, with full jitter.
    pub fn retries(&self) -> RetryConfig {
        RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_WAIT)
    }
}
