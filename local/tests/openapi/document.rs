//! The document as the code says it. Functions never depend on each other, so it is
//! here that their parts come together.

use api::contract;
use serde_json::Value;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Storefront",
        version = "1.0.0",
        description = "Products, carts, orders and payments of a shop.\n\n\
            Money is an integer of minor units and a currency. Times are RFC 3339, in UTC. Errors are \
            problem details (RFC 9457). Unknown fields of a body are refused, unknown parameters of a query \
            ignored; answers may gain fields. A body has at most 1 MiB, of a webhook 256 KiB.\n\n\
            A method that a resource does not take is answered with 405 and `Allow`, a path that is not here \
            with 404. `x-rate-limit` names the policy that an operation counts for; how much it lets through, \
            `RateLimit-Policy` says in each answer.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The host that this document comes from.")),
)]
struct Head;

pub(crate) fn document() -> Value {
    let parts = [
        contract::Contract::openapi(),
        products::Contract::openapi(),
        carts::Contract::openapi(),
        orders::Contract::openapi(),
        users::Contract::openapi(),
        webhooks::Contract::openapi(),
        health::Contract::openapi(),
        docs::Contract::openapi(),
    ];
    let whole = parts.into_iter().fold(Head::openapi(), utoipa::openapi::OpenApi::merge_from);
    contract::complete(serde_json::to_value(whole).unwrap())
}

/// Each operation: its path, its method, and itself.
pub(crate) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation.clone()))
    });
    operations.collect()
}

/// Checks values against a shape of the document.
pub(crate) fn shape(document: &Value, name: &str) -> jsonschema::Validator {
    let reference = format!("#/components/schemas/{name}");
    let schema = serde_json::json!({ "$ref": reference, "components": document["components"] });
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}
