//! From a commit to staging, and from there to production.

use crate::tree::Tree;

#[test]
fn a_commit_goes_through_staging_step_by_step_and_production_gets_what_was_built_there() {
    let tree = Tree::new();
    tree.deploy("staging").assert(0, "staging runs storefront@");
    let load = "load -t health-check,catalogue,mixed of https://storefront-staging.test";
    let called = tree.called();
    assert_eq!(called.last().unwrap(), load);
    assert_eq!(called[called.len() - 2], "load --smoke of https://storefront-staging.test");
    let steps: Vec<_> = called.iter().map(|line| line.split(" -").next().unwrap()).collect();
    assert_eq!(steps, ["sam validate", "make build ARCH=arm64", "sam package", "sam deploy", "load", "load"]);

    tree.deploy("production").assert(0, "production runs storefront@");
    let called = tree.called();
    assert_eq!(called.len(), 2, "nothing is built again: {called:?}");
    assert!(called[0].starts_with("sam deploy --config-env production"), "{called:?}");
    assert_eq!(called[1], "load --smoke of https://storefront-production.test");
    let template = |stage| tree.parameter(stage, "Template");
    assert_eq!(template("production"), template("staging"));
    assert_eq!(tree.parameter("production", "Rollout").as_deref(), Some("gradual"));
    assert_eq!(tree.parameter("production", "Stage").as_deref(), Some("production"));
    assert!(tree.policy("production").contains("LogicalResourceId/Table"));
}

#[test]
fn the_first_step_that_fails_ends_it_and_keeps_the_commit_from_production() {
    let tree = Tree::new();
    for (failing, last) in [("make", "make build ARCH=arm64"), ("load", "load")] {
        tree.fail(failing);
        tree.deploy("staging").assert(1, "failed: ");
        assert_eq!(tree.steps().last().unwrap(), last);
        tree.deploy("production").assert(2, "staging");
        assert!(tree.called().is_empty(), "after {failing}");
    }
}

#[test]
fn a_commit_is_built_once() {
    let tree = Tree::new();
    tree.deploy("staging").assert(0, "staging runs");
    tree.called();
    tree.deploy("staging").assert(0, "is built and uploaded already");
    assert!(!tree.steps().iter().any(|step| step.starts_with("make") || step == "sam package"));
}

#[test]
fn each_deployment_has_a_name_of_its_own() {
    let tree = Tree::new();
    tree.deploy("dev").assert(0, "dev runs");
    let first = tree.parameter("dev", "Release");
    std::thread::sleep(std::time::Duration::from_secs(1)); // it names the second
    tree.deploy("dev").assert(0, "dev runs");
    assert_ne!(tree.parameter("dev", "Release"), first);
}

#[test]
fn a_secret_reaches_the_stack_and_nothing_else() {
    let tree = Tree::new();
    let token = "a-token-that-nobody-may-see";
    let ended = tree.run("deploy", &["staging"], &[("HEALTH_TOKEN_STAGING", token)]);
    ended.assert(0, "staging runs");
    assert!(tree.kept().contains("staging.json"));
    assert_eq!(tree.parameter("staging", "HealthToken").as_deref(), Some(token));
    assert!(!tree.kept().contains(token) && !tree.called().concat().contains(token));
    assert!(!ended.said.contains(token));
}

#[test]
fn a_secret_of_one_stage_is_not_taken_for_anothers() {
    let tree = Tree::new();
    let [ours, theirs] = ["a-token-of-production", "a-token-of-staging"];
    let variables =
        [("HEALTH_TOKEN_PRODUCTION", ours), ("HEALTH_TOKEN_STAGING", theirs), ("HEALTH_TOKEN", theirs)];
    tree.deploy("staging").assert(0, "staging runs");
    assert_eq!(tree.parameter("staging", "HealthToken"), None);
    tree.run("deploy", &["production"], &variables).assert(0, "production runs");
    assert_eq!(tree.parameter("production", "HealthToken").as_deref(), Some(ours));
}

