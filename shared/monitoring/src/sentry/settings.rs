//! Which Sentry, and how much it hears.

use std::fmt;

use sentry_core::types::Dsn;

use crate::settings::SettingsError;

/// What a process is called that no release names.
const UNNAMED: &str = concat!("storefront@", env!("CARGO_PKG_VERSION"));

/// Settings of what Sentry hears. Their `Debug` shows no DSN.
#[derive(Clone)]
pub(crate) struct SentrySettings {
    /// `SENTRY_DSN`: whose Sentry. There is none where it is empty.
    pub(crate) dsn: Dsn,
    /// `SENTRY_RELEASE`, default `storefront@` and the version in Cargo.toml: what
    /// was deployed.
    pub(crate) release: String,
    /// `STAGE`: what the deployment is for.
    pub(crate) environment: String,
    /// `SENTRY_REQUEST_SAMPLE_RATE`, default 0.01: of how many requests the timing
    /// is sent, from 0 to 1.
    pub(crate) request_sample_rate: f32,
    /// `SENTRY_COLD_START_SAMPLE_RATE`, default 0.1: of how many processes the start
    /// is, likewise.
    pub(crate) cold_start_sample_rate: f32,
}

impl SentrySettings {
    /// Reads them from the variables of an environment; none without a DSN.
    pub(crate) fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>, SettingsError> {
        let text = |name| variable(name).filter(|text| !text.is_empty());
        let Some(dsn) = text("SENTRY_DSN") else { return Ok(None) };
        Ok(Some(Self {
            dsn: dsn.parse().map_err(|_| SettingsError::Dsn)?,
            release: text("SENTRY_RELEASE").unwrap_or_else(|| UNNAMED.to_owned()),
            environment: text("STAGE").unwrap_or_default(),
            request_sample_rate: rate(
                "SENTRY_REQUEST_SAMPLE_RATE",
                text("SENTRY_REQUEST_SAMPLE_RATE"),
                0.01,
            )?,
            cold_start_sample_rate: rate(
                "SENTRY_COLD_START_SAMPLE_RATE",
                text("SENTRY_COLD_START_SAMPLE_RATE"),
                0.1,
            )?,
        }))
    }
}

fn rate(name: &'static str, text: Option<String>, default: f32) -> Result<f32, SettingsError> {
    let rate = text.map_or(Ok(default), |text| text.parse());
    rate.ok().filter(|rate| (0.0..=1.0).contains(rate)).ok_or(SettingsError::Rate(name))
}

impl fmt::Debug for SentrySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentrySettings").field("release", &self.release).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Option<SentrySettings>, SettingsError> {
        SentrySettings::read(&|name| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const DSN: (&str, &str) = ("SENTRY_DSN", "https://key@sentry.example/42");

    #[test]
    fn without_a_dsn_there_is_no_sentry() {
        assert!(read(&[]).expect("good").is_none());
        assert!(read(&[("SENTRY_DSN", "")]).expect("good").is_none());
    }

    #[test]
    fn what_is_not_set_has_a_default() {
        let settings = read(&[DSN, ("SENTRY_RELEASE", ""), ("STAGE", "dev")]).expect("good").expect("one");
        assert_eq!((settings.release.as_str(), settings.environment.as_str()), (UNNAMED, "dev"));
        assert!(settings.request_sample_rate < settings.cold_start_sample_rate);
    }

    #[test]
    fn a_dsn_that_makes_no_sense_is_refused_and_not_repeated() {
        for dsn in
            ["sentry.example", "https://sentry.example/42", "https://key@sentry.example", "ftp://key@a/1"]
        {
            let error = read(&[("SENTRY_DSN", dsn)]).expect_err("refused").to_string();
            assert!(error.contains("SENTRY_DSN") && !error.contains(dsn), "{error}");
        }
    }

    #[test]
    fn a_rate_is_a_part_of_one() {
        for bad in ["-0.1", "1.5", "10%", "NaN", "inf"] {
            assert!(read(&[DSN, ("SENTRY_REQUEST_SAMPLE_RATE", bad)]).is_err(), "{bad}");
            assert!(read(&[DSN, ("SENTRY_COLD_START_SAMPLE_RATE", bad)]).is_err(), "{bad}");
        }
    }
}
