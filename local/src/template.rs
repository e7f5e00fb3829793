//! template.yaml as the local stack reads it: the table's shape, the functions
//! with their environment, routes, schedules and streams, and the gateway's
//! CORS rules. It is the one source of all of them; nothing here repeats its
//! values.

mod expression;
mod schedule;
mod stream;

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

pub use expression::Scope;
pub use schedule::{Schedule, Source};
pub use stream::{StartingPosition, StreamMapping};

/// Name of the stack wherever the template asks for it (`AWS::StackName`).
pub const STACK_NAME: &str = "storefront";
/// Name of the table wherever the template refers to it (`!Ref Table`).
pub const TABLE_NAME: &str = "storefront";
/// Region wherever the template asks for it (`AWS::Region`).
pub const REGION: &str = "eu-west-1";
/// Account wherever AWS would name one. Nobody's: that of AWS's own examples.
pub const ACCOUNT: &str = "123456789012";

/// A parsed template.
#[derive(Clone, Debug)]
pub struct Template {
    document: Value,
}

/// The table, in the words of DynamoDB's own `CreateTable`.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Body of `CreateTable`, without the table's name.
    pub create: Map<String, Value>,
    /// `TimeToLiveSpecification` of `UpdateTimeToLive`, if the table has one.
    pub time_to_live: Option<Value>,
}

/// One `AWS::Serverless::Function`, with the template's globals applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its key under `Resources`.
    pub logical_id: String,
    /// Name of the crate and of its binary: the last part of `CodeUri`.
    pub name: String,
    /// `MemorySize`, in MiB.
    pub memory_mib: u64,
    /// `Timeout` of one invocation.
    pub timeout: Duration,
    /// Paths that the HTTP API sends here, in the template's own syntax.
    pub routes: Vec<Route>,
    /// When it is invoked by the clock.
    pub schedules: Vec<Schedule>,
    /// What of the table's stream it is invoked with.
    pub streams: Vec<StreamMapping>,
    environment: Map<String, Value>,
}

/// What a path of the HTTP API looks like in the template.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Route {
    /// Every method of one path, such as `/api/products/{proxy+}`.
    Path(String),
    /// Whatever no other route matches (`$default`).
    Default,
}

/// `CorsConfiguration` of the HTTP API.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    /// Origins whose pages may call; `*` is any.
    pub allow_origins: Vec<String>,
    /// Methods that they may use.
    pub allow_methods: Vec<String>,
    /// Request headers that they may send.
    pub allow_headers: Vec<String>,
    /// Response headers that they may read.
    pub expose_headers: Vec<String>,
    /// Seconds that a browser may keep the answer.
    pub max_age: Option<u64>,
}

impl Template {
    /// Reads and parses the file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("parsing {}", path.display()))
    }

    /// Parses the text of a template.
    pub fn parse(text: &str) -> Result<Self> {
        let document = expression::to_json(serde_norway::from_str(text)?)?;
        Ok(Self { document })
    }

    /// What references mean before the local stack says more: the parameters'
    /// defaults and CloudFormation's pseudo-parameters.
    pub fn scope(&self) -> Scope {
        let defaults = self.section("Parameters").filter_map(|(name, parameter)| {
            let default = expression::scalar(parameter.get("Default")?)?;
            Some((name.clone(), default))
        });
        let conditions = self.section("Conditions").map(|(name, written)| (name.clone(), written.clone()));
        Scope::new(defaults, conditions.collect())
            .with("AWS::StackName", STACK_NAME)
            .with("AWS::Region", REGION)
            .with("AWS::URLSuffix", "amazonaws.com")
            .with("Table", TABLE_NAME)
    }

    /// The shape of the resource `Table`.
    pub fn table(&self) -> Result<Table> {
        let properties = self
            .document
            .pointer("/Resources/Table/Properties")
            .and_then(Value::as_object)
            .context("the template has no table under Resources.Table")?;
        Ok(Table {
            create: create_table(properties),
            time_to_live: properties.get("TimeToLiveSpecification").cloned(),
        })
    }

    /// Every function, in the order of their names.
    pub fn functions(&self) -> Result<Vec<Function>> {
        self.resources("AWS::Serverless::Function")
            .map(|(id, properties)| {
                self.function(id, properties).with_context(|| format!("function {id} of the template"))
            })
            .collect()
    }

    /// The gateway's CORS rules.
    pub fn cors(&self, scope: &Scope) -> Result<Cors> {
        let (_, api) = self
            .resources("AWS::Serverless::HttpApi")
            .next()
            .context("the template has no AWS::Serverless::HttpApi")?;
        let Some(rules) = api.get("CorsConfiguration") else {
            return Ok(Cors::default());
        };
        let mut rules = scope.resolve(rules)?;
        split_lists(&mut rules);
        serde_json::from_value(rules).context("CorsConfiguration of the HTTP API")
    }

    fn function(&self, id: &str, own: &Value) -> Result<Function> {
        let property = |name| own.get(name).or_else(|| self.global(name));
        Ok(Function {
            logical_id: id.to_owned(),
            name: crate_name(own)?,
            memory_mib: whole(property("MemorySize"), 128)?,
            timeout: Duration::from_secs(whole(property("Timeout"), 3)?),
            routes: routes(own)?,
            schedules: schedule::schedules(id, own)?,
            streams: stream::mappings(id, own)?,
            environment: self.environment(own),
        })
    }

    fn environment(&self, own: &Value) -> Map<String, Value> {
        [self.global("Environment"), own.get("Environment")]
            .into_iter()
            .flatten()
            .filter_map(|environment| environment.get("Variables")?.as_object())
            .flat_map(Clone::clone)
            .collect()
    }

    fn global(&self, name: &str) -> Option<&Value> {
        self.document.pointer("/Globals/Function")?.get(name)
    }

    fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.document.get(name).and_then(Value::as_object).into_iter().flatten()
    }

    fn resources(&self, kind: &'static str) -> impl Iterator<Item = (&String, &Value)> {
        self.section("Resources")
            .filter(move |(_, resource)| resource.get("Type").is_some_and(|it| it == kind))
            .map(|(id, resource)| (id, resource.get("Properties").unwrap_or(&Value::Null)))
    }
}

