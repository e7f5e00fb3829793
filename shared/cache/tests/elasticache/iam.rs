//! Tokens are those of botocore, which is AWS's own signer.

use std::process::Command;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use cache::elasticache::Managed;
use cache::elasticache::iam::{IamError, IamToken};

use crate::stage::tool;

/// 2026-11-23 00:00:00 UTC.
const NOW: u64 = 1_795_392_000;
/// With every character that a session token has and a URL has not.
const SESSION_TOKEN: &str = "IQoJb3JpZ2luX2VjEJr//////////wEaDGV1LWNlbnRyYWwtMSJ+abc=";

/// A provider that has no credentials.
#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("nobody")))
    }
}

fn credentials(session_token: Option<&str>) -> SharedCredentialsProvider {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let session_token = session_token.map(ToOwned::to_owned);
    SharedCredentialsProvider::new(Credentials::new("AKIDEXAMPLE", secret, session_token, None, "test"))
}

fn serverless(name: &str) -> Managed {
    Managed::ServerlessCache(name.to_owned())
}

fn group(name: &str) -> Managed {
    Managed::ReplicationGroup(name.to_owned())
}

async fn ours(cache: &Managed, user: &str, session_token: Option<&str>) -> String {
    let token = IamToken::new(cache, user, "eu-central-1", credentials(session_token)).expect("proper names");
    token.at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)).await.expect("it can be signed")
}

fn botocores(cache: &Managed, user: &str, session_token: Option<&str>) -> String {
    let kind = match cache {
        Managed::ServerlessCache(_) => "serverless",
        Managed::ReplicationGroup(_) => "group",
    };
    let output = Command::new(tool("python"))
        .args(["-c", include_str!("iam_token.py"), kind, cache.name(), user, &NOW.to_string()])
        .args(session_token)
        .output()
        .expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

/// The host and the parameters as they are written, without their order, which
/// carries no meaning: the signature covers them sorted.
fn parts(token: &str) -> (&str, Vec<&str>) {
    let (host, query) = token.split_once("/?").expect("a host and a query");
    let mut parameters: Vec<_> = query.split('&').collect();
    parameters.sort_unstable();
    (host, parameters)
}

async fn assert_same(cache: &Managed, session_token: Option<&str>) {
    let ours = ours(cache, "Shop.reader-1", session_token).await;
    let botocores = botocores(cache, "Shop.reader-1", session_token);
    assert_eq!(parts(&ours), parts(&botocores));
}

#[tokio::test]
async fn a_token_for_a_group_is_botocores() {
    assert_same(&group("shop-cache"), None).await;
}

#[tokio::test]
async fn a_token_for_a_serverless_cache_is_botocores() {
    assert_same(&serverless("shop-cache"), None).await;
}

#[tokio::test]
async fn temporary_credentials_make_botocores_token_for_a_group() {
    assert_same(&group("shop-cache"), Some(SESSION_TOKEN)).await;
}

#[tokio::test]
async fn temporary_credentials_make_botocores_token_for_a_serverless_cache() {
    assert_same(&serverless("shop-cache"), Some(SESSION_TOKEN)).await;
}

#[tokio::test]
async fn a_cache_is_signed_by_its_name_in_lower_case() {
    assert_eq!(ours(&group("Shop-Cache"), "a", None).await, ours(&group("shop-cache"), "a", None).await);
}

#[test]
fn names_that_would_change_the_request_are_refused() {
    for name in ["", "a b", "a&Action=other", "a/b", "ä"] {
        for (cache, user) in [(name, "user"), ("cache", name)] {
            let error = IamToken::new(&group(cache), user, "eu-central-1", credentials(None)).unwrap_err();
            assert!(matches!(&error, IamError::Name { name: refused } if refused == name), "{error:?}");
        }
    }
}

#[tokio::test]
async fn without_credentials_there_is_no_token() {
    let nobody = SharedCredentialsProvider::new(Nobody);
    let token = IamToken::new(&group("cache"), "user", "eu-central-1", nobody).unwrap();
    let error = token.at(SystemTime::now()).await.unwrap_err();
    assert!(matches!(error, IamError::Credentials(_)), "{error:?}");
}

#[test]
fn it_shows_no_credentials() {
    let token = IamToken::new(&group("cache"), "user", "eu-central-1", credentials(Some(SESSION_TOKEN)));
    let shown = format!("{:?}", token.unwrap());
    assert!(shown.contains("User=user"), "{shown}");
    for secret in ["AKIDEXAMPLE", "wJalrXUtnFEMI", "IQoJ"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
