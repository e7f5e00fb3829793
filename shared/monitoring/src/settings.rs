//! Who speaks: what the environment says of the process.

use crate::sentry::SentrySettings;

/// A setting that makes no sense. None repeats its value, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Sentry is where a DSN says, or nowhere.
    #[error("SENTRY_DSN must be empty or a DSN as Sentry shows it, https://<key>@<host>/<project>")]
    Dsn,
    /// A sample is a part of the whole.
    #[error("the environment variable {0} must be a number from 0 to 1")]
    Rate(&'static str),
}

/// Settings of the monitoring.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `STAGE`: what the deployment is for, such as `production`.
    pub stage: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`: the function. Empty where none runs.
    pub function: String,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`: what it may use, in MiB.
    pub memory_mib: Option<u64>,
    /// `AWS_LAMBDA_MAX_CONCURRENCY`: whether it serves several requests at once, and then
    /// is neither frozen between them nor throttled by its memory.
    pub is_concurrent: bool,
    pub(crate) sentry: Option<SentrySettings>,
}

impl Settings {
    /// Reads the settings from the variables of an environment.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let text = |name| variable(name).unwrap_or_default();
        Ok(Self {
            stage: text("STAGE"),
            function: text("AWS_LAMBDA_FUNCTION_NAME"),
            memory_mib: text("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").parse().ok(),
            is_concurrent: text("AWS_LAMBDA_MAX_CONCURRENCY").parse::<u32>().is_ok_and(|number| number > 1),
            sentry: SentrySettings::read(variable)?,
        })
    }
}
