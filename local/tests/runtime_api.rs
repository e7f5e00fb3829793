//! The Runtime API that benchmarks stand on, which hands out invocations whether or not
//! a function has an extension.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

use axum::body::Bytes;
use local::lambda::Binaries;
use local::testing::runtime_api::Function;
use local::testing::shop::Shop;
use serde_json::{Value, json};

fn read() -> Bytes {
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/api/products/mug", "rawQueryString": "",
        "headers": {"host": "shop"}, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "1", "apiId": "1", "domainName": "shop", "domainPrefix": "shop",
            "http": {"method": "GET", "path": "/api/products/mug", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "test"},
            "requestId": "1", "routeKey": "$default", "stage": "$default",
            "time": "25/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_000_000_000_u64,
        },
    });
    event.to_string().into()
}

/// A running `products`, which sells mugs.
async fn products(shop: &Shop, settings: &[(&str, &str)]) -> Function {
    let mut command = Command::new(Binaries::find().unwrap().of("products").unwrap());
    command.env_clear().envs(&shop.environment).envs(settings.iter().copied()).envs([
        ("AWS_LAMBDA_FUNCTION_NAME", "products"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ]);
    Function::start(command).await.unwrap()
}

async fn reads_again_and_again(mut function: Function) {
    for _ in 0..3 {
        let answer = function.invoke(&read()).await.unwrap();
        let response: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(response["statusCode"], 200, "{response}");
        assert!(answer.since_invoked < answer.since_start);
        function.is_idle().await.unwrap();
    }
}

#[tokio::test]
async fn a_function_with_an_extension_is_invoked_again_and_again() {
    let shop = Shop::with_mugs(5).await;
    reads_again_and_again(products(&shop, &[]).await).await;
}

#[tokio::test]
async fn a_function_without_an_extension_is_invoked_again_and_again() {
    let shop = Shop::with_mugs(5).await;
    reads_again_and_again(products(&shop, &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).await).await;
}
