//! Each way to break a caller.

use serde_json::{Value, json};

use super::{Row, breaks, with, without};
use crate::document::document;

fn each_breaks(rows: impl IntoIterator<Item = Row>) {
    let document = document();
    rows.into_iter().for_each(|row| breaks(&document, &row.apply(&document), row.says));
}

fn each_breaks_when_taken_back(rows: impl IntoIterator<Item = Row>) {
    let document = document();
    rows.into_iter().for_each(|row| breaks(&row.apply(&document), &document, row.says));
}

#[test]
fn operations_stay() {
    each_breaks([
        without("showCart", "GET /api/cart: the operation is gone"),
        without("/paths/~1api~1cart", "DELETE /api/cart: the operation is gone"),
        with("showCart/operationId", "cart", "GET /api/cart: operationId: \"showCart\" → \"cart\""),
        with("showCart/tags/0", "carts", "GET /api/cart: tags: "),
        with("showCart/callbacks", json!({}), "GET /api/cart: callbacks: nothing → {}"),
        with("/servers/0/url", "/v2", "the document: servers: "),
    ]);
}

#[test]
fn parameters_stay_and_take_what_they_took() {
    let key = json!({ "name": "X-Key", "in": "header", "required": true, "schema": {} });
    each_breaks([
        without("searchProducts/parameters/1", "search, query parameter limit: the parameter is gone"),
        with("searchProducts/parameters/1/name", "size", "query parameter limit: the parameter is gone"),
        with("searchProducts/parameters/1/in", "header", "query parameter limit: the parameter is gone"),
        with("searchProducts/parameters/1/required", true, "query parameter limit: is required now"),
        with("searchProducts/parameters/1/style", "pipeDelimited", "limit: style: nothing → "),
        with("searchProducts/parameters/1/explode", false, "limit: explode: nothing → false"),
        with("searchProducts/parameters/1/schema/maximum", 50, "limit: maximum: 100 → 50"),
        with("searchProducts/parameters/1/schema/minimum", 2, "limit: minimum: 1 → 2"),
        with("searchProducts/parameters/1/schema/exclusiveMinimum", 1, "exclusiveMinimum: nothing → 1"),
        with("searchProducts/parameters/1/schema/default", 10, "limit: default: 20 → 10"),
        without("searchProducts/parameters/1/schema/default", "limit: default: 20 → nothing"),
        with("searchProducts/parameters/1/schema/type", "string", "limit: type: \"integer\" → \"string\""),
        with("searchProducts/parameters/1/schema/enum", json!([10]), "limit: enum: nothing → [10]"),
        with("searchProducts/parameters/1/schema/multipleOf", 10, "limit: multipleOf: nothing → 10"),
        without("archiveProduct/parameters/1", "header parameter if-match: the parameter is gone"),
        with("archiveProduct/parameters/1/schema/pattern", "^x$", "header parameter if-match: pattern: "),
        with("archiveProduct/parameters/-", key.clone(), "x-key: a new parameter, and required"),
        with("showCart/parameters", json!([key]), "x-key: a new parameter, and required"),
        with("OrderId/format", "uri", "GET /api/orders/{id}, path parameter id: format: "),
    ]);
}

#[test]
fn bodies_take_what_they_took() {
    let body = json!({ "required": true, "content": { "application/json": {} } });
    each_breaks([
        without("setCartItem/requestBody", "request body: the body is gone"),
        with("emptyCart/requestBody", body, "DELETE /api/cart, request body: a new body"),
        without(
            "editProduct/requestBody/content/application~1merge-patch+json",
            "request body, application/merge-patch+json: the media type is gone",
        ),
        with(
            "setCartItem/requestBody/content/application~1json/encoding",
            json!({}),
            "request body, application/json: encoding: nothing → {}",
        ),
    ]);
    each_breaks_when_taken_back([without("setCartItem/requestBody/required", "body: is required now")]);
}

#[test]
fn shapes_of_requests_take_what_they_took() {
    each_breaks([
        without(
            "CartItemSubmission/properties/quantity",
            "PUT /api/cart/items/{product_id}, request body, application/json/quantity: the field is gone",
        ),
        with("AdjustmentSubmission/required/-", "reason", "/reason: is required now"),
        with("AdjustmentSubmission/required/-", "by", "/by: is required now"),
        with("AdjustmentSubmission/minProperties", 2, "minProperties: nothing → 2"),
        with("Quantity/type", "string", "/quantity: type: \"integer\" → \"string\""),
        with("Quantity/maximum", 10, "/quantity: maximum: 10000 → 10"),
        with("Quantity/minimum", 2, "/quantity: minimum: 1 → 2"),
        with("Reason/maxLength", 10, "/reason: maxLength: "),
        with("Reason/minLength", 10, "/reason: minLength: "),
        with("Reason/pattern", "^[a-z]+$", "/reason: pattern: "),
        with("Reason/format", "email", "/reason: format: nothing → "),
        with("Reason/contentEncoding", "base64", "/reason: contentEncoding: nothing → "),
        with("Tags/maxItems", 5, "request body, application/json/tags: maxItems: 20 → 5"),
        with("Tags/uniqueItems", true, "request body, application/json/tags: uniqueItems: nothing → true"),
        with("Tags/items", json!({ "type": "integer" }), "request body, application/json/tags/*: type: "),
        with("OrderOfCart/properties/from_cart/enum", json!([false]), "/from_cart: enum: [true] → [false]"),
        without("OrderSubmission/oneOf/1", "POST /api/orders, request body, application/json: fits no"),
        without("NewProduct/properties/tags/oneOf/1", "/tags: fits no alternative: {\"type\":\"null\"}"),
    ]);
    each_breaks_when_taken_back([without(
        "CartItemSubmission/additionalProperties",
        "request body, application/json/*: true → false",
    )]);
}

