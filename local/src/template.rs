//! What `template.yaml` says, with parameters, conditions and references resolved: the wiring of the local cloud.

mod parameters;
mod resolve;
mod resources;
mod tags;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use self::resolve::Resolver;
use self::resources::Reader;
use crate::bus::Pattern;

/// The region that locally stands for wherever the stack is deployed.
pub const REGION: &str = "us-east-1";
/// The account that locally stands for the one that owns the stack.
pub const ACCOUNT: &str = "000000000000";
/// The name of the local stack.
pub const STACK: &str = "guildhall";

/// Everything that the local cloud takes from the template. Resources name each other by their logical ids.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// The functions.
    pub functions: Vec<Function>,
    /// The HTTP API.
    pub http: HttpApi,
    /// The WebSocket API.
    pub sockets: SocketApi,
    /// The tables.
    pub tables: Vec<Table>,
    /// The names of the buckets.
    pub buckets: Vec<String>,
    /// The names of the event buses.
    pub buses: Vec<String>,
    /// What the buses hand on, and to which queue.
    pub rules: Vec<Rule>,
    /// The queues.
    pub queues: Vec<Queue>,
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its logical id, such as `AccountsFunction`.
    pub id: String,
    /// Its binary, such as `accounts`.
    pub binary: String,
    /// Its ARN.
    pub arn: String,
    /// Its environment variables, except that secrets still stand as `{{resolve:secretsmanager:…}}`.
    pub environment: BTreeMap<String, String>,
    /// How many seconds an invocation may take.
    pub timeout: u32,
    /// What triggers it besides the APIs.
    pub sources: Vec<Source>,
}

/// What triggers a function besides the APIs.
#[derive(Clone, Debug)]
pub enum Source {
    /// Messages of a queue.
    Queue(QueueSource),
    /// Changes of a table.
    Stream(StreamSource),
    /// The time.
    Schedule(Schedule),
}

/// Hands the messages of a queue to a function.
#[derive(Clone, Debug)]
pub struct QueueSource {
    /// The queue's logical id.
    pub queue: String,
    /// How many messages an invocation takes at most.
    pub batch_size: u32,
    /// How many invocations may run at once.
    pub maximum_concurrency: Option<u32>,
    /// Whether the function names the messages that failed.
    pub reports_failures: bool,
}

/// Hands the changes of a table to a function.
#[derive(Clone, Debug)]
pub struct StreamSource {
    /// The table's logical id.
    pub table: String,
    /// How many records an invocation takes at most.
    pub batch_size: u32,
    /// How often a failed batch is tried again; `None` means until the record leaves the stream.
    pub maximum_retries: Option<u32>,
    /// Whether a batch that failed as a whole is tried again in halves.
    pub bisects: bool,
    /// Whether the function names the record that failed first.
    pub reports_failures: bool,
    /// Which changes it is given, those that one of these takes; all of them where there are none.
    pub filters: Vec<Pattern>,
    /// The logical id of the queue that hears of what was given up.
    pub on_failure: Option<String>,
}

impl StreamSource {
    /// Whether the function is given this change.
    pub fn takes(&self, record: &Value) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| filter.matches(record))
    }
}

/// Starts a function by the time.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its name, such as `clean-up`.
    pub name: String,
    /// `rate(…)` or `cron(…)`.
    pub expression: String,
    /// The event that the function gets.
    pub input: Value,
    /// Whether it runs by itself; one that does not can still be run by hand.
    pub enabled: bool,
}

/// The HTTP API.
#[derive(Clone, Debug, Default)]
pub struct HttpApi {
    /// Its id: the first label of its address.
    pub id: String,
    /// Its routes.
    pub routes: Vec<HttpRoute>,
    /// Which browsers' pages may call it; none means that it answers no preflight.
    pub cors: Option<Cors>,
}

/// Which requests go to which function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRoute {
    /// The whole route key, such as `ANY /users/{proxy+}`.
    pub key: String,
    /// The method, or `ANY`.
    pub method: String,
    /// The path, such as `/users/{proxy+}`; `$default` takes what no other route does.
    pub path: String,
    /// The function's logical id.
    pub function: String,
}

