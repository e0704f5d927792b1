//! Configuration: the only reader of environment variables.
//!
//! A function is given just the variables that it needs (`template.yaml`); what it has no use for stays empty.
//! A slice names its needs, and [`Config::new`] names the first that is missing.

use std::collections::BTreeMap;
use std::fmt;

/// Environment variables: in Lambda the process's, locally what `template.yaml` gives the function.
pub type Environment = BTreeMap<String, String>;

/// A variable that is missing or does not parse, named.
#[derive(Debug)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// Text that must not be printed.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one line that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_empty() { "(none)" } else { "(secret)" })
    }
}

/// Everything a function is told from outside.
#[derive(Clone, Debug)]
pub struct Config {
    /// `TABLE`: the product's table.
    pub table: String,
    /// `BOARDS_TABLE`: the table of the boards.
    pub boards_table: String,
    /// `PUBLIC_URL`: where people reach Guildhall, without a slash at the end; links in letters start with it.
    pub public_url: String,
    /// `ALLOWED_ORIGINS`: the web clients that may send cookies, separated by commas.
    pub allowed_origins: Vec<String>,
    /// `RATE_LIMIT_FACTOR`: stretches every limit per address; 0 switches them off.
    pub rate_limit_factor: f64,
    /// `EDGE_SECRET`: what the edge shows, which writes down the addresses of those who call.
    pub edge_secret: Secret,
    /// `SIGNING_SECRET`: seals cursors, links and device cookies.
    pub signing_secret: Secret,
    /// `TOKEN_SECRET`: the private keys of access tokens; only `accounts` has it. Several are separated by commas,
    /// the first signs.
    pub token_secret: Secret,
    /// `OPERATIONS_TOKEN`: what a game server shows to write scores; none means refused.
    pub operations_token: Secret,
    /// `UNIFORM_LOGIN_ERRORS`: whether a failed login hides which names exist.
    pub uniform_login_errors: bool,
    /// `SUBSCRIBER_LOGIN`: whether subscribers of SkillTracker sign in by their address alone (`immediate`), and not by a
    /// code that is sent there (`code`).
    pub immediate_subscriber_login: bool,
    /// `BUCKET`: where files are kept.
    pub bucket: String,
    /// `MAX_AVATAR_MEGABYTES`: the size limit of an avatar in units of 1,048,576 bytes.
    pub max_avatar_megabytes: f64,
    /// `BUS`: the event bus.
    pub bus: String,
    /// `SENDER`: the address that letters come from.
    pub sender: String,
    /// `REPORTS_ADDRESS`: who gets a letter that sums up each week's reports; none means that nobody does.
    pub reports_address: String,
    /// `SOCKETS_URL`: where frames for open sockets are posted.
    pub sockets_url: String,
    /// `GOOGLE_ISSUER`: the OpenID provider that signs people in with Google, without a slash at the end.
    pub google_issuer: String,
    /// `GOOGLE_CLIENT_ID`: what Google knows Guildhall as; none means that nobody signs in with Google.
    pub google_client_id: String,
    /// `GOOGLE_CLIENT_SECRET`: what Guildhall shows to Google; only `accounts` has it.
    pub google_client_secret: Secret,
    /// `LEETCODE_GRAPHQL_URL`: where LeetCode answers queries.
    pub leetcode_graphql_url: String,
    /// `CODEFORCES_API_URL`: what the methods of Codeforces' API are below, without a slash at the end.
    pub codeforces_api_url: String,
    /// `CODECHEF_BASE_URL`: CodeChef's pages, without a slash at the end.
    pub codechef_base_url: String,
    /// `PLATFORM_WAIT_FACTOR`: stretches the waits between two tries and between two calls to a platform; 0 switches
    /// them off.
    pub platform_wait_factor: f64,
    /// Where AWS is and who asks.
    pub aws: Aws,
}

/// Region, credentials and endpoints, in the names that every AWS SDK reads.
#[derive(Clone, Debug)]
pub struct Aws {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret>,
    /// `AWS_ENDPOINT_URL`: takes the place of every service's own address.
    pub endpoint_url: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: the same for the table alone.
    pub dynamodb_endpoint_url: Option<String>,
}

/// Reads one variable after another; unset ones keep their default.
struct Reader<'a>(&'a Environment);

