//! `App`: what every handler is given. Built once per cold start, cheap to clone.

use std::ops::Deref;
use std::sync::Arc;

use aws_sdk_dynamodb::config::SharedHttpClient;

use crate::auth::openid::OpenId;
use crate::auth::tokens::KeyRing;
use crate::boards::Boards;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Environment};
use crate::ids::{ActionId, EventId, ExportId, Ids, MemberId, ReportId};
use crate::live::Sockets;
use crate::media::Media;
use crate::platforms::Hosts;
use crate::seal::Seal;
use crate::store::Table;

/// The configuration, the clock, the ids and the clients.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`], to be read through it.
#[derive(Clone)]
pub struct Parts {
    /// What the function was told from outside.
    pub config: Arc<Config>,
    /// The time.
    pub clock: Clock,
    /// New ids.
    pub ids: Ids,
    /// The product's table.
    pub table: Table,
    /// The boards.
    pub boards: Boards,
    /// Signs what leaves the house and comes back: cursors, links, device cookies.
    pub seal: Seal,
    /// The keys of access tokens.
    pub keys: KeyRing,
    /// The OpenID provider that vouches for people.
    pub openid: OpenId,
    /// The platforms where members solve problems.
    pub platforms: Hosts,
    /// Files.
    pub media: Media,
    /// Open sockets.
    pub sockets: Sockets,
    /// The HTTP client under every AWS client, where a test brings its own.
    pub http_client: Option<SharedHttpClient>,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// The app of one function, from its environment variables.
    pub fn new(environment: &Environment) -> Result<App, ConfigError> {
        App::with_needs(environment, &[])
    }

    /// The same, after making sure that the variables in `needs` are set.
    pub fn with_needs(environment: &Environment, needs: &[&str]) -> Result<App, ConfigError> {
        let config = Config::new(environment, needs)?;
        Ok(App::from_parts(Arc::new(config), Clock::system(), Ids::random(), None))
    }

    /// The same app at another time.
    pub fn with_clock(self, clock: Clock) -> App {
        App::from_parts(self.config.clone(), clock, self.ids.clone(), self.http_client.clone())
    }

    /// The same app with other ids.
    pub fn with_ids(self, ids: Ids) -> App {
        App::from_parts(self.config.clone(), self.clock.clone(), ids, self.http_client.clone())
    }

    /// The same app over another HTTP client, which may let calls fail.
    pub fn with_http_client(self, client: SharedHttpClient) -> App {
        App::from_parts(self.config.clone(), self.clock.clone(), self.ids.clone(), Some(client))
    }

    fn from_parts(config: Arc<Config>, clock: Clock, ids: Ids, http_client: Option<SharedHttpClient>) -> App {
        let table = Table::new(&config, clock.clone(), http_client.clone());
        App(Arc::new(Parts {
            boards: Boards::new(table.of_boards()),
            table,
            seal: Seal::new(config.signing_secret.expose()),
            keys: KeyRing::new(config.token_secret.expose()),
            openid: OpenId::default(),
            platforms: Hosts::default(),
            media: Media::new(&config),
            sockets: Sockets::new(&config, http_client.clone()),
            config,
            clock,
            ids,
            http_client,
        }))
    }

    /// An id for a new member.
    pub fn new_member_id(&self) -> MemberId {
        MemberId(self.ids.next(self.clock.now()))
    }

    /// An id for a request for one's own data.
    pub fn new_export_id(&self) -> ExportId {
        ExportId(self.ids.next(self.clock.now()))
    }

    /// An id for something that a member did and that shows in streams.
    pub fn new_action_id(&self) -> ActionId {
        ActionId(self.ids.next(self.clock.now()))
    }

    /// An id for something that a member told the staff of.
    pub fn new_report_id(&self) -> ReportId {
        ReportId(self.ids.next(self.clock.now()))
    }

    /// An id for something that happened.
    pub fn new_event_id(&self) -> EventId {
        EventId(self.ids.next(self.clock.now()))
    }
}
