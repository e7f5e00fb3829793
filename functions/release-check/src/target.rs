//! Which version of which function a deployment is about, by its `AppSpec`: JSON, as
//! CloudFormation writes it, or YAML (AWS: "`AppSpec` 'resources' section for AWS Lambda
//! deployments").

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One version of one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its name on AWS.
    pub(crate) function: String,
    /// The number of the version.
    pub(crate) version: String,
}

#[derive(Deserialize)]
struct AppSpec {
    #[serde(rename = "Resources", alias = "resources")]
    resources: Vec<BTreeMap<String, Resource>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    name: String,
    target_version: Version,
}

/// YAML takes a version that stands without quotes for a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Number(u64),
    Text(String),
}

impl Target {
    pub(crate) fn read(app_spec: &str) -> Result<Self> {
        let app_spec: AppSpec = serde_norway::from_str(app_spec).context("the AppSpec cannot be read")?;
        let mut resources = app_spec.resources.into_iter().flatten();
        let (_, Resource { properties }) = resources.next().context("the AppSpec names no function")?;
        ensure!(resources.next().is_none(), "the AppSpec names more than one function");
        let version = match properties.target_version {
            Version::Number(number) => number.to_string(),
            Version::Text(text) => text,
        };
        Ok(Self { function: properties.name, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(app_spec: &str) -> Result<(String, String), String> {
        let target = Target::read(app_spec).map_err(|error| format!("{error:#}"))?;
        Ok((target.function, target.version))
    }

    #[test]
    fn json_names_the_function_and_the_version() {
        let json = r#"{"version": "0.0", "Resources": [{"ProductsAliaslive": {"Type": "AWS::Lambda::Function",
            "Properties": {"Name": "shop-products", "Alias": "live", "CurrentVersion": "6", "TargetVersion": "7"}}}],
            "Hooks": [{"BeforeAllowTraffic": "shop-release-check"}]}"#;
        assert_eq!(read(json), Ok(("shop-products".to_owned(), "7".to_owned())));
    }

    #[test]
    fn yaml_does_too() {
        let yaml = "version: 0.0\nResources:\n  - products:\n      Type: AWS::Lambda::Function\n      \
            Properties: { Name: shop-products, Alias: live, CurrentVersion: 6, TargetVersion: 7 }\n";
        assert_eq!(read(yaml), Ok(("shop-products".to_owned(), "7".to_owned())));
    }

    #[test]
    fn what_is_no_single_function_is_refused() {
        assert_eq!(read(r#"{"Resources": []}"#), Err("the AppSpec names no function".to_owned()));
        let one = r#"{"a": {"Properties": {"Name": "a", "TargetVersion": "1"}}}"#;
        let two = format!(r#"{{"Resources": [{one}, {one}]}}"#);
        assert_eq!(read(&two), Err("the AppSpec names more than one function".to_owned()));
        assert!(read("files: []").is_err());
    }
}
