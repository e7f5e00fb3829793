//! What is refused before anything is changed.

use crate::tree::{Ended, Tree};

fn assert_refused(tree: &Tree, ended: &Ended, words: &str) {
    ended.assert(2, words);
    assert!(tree.called().is_empty());
}

#[test]
fn a_tree_that_is_not_what_was_committed() {
    let tree = Tree::alone();
    tree.write("scripts/new", "");
    assert_refused(&tree, &tree.deploy("staging"), "the tree is not what was committed");
    tree.commit("Now it is");
    tree.write("Cargo.toml", "other");
    assert_refused(&tree, &tree.deploy("production"), "the tree is not what was committed");
}

#[test]
fn production_without_staging_of_the_very_commit() {
    let tree = Tree::new();
    tree.deploy("staging").assert(0, "staging runs");
    tree.called();
    let later = tree.commit("A word more");
    assert_refused(&tree, &tree.deploy("production"), &format!("{later} was never on staging"));
}

#[test]
fn a_stage_whose_configuration_was_not_filled_in() {
    let tree = Tree::alone();
    let file = "deploy/staging.yaml";
    let text = std::fs::read_to_string(tree.root().join(file)).unwrap();
    tree.write(file, &text.replace(".test", ".example"));
    tree.commit("A placeholder");
    assert_refused(&tree, &tree.deploy("staging"), "is a placeholder");
    tree.write(file, &(text + "HealthToken: 0123456789abcdef\n"));
    tree.commit("A secret");
    assert_refused(&tree, &tree.deploy("staging"), "set HEALTH_TOKEN_STAGING");
}

#[test]
fn a_parameter_that_the_template_does_not_know_or_that_it_lacks() {
    let tree = Tree::alone();
    let file = "deploy/staging.yaml";
    let text = std::fs::read_to_string(tree.root().join(file)).unwrap();
    tree.write(file, &format!("{text}RateLimitCheckuot: 10/60\n"));
    tree.commit("A slip of the pen");
    assert_refused(&tree, &tree.deploy("staging"), "no parameter RateLimitCheckuot");
    tree.write(file, &text.replace("AuthAudience", "# AuthAudience"));
    tree.commit("A line less");
    assert_refused(&tree, &tree.deploy("staging"), "AuthAudience is missing");
}

#[test]
fn keys_of_the_issuer_that_are_none_private_or_too_many() {
    let tree = Tree::alone();
    let file = "deploy/staging.yaml";
    let text = std::fs::read_to_string(tree.root().join(file)).unwrap();
    let key = format!(r#"{{"kty":"RSA","n":"{}"}}"#, "0".repeat(700));
    let many = [key.as_str(); 3].join(",");
    let cases = [
        ("https://login.test/jwks", "is no JWKS document"),
        (r#"{"keys":[{"kty":"oct","k":"0"}]}"#, "holds a private key"),
        (&format!(r#"{{"keys":[{many}]}}"#), "AuthJwks has 3 keys"),
    ];
    for (jwks, words) in cases {
        let lines = text.lines().filter(|line| !line.starts_with("AuthJwks")).collect::<Vec<_>>().join("\n");
        tree.write(file, &format!("{lines}\nAuthJwks: '{jwks}'\n"));
        tree.commit(words);
        assert_refused(&tree, &tree.deploy("staging"), words);
    }
}

#[test]
fn a_bucket_that_dev_has_together_with_production() {
    let tree = Tree::alone();
    let text = std::fs::read_to_string(tree.root().join("samconfig.toml")).unwrap();
    tree.write("samconfig.toml", &text.replace("releases-of-dev", "releases-of-a-test"));
    tree.commit("One bucket for all");
    for stage in ["dev", "production"] {
        assert_refused(&tree, &tree.deploy(stage), "dev has one of its own");
    }
}

#[test]
fn production_of_what_staging_was_not_loaded_with_or_did_not_have() {
    let tree = Tree::new();
    tree.run("deploy", &["staging"], &[("SCENARIOS", "health-check")]).assert(0, "staging runs");
    tree.called();
    assert_refused(&tree, &tree.deploy("production"), "staging was not loaded with catalogue, mixed");
    tree.deploy("staging").assert(0, "staging runs");
    tree.called();
    let commit = tree.commit_now();
    tree.replace(&format!("releases/{commit}/template.yaml"), "Parameters: {}");
    assert_refused(&tree, &tree.deploy("production"), "is another than staging had");
}

#[test]
fn a_stage_that_is_none() {
    let tree = Tree::alone();
    assert_refused(&tree, &tree.deploy("prod"), "there is no stage prod");
    assert_refused(&tree, &tree.roll_back(""), "there is no stage without a name");
}