impl Reader<'_> {
    fn text(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_default()
    }

    fn optional(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn secret(&self, name: &str) -> Secret {
        Secret(self.text(name))
    }

    fn number(&self, name: &str, default: f64) -> Result<f64, ConfigError> {
        let Some(text) = self.optional(name) else { return Ok(default) };
        match text.parse() {
            Ok(number) if (0.0..=1e6).contains(&number) => Ok(number),
            _ => Err(ConfigError(format!("{name} must be a number from 0 to 1000000, not {text:?}."))),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        match self.text(name).as_str() {
            "true" => Ok(true),
            "false" | "" => Ok(false),
            other => Err(ConfigError(format!("{name} must be true or false, not {other:?}."))),
        }
    }
}

impl Config {
    /// Reads the variables and makes sure that those in `needs` are set.
    pub fn new(environment: &Environment, needs: &[&str]) -> Result<Config, ConfigError> {
        if let Some(missing) = needs.iter().find(|name| environment.get(**name).is_none_or(String::is_empty)) {
            return Err(ConfigError(format!("The environment variable {missing} is not set.")));
        }
        let read = Reader(environment);
        Ok(Config {
            table: read.text("TABLE"),
            boards_table: read.text("BOARDS_TABLE"),
            public_url: read.text("PUBLIC_URL").trim_end_matches('/').to_owned(),
            allowed_origins: read
                .text("ALLOWED_ORIGINS")
                .split(',')
                .map(|origin| origin.trim().trim_end_matches('/').to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
            rate_limit_factor: read.number("RATE_LIMIT_FACTOR", 1.0)?,
            edge_secret: read.secret("EDGE_SECRET"),
            signing_secret: read.secret("SIGNING_SECRET"),
            token_secret: read.secret("TOKEN_SECRET"),
            operations_token: read.secret("OPERATIONS_TOKEN"),
            uniform_login_errors: read.flag("UNIFORM_LOGIN_ERRORS")?,
            immediate_subscriber_login: match read.text("SUBSCRIBER_LOGIN").as_str() {
                "immediate" => true,
                "code" | "" => false,
                other => {
                    return Err(ConfigError(format!("SUBSCRIBER_LOGIN must be code or immediate, not {other:?}.")));
                }
            },
            bucket: read.text("BUCKET"),
            max_avatar_megabytes: read.number("MAX_AVATAR_MEGABYTES", 2.0)?,
            bus: read.text("BUS"),
            sender: read.text("SENDER"),
            reports_address: read.text("REPORTS_ADDRESS"),
            sockets_url: read.text("SOCKETS_URL"),
            google_issuer: read.text("GOOGLE_ISSUER").trim_end_matches('/').to_owned(),
            google_client_id: read.text("GOOGLE_CLIENT_ID"),
            google_client_secret: read.secret("GOOGLE_CLIENT_SECRET"),
            leetcode_graphql_url: read.text("LEETCODE_GRAPHQL_URL"),
            codeforces_api_url: read.text("CODEFORCES_API_URL").trim_end_matches('/').to_owned(),
            codechef_base_url: read.text("CODECHEF_BASE_URL").trim_end_matches('/').to_owned(),
            platform_wait_factor: read.number("PLATFORM_WAIT_FACTOR", 1.0)?,
            aws: Aws {
                region: read.optional("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
                access_key_id: read.text("AWS_ACCESS_KEY_ID"),
                secret_access_key: read.secret("AWS_SECRET_ACCESS_KEY"),
                session_token: read.optional("AWS_SESSION_TOKEN").map(Secret),
                endpoint_url: read.optional("AWS_ENDPOINT_URL"),
                dynamodb_endpoint_url: read.optional("AWS_ENDPOINT_URL_DYNAMODB"),
            },
        })
    }

    /// Whether people reach Guildhall over TLS, so that cookies may insist on it.
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_variable_is_named_and_secrets_do_not_print() {
        let mut environment = Environment::from([("SIGNING_SECRET".to_owned(), "hunter2".to_owned())]);
        let error = Config::new(&environment, &["SIGNING_SECRET", "TABLE"]).unwrap_err();
        assert_eq!(error.to_string(), "The environment variable TABLE is not set.");
        environment.insert("TABLE".to_owned(), "main".to_owned());
        let config = Config::new(&environment, &["TABLE"]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_number_that_is_none_is_refused_by_name() {
        let environment = Environment::from([("RATE_LIMIT_FACTOR".to_owned(), "NaN".to_owned())]);
        assert!(Config::new(&environment, &[]).unwrap_err().to_string().contains("RATE_LIMIT_FACTOR"));
    }
}
