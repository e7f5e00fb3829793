//! A function's process: one of the built ones, or this test program with the
//! handlers beside this file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use local::lambda::Binaries;
use serde_json::Value;

use crate::platform::{Answer, Platform, request};
use crate::server::Sentry;

/// Says which of the handlers serve.
pub(crate) const HANDLERS: &str = "SENTRY_TEST_HANDLERS";
pub(crate) const RELEASE: &str = "storefront@1.2.3";
pub(crate) const STAGE: &str = "staging";

pub(crate) type Environment = BTreeMap<String, String>;

/// A running function; gone when dropped.
pub(crate) struct Function {
    platform: Platform,
    process: Child,
    invocations: AtomicU32,
}

impl Function {
    /// This program, with these handlers.
    pub(crate) async fn own(handlers: &str, sentry: &Sentry, settings: &[(&str, &str)]) -> Self {
        Self::own_copy(&std::env::current_exe().unwrap(), handlers, sentry, settings).await
    }

    /// Another copy of this program.
    pub(crate) async fn own_copy(
        program: &Path,
        handlers: &str,
        sentry: &Sentry,
        settings: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(program);
        command
            .args(["--ignored", "--exact", "--nocapture", "handlers::one_function"])
            .env(HANDLERS, handlers);
        Self::start(command, &sentry.dsn(), settings).await
    }

    /// One of the built ones, in this environment.
    pub(crate) async fn built(
        name: &str,
        sentry: &Sentry,
        environment: &Environment,
        settings: &[(&str, &str)],
    ) -> Self {
        let binary: PathBuf = Binaries::find().unwrap().of(name).unwrap();
        let mut command = Command::new(binary);
        command.envs(environment);
        Self::start(command, &sentry.dsn(), settings).await
    }

    async fn start(mut command: Command, dsn: &str, settings: &[(&str, &str)]) -> Self {
        let platform = Platform::start().await;
        command
            .env("AWS_LAMBDA_RUNTIME_API", platform.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "shop-test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("STAGE", STAGE)
            .env("SENTRY_DSN", dsn)
            .env("SENTRY_RELEASE", RELEASE)
            .env("SENTRY_REQUEST_SAMPLE_RATE", "0")
            .env("SENTRY_COLD_START_SAMPLE_RATE", "0")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().unwrap();
        Self { platform, process, invocations: AtomicU32::new(0) }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.invoke(request("GET", path)).await
    }

    pub(crate) async fn invoke(&self, payload: Value) -> Answer {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed) + 1;
        self.platform.invoke(&format!("request-{number}"), payload).await
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
