//! What a function says to Lambda, one invocation at a time and several at once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

use local::lambda::Binaries;
use local::testing::runtime_api::Function;
use local::testing::shop::{Shop, read_of_a_mug};
use serde_json::{Value, json};

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

async fn reads_again_and_again(function: &mut Function) {
    for _ in 0..3 {
        let answer = function.invoke(&read_of_a_mug()).await.unwrap();
        let response: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(response["statusCode"], 200, "{response}");
        assert!(answer.since_invoked < answer.since_start);
        function.is_idle().await.unwrap();
    }
}

/// Lambda tells only processes with an extension that they are to end.
#[tokio::test]
async fn a_function_registers_an_extension_that_wants_no_events() {
    let shop = Shop::with_mugs(5).await;
    let mut function = products(&shop, &[]).await;
    reads_again_and_again(&mut function).await;
    assert_eq!(function.extension().await, Some(json!([])));
}

#[tokio::test]
async fn a_function_that_serves_several_at_once_registers_none() {
    let shop = Shop::with_mugs(5).await;
    let mut function = products(&shop, &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).await;
    reads_again_and_again(&mut function).await;
    assert_eq!(function.extension().await, None);
}
