//! Resources, from what CloudFormation calls them to what the local cloud does with them.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use super::parameters::text_of;
use super::resolve::{Resolver, Trouble};
use super::{Cors, Function, HttpApi, HttpRoute, Queue, Redrive, Rule, RuleTarget, SocketApi, Source, Table, Template};
use super::{QueueSource, Schedule, SocketPath, StreamSource};
use crate::bus::Pattern;

/// CloudFormation's own defaults.
const TIMEOUT: u32 = 3;
const QUEUE_BATCH: u32 = 10;
const STREAM_BATCH: u32 = 100;
const VISIBILITY_TIMEOUT: u32 = 30;

/// Reads resources one kind at a time.
pub(super) struct Reader<'a> {
    pub(super) resolver: Resolver<'a>,
    pub(super) globals: &'a Map<String, Value>,
}

/// Where an API's route leads: the API's id, the route's key, the function's id.
struct Route {
    id: String,
    api: String,
    key: String,
    function: String,
}

impl Reader<'_> {
    /// Everything that the local cloud takes from the template.
    pub(super) fn template(&self) -> Result<Template, Trouble> {
        let routes = self.routes()?;
        Ok(Template {
            functions: self.each("AWS::Serverless::Function", |id| self.function(id))?,
            http: self.http_api(&routes)?,
            sockets: self.socket_api(&routes)?,
            tables: self.each("AWS::DynamoDB::Table", |id| self.table(id))?,
            buckets: self.each("AWS::S3::Bucket", |id| self.resolver.physical_name(id))?,
            buses: self.each("AWS::Events::EventBus", |id| self.resolver.physical_name(id))?,
            rules: self.each("AWS::Events::Rule", |id| self.rule(id))?,
            queues: self.each("AWS::SQS::Queue", |id| self.queue(id))?,
        })
    }

    /// Reads every resource of a kind whose condition holds.
    fn each<T>(&self, kind: &str, read: impl Fn(&str) -> Result<T, Trouble>) -> Result<Vec<T>, Trouble> {
        let mut all = Vec::new();
        for (id, resource) in self.resolver.resources.iter().filter(|(_, resource)| resource["Type"] == kind) {
            let wanted = match resource["Condition"].as_str() {
                Some(condition) => self.resolver.condition(condition).map_err(|trouble| trouble.below(id))?,
                None => true,
            };
            if wanted {
                all.push(read(id).map_err(|trouble| trouble.below(id))?);
            }
        }
        Ok(all)
    }

    /// The named properties of a resource, resolved; others may hold what the local cloud need not understand.
    fn properties<T: DeserializeOwned>(&self, id: &str, names: &[&str]) -> Result<T, Trouble> {
        let all = self.resolver.resources[id]["Properties"].as_object();
        let wanted = all.into_iter().flatten().filter(|(name, _)| names.contains(&name.as_str()));
        let wanted: Map<String, Value> = wanted.map(|(name, value)| (name.clone(), value.clone())).collect();
        parse(Value::Object(self.resolver.object(&wanted)?))
    }

    fn function(&self, id: &str) -> Result<Function, Trouble> {
        const WANTED: [&str; 3] = ["Environment", "Timeout", "Events"];
        let globals = self.globals.iter().filter(|(name, _)| WANTED.contains(&name.as_str()));
        let globals: Map<String, Value> = globals.map(|(name, value)| (name.clone(), value.clone())).collect();
        let globals = self.resolver.object(&globals).map_err(|trouble| trouble.below("Globals"))?;
        let globals: FunctionProperties = parse(Value::Object(globals))?;
        let own: FunctionProperties = self.properties(id, &WANTED)?;
        let timeout = own.timeout.or(globals.timeout).map_or(TIMEOUT, |timeout| timeout.0);
        let mut variables = globals.environment.variables;
        variables.extend(own.environment.variables);
        let binary = self.resolver.resources[id].pointer("/Metadata/BuildProperties/Binary").and_then(Value::as_str);
        let mut sources = Vec::new();
        for (name, event) in own.events {
            sources.push(self.source(event).map_err(|trouble| trouble.below(name).below("Events"))?);
        }
        Ok(Function {
            id: id.to_owned(),
            binary: binary.ok_or_else(|| Trouble::new("Metadata.BuildProperties.Binary is missing"))?.to_owned(),
            arn: self.resolver.arn(id)?,
            environment: variables.into_iter().map(|(name, value)| (name, text_of(&value))).collect(),
            timeout,
            sources,
        })
    }

    fn source(&self, event: Event) -> Result<Source, Trouble> {
        match event.r#type.as_str() {
            "SQS" => {
                let event: QueueEvent = parse(event.properties)?;
                Ok(Source::Queue(QueueSource {
                    queue: self.resolver.resource_of(&event.queue, "AWS::SQS::Queue")?,
                    batch_size: event.batch_size.map_or(QUEUE_BATCH, |size| size.0).max(1),
                    maximum_concurrency: event
                        .scaling_config
                        .and_then(|scaling| scaling.maximum_concurrency)
                        .map(|n| n.0),
                    reports_failures: reports_failures(&event.function_response_types),
                }))
            }
            "DynamoDB" => {
                let event: StreamEvent = parse(event.properties)?;
                // A stream's ARN is its table's and then `/stream/…`.
                let table = event.stream.split("/stream/").next().unwrap_or_default();
                let destination = event.destination_config.and_then(|destinations| destinations.on_failure);
                let filters = event.filter_criteria.filters.iter().map(|filter| {
                    let pattern = serde_json::from_str(&filter.pattern).map_err(|error| error.to_string());
                    pattern.and_then(|pattern| Pattern::parse(&pattern))
                });
                let filters = filters.collect::<Result<_, _>>();
                Ok(Source::Stream(StreamSource {
                    table: self.resolver.resource_of(table, "AWS::DynamoDB::Table")?,
                    batch_size: event.batch_size.map_or(STREAM_BATCH, |size| size.0).max(1),
                    // -1 means until the record leaves the stream.
                    maximum_retries: event.maximum_retry_attempts.and_then(|number| u32::try_from(number).ok()),
                    bisects: event.bisect_batch_on_function_error,
                    reports_failures: reports_failures(&event.function_response_types),
                    filters: filters.map_err(|error| Trouble::new(error).below("FilterCriteria"))?,
                    on_failure: destination
                        .map(|failed| self.resolver.resource_of(&failed.destination, "AWS::SQS::Queue"))
                        .transpose()?,
                }))
            }
            "ScheduleV2" => {
                let event: ScheduleEvent = parse(event.properties)?;
                if event.schedule_expression_timezone.as_deref().is_some_and(|zone| zone != "UTC") {
                    return Err(Trouble::new("the local cloud keeps UTC and no other time zone"));
                }
                crate::schedules::check(&event.schedule_expression).map_err(Trouble::new)?;
                Ok(Source::Schedule(Schedule {
                    name: event.name,
                    expression: event.schedule_expression,
                    input: serde_json::from_str(&event.input)
                        .map_err(|error| Trouble::new(format!("the input is not JSON: {error}")))?,
                    enabled: event.state.as_deref() != Some("DISABLED"),
                }))
            }
            other => Err(Trouble::new(format!("the local cloud knows no events of the type {other}"))),
        }
    }

    fn routes(&self) -> Result<Vec<Route>, Trouble> {
        let functions = self.each("AWS::Serverless::Function", |id| Ok((id.to_owned(), self.resolver.arn(id)?)))?;
        let integrations: BTreeMap<String, String> = self
            .each("AWS::ApiGatewayV2::Integration", |id| {
                let integration: IntegrationProperties = self.properties(id, &["IntegrationUri"])?;
                // The function's ARN, or a longer address around it.
                let (function, _) = functions
                    .iter()
                    .find(|(_, arn)| integration.integration_uri.split('/').any(|part| part == arn))
                    .ok_or_else(|| Trouble::new("IntegrationUri leads to no function of this template"))?;
                Ok((id.to_owned(), function.clone()))
            })?
            .into_iter()
            .collect();
        self.each("AWS::ApiGatewayV2::Route", |id| {
            let route: RouteProperties = self.properties(id, &["ApiId", "RouteKey", "Target"])?;
            let target = route.target.strip_prefix("integrations/").and_then(|id| integrations.get(id));
            let function = target.ok_or_else(|| Trouble::new("Target leads to no integration of this template"))?;
            Ok(Route { id: id.to_owned(), api: route.api_id, key: route.route_key, function: function.clone() })
        })
    }

    /// The API of this protocol; no template here has two of one.
    fn api(&self, protocol: &str) -> Result<Option<(String, ApiProperties)>, Trouble> {
        let apis = self.each("AWS::ApiGatewayV2::Api", |id| {
            Ok((id.to_owned(), self.properties::<ApiProperties>(id, &["ProtocolType", "CorsConfiguration"])?))
        })?;
        let mut apis = apis.into_iter().filter(|(_, api)| api.protocol_type == protocol);
        match (apis.next(), apis.next()) {
            (Some(_), Some((second, _))) => {
                Err(Trouble::new(format!("the local cloud has room for one {protocol} API")).below(second))
            }
            (first, _) => Ok(first),
        }
    }

    fn http_api(&self, routes: &[Route]) -> Result<HttpApi, Trouble> {
        let Some((id, api)) = self.api("HTTP")? else { return Ok(HttpApi::default()) };
        let name = self.resolver.physical_name(&id)?;
        let own = routes.iter().filter(|route| route.api == name);
        let routes = own.map(|route| http_route(route).map_err(|trouble| trouble.below(&route.id)));
        Ok(HttpApi { routes: routes.collect::<Result<_, _>>()?, cors: api.cors_configuration, id: name })
    }

    fn socket_api(&self, routes: &[Route]) -> Result<SocketApi, Trouble> {
        let Some((id, _)) = self.api("WEBSOCKET")? else { return Ok(SocketApi::default()) };
        let name = self.resolver.physical_name(&id)?;
        let stages = self.each("AWS::ApiGatewayV2::Stage", |id| self.properties(id, &["ApiId", "StageName"]))?;
        let stage = stages.into_iter().find(|stage: &StageProperties| stage.api_id == name);
        Ok(SocketApi {
            stage: stage.ok_or_else(|| Trouble::new("it has no stage").below(&id))?.stage_name,
            routes: routes
                .iter()
                .filter(|route| route.api == name)
                .map(|route| (route.key.clone(), route.function.clone()))
                .collect(),
            paths: self.socket_paths()?,
            id: name,
        })
    }

    /// The paths that the edge's function knows: the JSON in its code. None where there is no such function.
    fn socket_paths(&self) -> Result<Vec<SocketPath>, Trouble> {
        let lists = self.each("AWS::CloudFront::Function", |id| {
            let code: FunctionCode = self.properties(id, &["FunctionCode"])?;
            let Some((_, after)) = code.function_code.split_once("const PATHS = ") else { return Ok(Vec::new()) };
            let (list, _) = after.split_once(';').ok_or_else(|| Trouble::new("its paths have no end"))?;
            serde_json::from_str(list).map_err(|error| Trouble::new(format!("its paths are not JSON: {error}")))
        })?;
        Ok(lists.concat())
    }

    fn table(&self, id: &str) -> Result<Table, Trouble> {
        const WANTED: [&str; 6] = [
            "AttributeDefinitions",
            "KeySchema",
            "GlobalSecondaryIndexes",
            "LocalSecondaryIndexes",
            "StreamSpecification",
            "TimeToLiveSpecification",
        ];
        let mut definition: Map<String, Value> = self.properties(id, &WANTED)?;
        let name = self.resolver.physical_name(id)?;
        let ttl = definition.remove("TimeToLiveSpecification");
        let ttl: Option<TimeToLive> = ttl.map(parse).transpose()?;
        definition.insert("TableName".to_owned(), json!(name));
        definition.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
        // In CloudFormation a stream that is described is enabled; `CreateTable` wants to be told.
        if let Some(Value::Object(stream)) = definition.get_mut("StreamSpecification") {
            stream.insert("StreamEnabled".to_owned(), json!(true));
        }
        Ok(Table {
            id: id.to_owned(),
            name,
            definition: Value::Object(definition),
            ttl_attribute: ttl.filter(|ttl| ttl.enabled).map(|ttl| ttl.attribute_name),
        })
    }

    fn rule(&self, id: &str) -> Result<Rule, Trouble> {
        let rule: RuleProperties = self.properties(id, &["EventBusName", "EventPattern", "Targets"])?;
        let mut targets = Vec::new();
        for target in rule.targets {
            let queue = self.resolver.resource_of(&target.arn, "AWS::SQS::Queue");
            let queue = queue.map_err(|trouble| trouble.below(&target.id).below("Targets"))?;
            targets.push(RuleTarget { queue, input_path: target.input_path });
        }
        Ok(Rule {
            id: id.to_owned(),
            bus: rule.event_bus_name.unwrap_or_else(|| "default".to_owned()),
            pattern: Pattern::parse(&rule.event_pattern).map_err(|error| Trouble::new(error).below("EventPattern"))?,
            targets,
        })
    }

    fn queue(&self, id: &str) -> Result<Queue, Trouble> {
        let queue: QueueProperties = self.properties(id, &["DelaySeconds", "VisibilityTimeout", "RedrivePolicy"])?;
        let redrive = queue.redrive_policy.map(|policy| {
            Ok(Redrive {
                dead_letters: self.resolver.resource_of(&policy.dead_letter_target_arn, "AWS::SQS::Queue")?,
                maximum_receives: policy.max_receive_count.0,
            })
        });
        Ok(Queue {
            id: id.to_owned(),
            arn: self.resolver.arn(id)?,
            delay: queue.delay_seconds.map_or(0, |delay| delay.0),
            visibility_timeout: queue.visibility_timeout.map_or(VISIBILITY_TIMEOUT, |timeout| timeout.0),
            redrive: redrive.transpose()?,
        })
    }
}