/// The CORS configuration of the HTTP API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    /// Origins that may call, or `*`.
    pub allow_origins: Vec<String>,
    /// Methods that they may use, or `*`.
    pub allow_methods: Vec<String>,
    /// Headers that they may send, or `*`.
    pub allow_headers: Vec<String>,
    /// Headers that they may read, or `*`.
    pub expose_headers: Vec<String>,
    /// Whether they may send cookies.
    pub allow_credentials: bool,
    /// How many seconds a preflight may be remembered.
    pub max_age: Option<u64>,
}

/// The WebSocket API.
#[derive(Clone, Debug, Default)]
pub struct SocketApi {
    /// Its id: the first label of its address.
    pub id: String,
    /// Its stage, such as `live`.
    pub stage: String,
    /// Function by route key: `$connect`, `$disconnect`, `$default`.
    pub routes: BTreeMap<String, String>,
    /// The paths that the edge in front of it knows.
    pub paths: Vec<SocketPath>,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its logical id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The `CreateTable` request: keys, indexes, stream.
    pub definition: Value,
    /// The attribute that says when an item expires.
    pub ttl_attribute: Option<String>,
}

/// What a bus hands on.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its logical id.
    pub id: String,
    /// The name of its bus.
    pub bus: String,
    /// Which events it takes.
    pub pattern: Pattern,
    /// Where they go.
    pub targets: Vec<RuleTarget>,
}

/// A queue that a rule hands events to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTarget {
    /// The queue's logical id.
    pub queue: String,
    /// The part of the event that is handed on, such as `$.detail`; none means all of it.
    pub input_path: Option<String>,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its logical id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// How many seconds a new message stays out of sight.
    pub delay: u32,
    /// How many seconds a message that was received stays out of sight.
    pub visibility_timeout: u32,
    /// Where messages go that keep failing.
    pub redrive: Option<Redrive>,
}

/// Where messages go that keep failing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The logical id of the dead-letter queue.
    pub dead_letters: String,
    /// How often a message is received before it goes there.
    pub maximum_receives: u32,
}

/// A path that leads to the WebSocket API, which has none: the edge turns it into a query.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SocketPath {
    /// Its parts, of which `{name}` stands for any.
    pub path: Vec<String>,
    /// The value of the query's `surface`.
    pub surface: String,
}

/// The template's parameter that says where people reach the API: here, unless somebody says otherwise.
const PUBLIC_URL: &str = "PublicUrl";

