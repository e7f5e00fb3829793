//! What the OpenAPI document says of every operation alike.
//!
//! A handler's annotation tells what is its own: what it takes, and what it answers
//! when all is well. What follows from that stands here once: which extractor refuses
//! what (`rules`), how a refusal looks (`refusals`), and which fields are always there
//! (`shapes`). A test of `local` puts the document together; no function calls any of
//! this.

mod headers;
mod refusals;
mod rules;
mod shapes;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema};

/// The shapes that the edge itself gives out.
#[derive(Debug, OpenApi)]
#[openapi(components(schemas(crate::Problem)))]
pub struct Contract;

/// The document with what its operations have in common.
pub fn complete(mut document: Value) -> Value {
    for path in objects(&mut document["paths"]) {
        for operation in objects(path) {
            rules::apply(operation);
        }
    }
    shapes::complete(&mut document);
    let components = &mut document["components"];
    components["headers"] = headers::all();
    components["responses"] = refusals::all();
    components["securitySchemes"] = security_schemes();
    document
}

/// The values of a JSON object.
fn objects(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_object_mut().into_iter().flat_map(Map::values_mut)
}

/// How callers say who they are. Which of these an operation takes, its `security` says.
fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A user's access token: `sub` is the user, `scope` the rights, \
                such as `catalog:write`.",
        },
        "health_token": {
            "type": "http",
            "scheme": "bearer",
            "description": "The deployment's health token, where it has one.",
        },
        "health_password": {
            "type": "http",
            "scheme": "basic",
            "description": "The same as a password, which a browser asks for; any user.",
        },
    })
}

/// A header that a handler takes, as a parameter of its operation.
pub(crate) fn header(
    name: &str,
    required: Required,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Vec<Parameter> {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header);
    let parameter = parameter.required(required).description(Some(description)).schema(Some(schema));
    vec![parameter.build()]
}
