//! Both functions, and what stands around them.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use local::lambda::{Environment, RateLimits, Surroundings};
use local::project::Project;
use local::provider::Secrets;
use local::rie::Rie;
use local::secret::Secret;
use local::testing::runtime_api::Function;
use local::testing::{Database, Redis, Tokens};
use serde_json::Value;

use crate::rows::Pair;

/// Ours, of which the numbers are asked.
const OURS: &str = "products";
const BARE: &str = "hello";
/// What functions/products/events/show.json asks for.
const PRODUCT: &str = "cafe-au-lait-bowl";

/// A table with one product, a cache, and two programs that get the same environment
/// and the same request for that product.
pub(crate) struct Stage {
    pub(crate) programs: Pair<PathBuf>,
    pub(crate) request: Value,
    project: Project,
    environment: Environment,
    redis: Redis,
    _database: Database,
}

impl Stage {
    /// With the programs of this folder.
    pub(crate) async fn set(programs: &Path) -> Result<Self> {
        let (database, redis, tokens) = (Database::memory().await, Redis::start().await, Tokens::new());
        let project = Project::find()?;
        let program = |name: &str| programs.join(name).join("bootstrap");
        let stage = Self {
            programs: Pair { ours: program(OURS), bare: program(BARE) },
            request: payload(&project, "show", "")?,
            environment: environment(&project, &database, &redis, &tokens)?,
            project,
            redis,
            _database: database,
        };
        stage.bring_in(&tokens.mint("keeper", "catalog:write")).await?;
        Ok(stage)
    }

    /// A function's process and all that it is given, but for a Runtime API.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.environment);
        command
    }

    /// Under a Runtime API that costs next to nothing.
    pub(crate) async fn alone(&self, program: &Path) -> Result<Function> {
        Function::start(self.command(program)).await
    }

    /// Under the Runtime Interface Emulator.
    pub(crate) async fn emulated(&self, program: &Path) -> Result<Rie> {
        Rie::start_quiet(&self.project, program, &self.environment).await
    }

    /// Leaves the product in the table alone.
    pub(crate) fn empty_cache(&self) -> Result<()> {
        let url = self.redis.url();
        let mut stream = TcpStream::connect(url.trim_start_matches("redis://"))?;
        stream.write_all(b"FLUSHALL\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("+OK"), "the cache answers {answer}");
        Ok(())
    }

    /// Has a process that ends at once read the product.
    pub(crate) async fn fill_cache(&self) -> Result<()> {
        let mut reader = self.alone(&self.programs.ours).await?;
        answered(&reader.invoke(&bytes(&self.request)).await?.body)?;
        reader.is_idle().await
    }

    /// Creates the product, as its payload does.
    async fn bring_in(&self, token: &str) -> Result<()> {
        let mut creation = payload(&self.project, "create", token)?;
        let body = creation["body"].as_str().context("a product is created by a body")?;
        let mut body: Value = serde_json::from_str(body)?;
        body["id"] = PRODUCT.into();
        creation["body"] = body.to_string().into();
        let mut keeper = self.alone(&self.programs.ours).await?;
        answered(&keeper.invoke(&bytes(&creation)).await?.body)
    }
}

/// A payload as it goes to a function.
pub(crate) fn bytes(payload: &Value) -> Bytes {
    payload.to_string().into()
}

/// Refuses what is no answer: it may have cost little.
pub(crate) fn answered(response: &[u8]) -> Result<()> {
    let response: Value = serde_json::from_slice(response)?;
    let is_good = response["statusCode"].as_u64().is_some_and(|status| status < 300);
    ensure!(is_good, "the function answers {response}");
    Ok(())
}

fn payload(project: &Project, name: &str, token: &str) -> Result<Value> {
    let file = project.root().join(format!("functions/{OURS}/events/{name}.json"));
    let text = std::fs::read_to_string(file)?.replace("Bearer TOKEN", &format!("Bearer {token}"));
    Ok(serde_json::from_str(&text)?)
}

/// As Lambda gives it to ours. One invocation at a time, as it does by default.
fn environment(
    project: &Project,
    database: &Database,
    redis: &Redis,
    tokens: &Tokens,
) -> Result<Environment> {
    let surroundings = Surroundings {
        dynamodb: database.endpoint_past_faults(),
        cache: redis.url(),
        jwks: tokens.jwks(),
        cursor_key: Secret::random()?.text(),
        webhook_secrets: Secrets::random()?,
        rate_limits: RateLimits::default(),
    };
    let template = project.template()?;
    let functions = template.functions()?;
    let ours = functions.iter().find(|function| function.name == OURS).context("the template has it")?;
    let mut environment = surroundings.of_process(&template, ours, "")?;
    environment.remove("AWS_LAMBDA_MAX_CONCURRENCY");
    Ok(environment)
}