impl Template {
    /// Reads the template. `public_url` is the local address of the HTTP API.
    pub fn read(path: &Path, overrides: &BTreeMap<String, String>, public_url: &str) -> Result<Template, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("The template {} cannot be read: {error}.", path.display()))?;
        Template::parse(&text, overrides, public_url).map_err(|reason| format!("{}: {reason}", path.display()))
    }

    fn parse(text: &str, overrides: &BTreeMap<String, String>, public_url: &str) -> Result<Template, String> {
        let template = tags::read(text)?;
        let none = Map::new();
        let section = |pointer: &str| template.pointer(pointer).and_then(Value::as_object).unwrap_or(&none);
        let mut overrides = overrides.clone();
        if section("/Parameters").contains_key(PUBLIC_URL) {
            overrides.entry(PUBLIC_URL.to_owned()).or_insert_with(|| public_url.to_owned());
        }
        let parameters = parameters::values(section("/Parameters"), &overrides)?;
        let resolver = Resolver {
            parameters: &parameters,
            conditions: section("/Conditions"),
            resources: section("/Resources"),
            public_url,
        };
        let reader = Reader { resolver, globals: section("/Globals/Function") };
        reader.template().map_err(|trouble| trouble.to_string())
    }

    /// The function with this logical id or binary.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.id == name || function.binary == name)
    }

    /// The queue with this logical id.
    pub fn queue(&self, id: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.id == id)
    }

    /// Every schedule with the logical id of its function.
    pub fn schedules(&self) -> impl Iterator<Item = (&str, &Schedule)> {
        self.functions.iter().flat_map(|function| {
            function.sources.iter().filter_map(|source| match source {
                Source::Schedule(schedule) => Some((function.id.as_str(), schedule)),
                _ => None,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn guildhall(overrides: &[(&str, &str)]) -> Template {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let overrides = overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Template::read(&path, &overrides, "http://localhost:8000").unwrap()
    }

    #[test]
    fn our_own_template_is_read_whole() {
        let template = guildhall(&[("AllowedOrigins", "http://localhost:5173,http://localhost:3000")]);
        let accounts = template.function("accounts").unwrap();
        assert_eq!(accounts.id, "AccountsFunction");
        assert_eq!(accounts.environment["TABLE"], "guildhall-MainTable");
        assert_eq!(accounts.environment["PUBLIC_URL"], "http://localhost:8000");
        assert_eq!(accounts.environment["ALLOWED_ORIGINS"], "http://localhost:5173,http://localhost:3000");
        assert!(accounts.environment["TOKEN_SECRET"].starts_with("{{resolve:secretsmanager:"));
        let sockets_url = &template.function("chat").unwrap().environment["SOCKETS_URL"];
        assert_eq!(sockets_url, "https://socketapi.execute-api.us-east-1.amazonaws.com/live");

        let users = template.http.routes.iter().find(|route| route.key == "ANY /users/{proxy+}").unwrap();
        assert_eq!((users.method.as_str(), users.path.as_str()), ("ANY", "/users/{proxy+}"));
        assert_eq!(users.function, "AccountsFunction");
        assert_eq!(template.http.cors.as_ref().unwrap().allow_origins.len(), 2);
        assert_eq!(template.sockets.routes["$connect"], "ChatFunction");
        assert_eq!(template.sockets.stage, "live");

        let table = template.tables.iter().find(|table| table.id == "MainTable").unwrap();
        assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"));
        assert_eq!(table.definition["StreamSpecification"]["StreamEnabled"], true);
        let letters = template.queue("LettersQueue").unwrap();
        let redrive = letters.redrive.clone().unwrap();
        assert_eq!((redrive.dead_letters.as_str(), redrive.maximum_receives), ("LettersDeadLetters", 5));
        let rule = template.rules.iter().find(|rule| rule.id == "LettersRule").unwrap();
        assert_eq!((rule.bus.as_str(), rule.targets[0].queue.as_str()), (STACK, "LettersQueue"));
        assert!(template.schedules().any(|(function, schedule)| {
            function == "JobsFunction" && schedule.name == "clean-up" && schedule.input["job"] == "clean-up"
        }));
        let stream = template.function("projector").unwrap().sources.iter().find_map(|source| match source {
            Source::Stream(stream) => Some(stream),
            _ => None,
        });
        let stream = stream.unwrap();
        assert_eq!((stream.table.as_str(), stream.batch_size), ("MainTable", 100));
        assert!(stream.bisects && stream.reports_failures);
        let change = |key: &str| json!({ "dynamodb": { "Keys": { "pk": { "S": "MEMBER#1" }, "sk": { "S": key } } } });
        assert!(stream.takes(&change("ACCOUNT")) && stream.takes(&change("OUTBOX#7")));
        assert!(!stream.takes(&change("SESSION#7")));
        assert_eq!(stream.on_failure.as_deref(), Some("StreamFailures"));
    }

    #[test]
    fn parameters_and_conditions_reach_the_wiring() {
        assert_eq!(guildhall(&[]).http.cors, None);
        let template = guildhall(&[("PublicUrl", "https://guildhall.example.com")]);
        assert_eq!(template.function("accounts").unwrap().environment["PUBLIC_URL"], "https://guildhall.example.com");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_resource_and_property() {
        let wrong = |resource: &str| {
            let text = format!("Resources:\n  Thing: {resource}");
            Template::parse(&text, &BTreeMap::new(), "").unwrap_err()
        };
        let queue = "{Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: soon}}";
        assert_eq!(wrong(queue), "Thing.VisibilityTimeout: \"soon\" is not a whole number.");
        let queue = "{Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt No.Arn}}}";
        assert_eq!(
            wrong(queue),
            "Thing.RedrivePolicy.deadLetterTargetArn.Fn::GetAtt: there is neither a resource nor a parameter named No."
        );
        let function = "{Type: AWS::Serverless::Function, Metadata: {BuildProperties: {Binary: b}},
            Properties: {Events: {E: {Type: ScheduleV2, Properties: {Name: n, ScheduleExpression: often}}}}}";
        assert!(wrong(function).starts_with("Thing.Events.E: The schedule \"often\""));
    }
}