impl Function {
    /// Whether the gateway, the clock or the stream invokes it. What only a deployment does,
    /// nobody invokes on this machine.
    pub fn has_caller(&self) -> bool {
        !(self.routes.is_empty() && self.schedules.is_empty() && self.streams.is_empty())
    }

    /// The names of the variables that the template gives this function.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.environment.keys().map(String::as_str)
    }

    /// The variables that the template gives this function: resolved in
    /// `scope`, or replaced by `overrides`, which like `sam local`'s may
    /// replace a variable and never add one.
    pub fn environment(
        &self,
        scope: &Scope,
        overrides: &BTreeMap<&str, String>,
    ) -> Result<BTreeMap<String, String>> {
        let value = |name: &str, value: &Value| match overrides.get(name) {
            Some(replaced) => Ok(replaced.clone()),
            None => expression::text(&scope.resolve(value)?),
        };
        self.environment
            .iter()
            .map(|(name, written)| {
                let value = value(name, written)
                    .with_context(|| format!("variable {name} of {}", self.logical_id))?;
                Ok((name.clone(), value))
            })
            .collect()
    }
}

impl Table {
    /// Names of the attributes that are the table's key.
    pub fn key_schema(&self) -> Vec<String> {
        attributes(self.create.get("KeySchema"))
    }

    /// Each global secondary index: its name, and the attributes that are its
    /// key.
    pub fn indexes(&self) -> Vec<(String, Vec<String>)> {
        let indexes = self.create.get("GlobalSecondaryIndexes").and_then(Value::as_array);
        let described = indexes.into_iter().flatten();
        described
            .filter_map(|index| {
                Some((index["IndexName"].as_str()?.to_owned(), attributes(index.get("KeySchema"))))
            })
            .collect()
    }
}

fn attributes(schema: Option<&Value>) -> Vec<String> {
    let elements = schema.and_then(Value::as_array).into_iter().flatten();
    elements.filter_map(|element| Some(element["AttributeName"].as_str()?.to_owned())).collect()
}

/// CloudFormation and the API share their words, save that a stream is
/// switched on by being described in the one and by a flag in the other.
fn create_table(properties: &Map<String, Value>) -> Map<String, Value> {
    const SHARED: [&str; 5] =
        ["AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "StreamSpecification"];
    let mut create: Map<String, Value> =
        SHARED.iter().filter_map(|name| Some(((*name).to_owned(), properties.get(*name)?.clone()))).collect();
    if let Some(stream) = create.get_mut("StreamSpecification") {
        stream["StreamEnabled"] = Value::Bool(true);
    }
    create
}

fn crate_name(properties: &Value) -> Result<String> {
    properties
        .get("CodeUri")
        .and_then(Value::as_str)
        .and_then(|uri| uri.trim_end_matches('/').rsplit('/').next())
        .map(str::to_owned)
        .context("CodeUri names no folder of a built function")
}

fn routes(properties: &Value) -> Result<Vec<Route>> {
    properties
        .get("Events")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(_, event)| event.get("Type").is_some_and(|it| it == "HttpApi"))
        .map(|(name, event)| route(event).with_context(|| format!("event {name}")))
        .collect()
}