fn http_route(route: &Route) -> Result<HttpRoute, Trouble> {
    let (method, path) = match route.key.split_once(' ') {
        Some((method, path)) => (method, path),
        None if route.key == "$default" => ("ANY", "$default"),
        None => return Err(Trouble::new(format!("RouteKey {} is no method and path", route.key))),
    };
    // API Gateway takes such a route and never finds it.
    if path.len() > 1 && path.ends_with('/') {
        return Err(Trouble::new(format!("RouteKey {} ends in a slash, which no request would reach", route.key)));
    }
    Ok(HttpRoute {
        key: route.key.clone(),
        method: method.to_owned(),
        path: path.to_owned(),
        function: route.function.clone(),
    })
}

fn reports_failures(types: &[String]) -> bool {
    types.iter().any(|kind| kind == "ReportBatchItemFailures")
}

fn parse<T: DeserializeOwned>(properties: Value) -> Result<T, Trouble> {
    serde_path_to_error::deserialize(properties).map_err(|error| {
        let path = error.path().to_string();
        let trouble = Trouble::new(error.into_inner().to_string());
        if path == "." { trouble } else { trouble.below(path) }
    })
}

/// A whole number, or the text of one, as a parameter gives it.
#[derive(Clone, Copy)]
struct Count(u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Count, D::Error> {
        let value = Value::deserialize(from)?;
        text_of(&value).parse().map(Count).map_err(|_| D::Error::custom(format!("{value} is not a whole number")))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FunctionProperties {
    environment: EnvironmentProperties,
    timeout: Option<Count>,
    events: BTreeMap<String, Event>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EnvironmentProperties {
    variables: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    r#type: String,
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueEvent {
    queue: String,
    batch_size: Option<Count>,
    #[serde(default)]
    function_response_types: Vec<String>,
    scaling_config: Option<Scaling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Scaling {
    maximum_concurrency: Option<Count>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamEvent {
    stream: String,
    batch_size: Option<Count>,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    #[serde(default)]
    function_response_types: Vec<String>,
    maximum_retry_attempts: Option<i64>,
    destination_config: Option<Destinations>,
    #[serde(default)]
    filter_criteria: FilterCriteria,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    /// An event pattern, as JSON text.
    pattern: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destinations {
    on_failure: Option<Destination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    destination: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleEvent {
    name: String,
    schedule_expression: String,
    schedule_expression_timezone: Option<String>,
    #[serde(default = "no_input")]
    input: String,
    state: Option<String>,
}

fn no_input() -> String {
    "{}".to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IntegrationProperties {
    integration_uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteProperties {
    api_id: String,
    route_key: String,
    target: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiProperties {
    protocol_type: String,
    cors_configuration: Option<Cors>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionCode {
    function_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StageProperties {
    api_id: String,
    stage_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleProperties {
    event_bus_name: Option<String>,
    event_pattern: Value,
    targets: Vec<TargetProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TargetProperties {
    id: String,
    arn: String,
    input_path: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueProperties {
    delay_seconds: Option<Count>,
    visibility_timeout: Option<Count>,
    redrive_policy: Option<RedrivePolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: Count,
}
