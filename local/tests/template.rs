//! template.yaml against what must agree with it on this machine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use local::gate::to_matchit;
use local::project::Project;
use local::template::Route;
use serde_json::Value;

/// Routes of the emulator, from the root manifest.
fn emulator_routes() -> BTreeMap<String, String> {
    let manifest = Project::find().unwrap().root().join("Cargo.toml");
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1", "--manifest-path"])
        .arg(manifest)
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(metadata["metadata"]["lambda"]["watch"]["router"].clone()).unwrap()
}

#[test]
fn the_emulator_has_the_templates_routes() {
    let functions = Project::find().unwrap().template().unwrap().functions().unwrap();
    let expected: BTreeMap<String, String> = functions
        .iter()
        .flat_map(|function| function.routes.iter().map(|route| (route, &function.name)))
        .flat_map(|(route, name)| paths(route).into_iter().map(|path| (path, name.clone())))
        .collect();
    assert_eq!(emulator_routes(), expected);
}

/// matchit has no default route: two paths make one.
fn paths(route: &Route) -> Vec<String> {
    match route {
        Route::Path(path) => vec![to_matchit(path)],
        Route::Default => vec!["/".into(), "/{*rest}".into()],
    }
}

#[test]
fn every_function_is_a_crate() {
    let project = Project::find().unwrap();
    for function in project.template().unwrap().functions().unwrap() {
        let manifest = project.root().join("functions").join(&function.name).join("Cargo.toml");
        assert!(manifest.is_file(), "{}", manifest.display());
    }
}