fn route(event: &Value) -> Result<Route> {
    let property = |name| event.pointer(&format!("/Properties/{name}"));
    match (property("Path"), property("Method")) {
        (None, None) => Ok(Route::Default),
        (Some(Value::String(path)), Some(method)) if method == "ANY" => Ok(Route::Path(path.clone())),
        _ => bail!("a route is ANY and a path, or nothing for $default"),
    }
}

fn whole(value: Option<&Value>, absent: u64) -> Result<u64> {
    value.map_or(Ok(absent), |value| value.as_u64().context("memory and time-out are whole numbers"))
}

/// A parameter of type `CommaDelimitedList` arrives as one text.
fn split_lists(rules: &mut Value) {
    for value in rules.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Value::String(list) = value {
            *value = list.split(',').map(str::trim).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"
Parameters:
  Stage: { Type: String, Default: dev }
  Origins: { Type: CommaDelimitedList }
Globals:
  Function:
    Timeout: 15
    Environment:
      Variables: { STAGE: !Ref Stage, TABLE_NAME: !Ref Table }
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: { AllowOrigins: !Ref Origins, ExposeHeaders: [etag], MaxAge: 60 }
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/shop
      MemorySize: 512
      Environment:
        Variables: { ADDRESS: !Sub "https://${AWS::Region}/${Stage}", KEY: !GetAtt Secret.Arn }
      Events:
        All: { Type: HttpApi, Properties: { Method: ANY, Path: "/shop/{proxy+}" } }
        Rest: { Type: HttpApi, Properties: { ApiId: !Ref Api } }
  Sweeper:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/sweeper
      Events:
        Tick: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute) } }
        Written:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: LATEST
            DestinationConfig: { OnFailure: { Destination: !GetAtt Unswept.Arn } }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      SSESpecification: { SSEEnabled: true }
      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
"#;

    fn shop() -> (Template, Function) {
        let template = Template::parse(TEMPLATE).unwrap();
        let function = template.functions().unwrap().remove(0);
        (template, function)
    }

    #[test]
    fn a_function_inherits_the_globals_it_does_not_replace() {
        let (_, shop) = shop();
        assert_eq!(shop.name, "shop");
        assert_eq!(shop.memory_mib, 512);
        assert_eq!(shop.timeout, Duration::from_secs(15));
    }

    #[test]
    fn routes_are_paths_or_the_default() {
        let (_, shop) = shop();
        let all = Route::Path("/shop/{proxy+}".into());
        assert_eq!(shop.routes, [all, Route::Default]);
    }

    #[test]
    fn a_function_may_have_schedules_and_no_route() {
        let (template, shop) = shop();
        assert_eq!(shop.schedules, []);
        let sweeper = template.functions().unwrap().remove(1);
        assert_eq!(sweeper.routes, []);
        assert_eq!(sweeper.schedules[0].name, "SweeperTick");
        assert_eq!(sweeper.schedules[0].every, Duration::from_mins(1));
    }

    #[test]
    fn a_function_may_read_the_tables_stream() {
        let (template, shop) = shop();
        assert_eq!(shop.streams, []);
        let sweeper = template.functions().unwrap().remove(1);
        assert_eq!(sweeper.streams[0].name, "SweeperWritten");
        assert_eq!(sweeper.streams[0].on_failure.as_deref(), Some("Unswept"));
    }

    #[test]
    fn an_environment_is_resolved_or_replaced() {
        let (template, shop) = shop();
        let scope = template.scope().with("Stage", "local");
        let overrides = BTreeMap::from([("KEY", "k".to_owned()), ("OTHER", "unused".to_owned())]);
        let environment = shop.environment(&scope, &overrides).unwrap();
        let expected = [
            ("ADDRESS", "https://eu-west-1/local"),
            ("KEY", "k"),
            ("STAGE", "local"),
            ("TABLE_NAME", TABLE_NAME),
        ];
        assert_eq!(environment, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    }

    #[test]
    fn a_variable_that_nothing_resolves_is_named() {
        let (template, shop) = shop();
        let error = shop.environment(&template.scope(), &BTreeMap::new()).unwrap_err();
        assert_eq!(format!("{error}"), "variable KEY of Shop");
    }

    #[test]
    fn a_table_is_what_create_table_takes() {
        let (template, _) = shop();
        let table = template.table().unwrap();
        assert_eq!(
            Value::Object(table.create),
            serde_json::json!({
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "StreamSpecification": {
                    "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
            })
        );
        assert_eq!(table.time_to_live, None);
    }

    #[test]
    fn origins_may_come_as_one_comma_separated_parameter() {
        let (template, _) = shop();
        let scope = template.scope().with("Origins", "http://a, http://b");
        let cors = template.cors(&scope).unwrap();
        assert_eq!(cors.allow_origins, ["http://a", "http://b"]);
        assert_eq!(cors.expose_headers, ["etag"]);
        assert_eq!(cors.max_age, Some(60));
    }
}