#[test]
fn answers_stay() {
    let text = json!({ "description": "", "content": { "text/plain": {} } });
    each_breaks([
        without("placeOrder/responses/409", "POST /api/orders, answer 409: the status is gone"),
        with("showProduct/responses/202", json!({ "description": "" }), "answer 202: a new status"),
        with("showProduct/responses/418", text, "answer 418: a new status"),
        without(
            "showProduct/responses/200/content/application~1json",
            "application/json: the media type is gone",
        ),
        with("showProduct/responses/200/content/text~1csv", json!({}), "text/csv: a new media type"),
        without("showProduct/responses/200/headers/ETag", "answer 200, header etag: the header is gone"),
        with("/components/headers/ETag/required", false, "answer 200, header etag: may be missing now"),
        with("/components/headers/ETag/schema/pattern", "^x$", "answer 200, header etag: pattern: "),
        with(
            "/components/responses/StaleVersion/content/application~1problem+json/examples/stale-version/value/type",
            "urn:problem-type:storefront:conflict",
            "answer 412, application/problem+json: the problem type \"urn:problem-type:storefront:stale-version\" is gone",
        ),
        without(
            "placeOrder/responses/409/content/application~1problem+json/examples/price-moved",
            "answer 409, application/problem+json: the problem type \"urn:problem-type:storefront:price-moved\" is gone",
        ),
        without(
            "/components/responses/TooManyRequests/headers/Retry-After",
            "answer 429, header retry-after: ",
        ),
    ]);
}

#[test]
fn shapes_of_answers_stay() {
    let maybe = |kind: &str| -> Value { json!([kind, "null"]) };
    each_breaks([
        without(
            "Order/properties/total",
            "GET /api/orders/{id}, answer 200, application/json/total: the field is gone",
        ),
        without("Order/required/2", "application/json/items: may be missing now"),
        without("Problem/properties/request_id", "application/problem+json/request_id: the field is gone"),
        without("HealthLimits/properties/unit", "/unit: the field is gone"),
        with("OrderStatus/enum/-", "lost", "/status: enum: "),
        without("OrderStatus/enum/0", "/status: enum: "),
        without("OrderStatus/enum", "/status: enum: "),
        with("Order/properties/created_at/type", maybe("string"), "/created_at: type: \"string\" → "),
        with("Order/properties/created_at/format", "date", "/created_at: format: \"date-time\" → \"date\""),
        without("Order/properties/created_at/format", "/created_at: format: \"date-time\" → nothing"),
        with("Order/properties/items/items/type", "string", "/items/*: type: "),
        with("Available/properties/available/maximum", 2_000_000_000_000_i64, "/available: maximum: "),
        with("Available/properties/available/minimum", -1, "/available: minimum: 0 → -1"),
        with("Available/properties/available/type", "number", "/available: type: \"integer\" → \"number\""),
        with(
            "Name/maxLength",
            1_000,
            "GET /api/products/{id}, answer 200, application/json/name: maxLength: ",
        ),
        without(
            "Cart/properties/total/oneOf/0",
            "GET /api/cart, answer 200, application/json/total: an alternative is gone",
        ),
        with("Cart/properties/total/oneOf/-", json!({ "type": "string" }), "/total: fits no alternative"),
    ]);
}

#[test]
fn who_is_let_in_still_is() {
    each_breaks([
        with("showProduct/security", json!([{ "bearer": [] }]), "security: {} does not do any more"),
        with("showCart/security/0/bearer/-", "cart:read", "security: {\"bearer\":[]} does not do any more"),
        with("showCart/security/0/health_token", json!([]), "security: {\"bearer\":[]} does not do any more"),
        without("searchProducts/security/0", "security: {} does not do any more"),
        with("/security", json!([{ "bearer": [] }]), "the document: security: nothing → "),
        with("/components/securitySchemes/bearer/scheme", "basic", "security scheme bearer: "),
        without("/components/securitySchemes/bearer", "security scheme bearer: "),
    ]);
}