#[test]
fn a_change_set_that_is_declined_is_no_deployment() {
    let tree = Tree::new();
    tree.deploy("staging").assert(0, "staging runs");
    let before = tree.parameter("staging", "Release").unwrap();
    let commit = tree.commit("A word more");
    tree.fail("sam deploy is declined");
    tree.called();
    tree.deploy("staging").assert(1, &format!("the stack still runs {before}"));
    assert_eq!(tree.steps().last().unwrap(), "sam deploy", "nothing is tried out");
    assert!(!tree.kept().contains(&format!("{commit}/staging-ran.json")));
    tree.deploy("production").assert(2, &format!("{commit} did not come through on staging"));
}

#[test]
fn one_that_is_cut_off_leaves_its_record_once_the_stack_has_come_to_it() {
    let tree = Tree::new();
    tree.deploy("dev").assert(0, "dev runs");
    let cut_off = tree.commit("Cut off");
    tree.fail("sam deploy is cut off");
    tree.deploy("dev").assert(1, "sam deploy ended with 1");
    tree.fail("nothing");
    tree.roll_back("dev").assert(0, &format!("dev runs {cut_off}, and goes back to"));
    tree.run("rollback", &["dev", &cut_off], &[]).assert(0, &format!("and goes back to {cut_off}"));
}

#[test]
fn what_has_data_in_it_is_protected_before_anything_is_deployed() {
    let tree = Tree::new();
    tree.fail("sam deploy is cut off");
    tree.deploy("dev").assert(1, "sam deploy ended with 1");
    assert!(!tree.policy("dev").contains("LogicalResourceId/Table"));
    tree.fail("sam deploy");
    tree.deploy("dev").assert(1, "sam deploy ended with 1");
    assert!(tree.policy("dev").contains("LogicalResourceId/Table"));
}

#[test]
fn a_secret_stays_until_it_is_taken_off() {
    let tree = Tree::new();
    let deploy = |token| tree.run("deploy", &["dev"], &[("HEALTH_TOKEN_DEV", token)]).assert(0, "dev runs");
    for (given, held) in [("a-token-of-health", "a-token-of-health"), ("", "a-token-of-health"), ("none", "")]
    {
        deploy(given);
        assert_eq!(tree.parameter("dev", "HealthToken").as_deref(), Some(held), "after {given:?}");
    }
}

#[test]
fn a_parameter_that_is_no_longer_said_has_its_default_again() {
    let tree = Tree::new();
    let file = "deploy/dev.yaml";
    let text = std::fs::read_to_string(tree.root().join(file)).unwrap();
    for (said, held) in [("RateLimitSearch: 7/60\n", "7/60"), ("", "300/60")] {
        tree.write(file, &format!("{text}{said}"));
        tree.commit(&format!("Says {said:?}"));
        tree.deploy("dev").assert(0, "dev runs");
        assert_eq!(tree.parameter("dev", "RateLimitSearch").as_deref(), Some(held));
    }
}

#[test]
fn of_the_issuers_keys_only_what_is_read_is_deployed() {
    let tree = Tree::new();
    let file = "deploy/dev.yaml";
    let text = std::fs::read_to_string(tree.root().join(file)).unwrap();
    let needed = r#""kty":"RSA","kid":"login.dev.shop.test""#;
    let certified = format!(r#"{needed},"x5t":"none","x5c":["{}"]"#, "0".repeat(4000));
    tree.write(file, &text.replace(r#""kid":"login.dev.shop.test""#, &certified));
    tree.commit("As the issuer answers");
    tree.deploy("dev").assert(0, "dev runs");
    let held = tree.parameter("dev", "AuthJwks").unwrap().replace("&quot;", "\"");
    assert_eq!(held, format!(r#"{{"keys":[{{{needed}}}]}}"#));
}

#[test]
fn who_is_in_a_hurry_says_so() {
    let tree = Tree::new();
    tree.run("deploy", &["dev"], &[("ROLLOUT", "at-once")]).assert(0, "dev runs");
    assert_eq!(tree.parameter("dev", "Rollout").as_deref(), Some("at-once"));
}
