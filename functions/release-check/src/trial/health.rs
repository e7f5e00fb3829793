//! What detailed health has to say through a new version.
//!
//! Only what this very version has just seen counts: that it reads the table and, where one
//! is configured, the cache. The rest of the report is about the fleet, which so far is the
//! old version.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

pub(super) fn judge(response: &Value) -> Result<()> {
    let status = &response["statusCode"];
    ensure!(*status == 200 || *status == 503, "it answered {status}, not 200 or 503");
    let report = response["body"].as_str().context("its report has no body")?;
    let report: Value = serde_json::from_str(report).context("its report is not JSON")?;
    for service in ["database", "cache"] {
        let probe = report.pointer(&format!("/services/{service}/checks/probe"));
        let probe = probe.with_context(|| format!("its report has no probe of the {service}"))?;
        ensure!(is_passed(probe), "it does not reach the {service}");
    }
    Ok(())
}

/// A probe that was answered has a value, also where it took too long; one that had nothing
/// to ask has none and is healthy.
fn is_passed(probe: &Value) -> bool {
    probe["value"].is_number() || probe["status"] == "healthy"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(status: u16, database: &Value, cache: &Value) -> Result<(), String> {
        let checks = |probe| json!({"checks": {"probe": probe}});
        let report = json!({"services": {"database": checks(database), "cache": checks(cache)}});
        let response = json!({"statusCode": status, "body": report.to_string()});
        judge(&response).map_err(|error| error.to_string())
    }

    #[test]
    fn a_fleet_that_is_unhealthy_is_no_reason_to_refuse() {
        let (slow, good) =
            (json!({"status": "degraded", "value": 120}), json!({"status": "healthy", "value": 3}));
        assert_eq!(judged(503, &slow, &good), Ok(()));
    }

    #[test]
    fn a_version_that_does_not_reach_table_or_cache_is_refused() {
        let (dead, good) =
            (json!({"status": "unhealthy", "value": null}), json!({"status": "healthy", "value": 3}));
        assert_eq!(judged(503, &dead, &good), Err("it does not reach the database".to_owned()));
        assert_eq!(judged(200, &good, &dead), Err("it does not reach the cache".to_owned()));
    }

    #[test]
    fn a_stage_without_a_cache_has_none_to_reach() {
        let (none, good) =
            (json!({"status": "healthy", "value": null}), json!({"status": "healthy", "value": 3}));
        assert_eq!(judged(200, &good, &none), Ok(()));
    }

    #[test]
    fn what_is_no_report_is_refused() {
        assert_eq!(
            judge(&json!({"statusCode": 401})).unwrap_err().to_string(),
            "it answered 401, not 200 or 503"
        );
        assert!(judge(&json!({"statusCode": 200, "body": "{}"})).is_err());
    }
}
