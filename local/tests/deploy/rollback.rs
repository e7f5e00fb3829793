//! Back to a release before.

use crate::tree::Tree;

/// The commits of releases of dev, one after the other.
fn release<const N: usize>(tree: &Tree, messages: [&str; N]) -> [String; N] {
    messages.map(|message| {
        let issuer = format!("https://login.dev.shop.test/{message}");
        let text = std::fs::read_to_string(tree.root().join("deploy/dev.yaml")).unwrap();
        let text = text.lines().filter(|line| !line.starts_with("AuthIssuer")).collect::<Vec<_>>().join("\n");
        tree.write("deploy/dev.yaml", &format!("{text}\nAuthIssuer: {issuer}\n"));
        let commit = tree.commit(message);
        tree.deploy("dev").assert(0, "dev runs");
        commit
    })
}

fn runs(tree: &Tree, commit: &str, issuer: &str) {
    let release = tree.parameter("dev", "Release").unwrap();
    assert!(release.contains(&format!("+{commit}.")), "{release}");
    let found = tree.parameter("dev", "AuthIssuer").unwrap();
    assert!(found.ends_with(issuer), "{found}");
    assert_eq!(tree.parameter("dev", "Rollout").as_deref(), Some("at-once"));
}

#[test]
fn each_goes_one_release_further_back_with_its_template_and_parameters() {
    let tree = Tree::new();
    let [a, b, c] = release(&tree, ["A", "B", "C"]);
    let newest = tree.parameter("dev", "Template");
    tree.called();
    tree.roll_back("dev").assert(0, &format!("dev runs {c}, and goes back to {b}"));
    runs(&tree, &b, "/B");
    assert_eq!(tree.steps(), ["sam deploy", "load"], "nothing is built");
    assert_ne!(tree.parameter("dev", "Template"), newest);
    tree.roll_back("dev").assert(0, &format!("dev runs {b}, and goes back to {a}"));
    runs(&tree, &a, "/A");
    tree.roll_back("dev").assert(2, &format!("{a} is the first release of dev"));
}

#[test]
fn what_only_the_newer_release_said_is_not_kept() {
    let tree = Tree::new();
    release(&tree, ["A"]);
    let text = std::fs::read_to_string(tree.root().join("deploy/dev.yaml")).unwrap();
    tree.write("deploy/dev.yaml", &format!("{text}RateLimitSearch: 7/60\n"));
    release(&tree, ["B"]);
    assert_eq!(tree.parameter("dev", "RateLimitSearch").as_deref(), Some("7/60"));
    tree.roll_back("dev").assert(0, "dev runs");
    assert_eq!(tree.parameter("dev", "RateLimitSearch").as_deref(), Some("300/60"));
}

#[test]
fn one_may_name_the_commit_and_a_dirty_tree_is_no_hindrance() {
    let tree = Tree::new();
    let [a, c] = release(&tree, ["A", "C"]);
    tree.write("message", "half of a fix");
    tree.run("rollback", &["dev", &a[..12]], &[]).assert(0, &format!("dev runs {c}, and goes back to {a}"));
    runs(&tree, &a, "/A");
}

#[test]
fn what_never_ran_on_the_stage_is_refused() {
    let tree = Tree::new();
    release(&tree, ["A"]);
    let failed = tree.commit("D");
    tree.fail("sam deploy");
    tree.deploy("dev").assert(1, "sam deploy ended with 1");
    tree.fail("nothing");
    tree.called();
    tree.run("rollback", &["dev", &failed], &[]).assert(2, &format!("{failed} was never on dev"));
    assert!(tree.called().is_empty());
}

#[test]
fn what_ran_can_be_gone_back_to_though_it_failed_to_be_deployed_again() {
    let tree = Tree::new();
    let [a] = release(&tree, ["A"]);
    tree.fail("sam deploy");
    tree.deploy("dev").assert(1, "sam deploy ended with 1");
    tree.fail("nothing");
    release(&tree, ["B"]);
    tree.roll_back("dev").assert(0, &format!("and goes back to {a}"));
    runs(&tree, &a, "/A");
}

#[test]
fn secrets_stay_as_they_are_and_health_is_asked_with_the_stages() {
    let tree = Tree::new();
    tree.run("deploy", &["dev"], &[("HEALTH_TOKEN_DEV", "a-token-of-health")]).assert(0, "dev runs");
    release(&tree, ["B"]);
    tree.called();
    let other = [("HEALTH_TOKEN_DEV", "a-token-of-old"), ("HEALTH_TOKEN", "a-token-of-staging")];
    tree.run("rollback", &["dev"], &other).assert(0, "dev runs");
    assert_eq!(tree.parameter("dev", "HealthToken").as_deref(), Some("a-token-of-health"));
    assert_eq!(tree.called().last().unwrap(), "load --smoke of https://storefront-dev.test with a token");
}

#[test]
fn a_smoke_that_is_red_does_not_hide_that_it_is_done() {
    let tree = Tree::new();
    let [a, _] = release(&tree, ["A", "B"]);
    tree.fail("smoke");
    tree.roll_back("dev").assert(1, &format!("the rollback is done, dev runs storefront@0.1.0+{a}."));
    runs(&tree, &a, "/A");
}

#[test]
fn what_staging_was_taken_back_from_does_not_go_to_production() {
    let tree = Tree::new();
    tree.deploy("staging").assert(0, "staging runs");
    let bad = tree.commit("Slow");
    tree.deploy("staging").assert(0, "staging runs");
    tree.roll_back("staging").assert(0, &format!("staging runs {bad}, and goes back"));
    tree.deploy("production").assert(2, &format!("{bad} did not come through on staging"));
}

#[test]
fn what_is_taken_back_while_it_is_tried_out_is_not_green() {
    let tree = Tree::new();
    tree.deploy("staging").assert(0, "staging runs");
    let bad = tree.commit("Slow");
    tree.fail("load, taken back meanwhile");
    tree.deploy("staging").assert(1, "the stack runs storefront@");
    tree.deploy("production").assert(2, &format!("{bad} did not come through on staging"));
}

#[test]
fn a_stage_that_was_never_deployed_has_nothing_to_go_back_to() {
    let tree = Tree::new();
    tree.roll_back("dev").assert(2, "storefront-dev is");
}
