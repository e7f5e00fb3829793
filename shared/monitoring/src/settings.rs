//! Who speaks: what the environment says of the process.

/// Settings of the monitoring.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `STAGE`: what the deployment is for, such as `production`.
    pub stage: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`: the function. Empty where none runs.
    pub function: String,
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`: what it may use, in MiB.
    pub memory_mib: Option<u64>,
}

impl Settings {
    /// Reads the settings from the variables of an environment.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        let text = |name| variable(name).unwrap_or_default();
        Self {
            stage: text("STAGE"),
            function: text("AWS_LAMBDA_FUNCTION_NAME"),
            memory_mib: text("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").parse().ok(),
        }
    }
}
