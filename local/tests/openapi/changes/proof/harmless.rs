//! What breaks no caller is seen nevertheless, or it could be taken away again unseen.

use serde_json::{Value, json};

use super::{Row, between, breaks_nothing, listed, with, without};
use crate::document::document;
use crate::promise::promised;

fn each_breaks_nothing(rows: impl IntoIterator<Item = Row>) {
    let document = document();
    rows.into_iter().for_each(|row| breaks_nothing(&document, &row.apply(&document), row.says));
}

#[test]
fn what_is_added_breaks_nothing() {
    let sort = json!({ "name": "sort", "in": "query", "schema": { "type": "string" } });
    let prefer = json!({ "name": "Prefer", "in": "header", "schema": { "type": "string" } });
    let refusal = json!({ "$ref": "#/components/responses/Forbidden" });
    let text = json!({ "type": "string" });
    each_breaks_nothing([
        with("/paths/~1api~1wishes", json!({ "get": {} }), "GET /api/wishes: a new operation"),
        with("/paths/~1api~1cart/put", json!({}), "PUT /api/cart: a new operation"),
        with("searchProducts/parameters/-", sort, "query parameter sort: a new parameter"),
        with("searchProducts/parameters/-", prefer, "header parameter prefer: a new parameter"),
        with(
            "AdjustmentSubmission/properties/by",
            text.clone(),
            "request body, application/json/by: a new field",
        ),
        with("OrderSubmission/oneOf/-", text.clone(), "request body, application/json: a new alternative"),
        with(
            "setCartItem/requestBody/content/text~1csv",
            json!({}),
            "request body, text/csv: a new media type",
        ),
        with("Order/properties/note", text.clone(), "answer 200, application/json/note: a new field"),
        with("Problem/properties/help", text, "answer 400, application/problem+json/help: a new field"),
        with("showCart/responses/200/headers/Age", json!({}), "answer 200, header age: a new header"),
        with("showProduct/responses/403", refusal, "answer 403: a new status"),
        with(
            "placeOrder/responses/409/content/application~1problem+json/examples/frozen",
            json!({ "value": { "type": "urn:problem-type:storefront:frozen" } }),
            "answer 409, application/problem+json: a new problem type, \"urn:problem-type:storefront:frozen\"",
        ),
        with("/components/securitySchemes/key", json!({}), "security scheme key: nothing → {}"),
    ]);
}

#[test]
fn what_asks_for_less_breaks_nothing() {
    each_breaks_nothing([
        with("searchProducts/parameters/1/schema/maximum", 200, "limit: maximum: 100 → 200"),
        with("searchProducts/parameters/0/required", false, "query parameter q: is optional now"),
        without("archiveProduct/parameters/1/schema/pattern", "if-match: pattern: "),
        without("AdjustmentSubmission/required/0", "/delta: is optional now"),
        without(
            "AdjustmentSubmission/additionalProperties",
            "request body, application/json/*: false → true",
        ),
        without("setCartItem/requestBody/required", "request body: is optional now"),
        with("OrderOfCart/properties/from_cart/enum/-", false, "/from_cart: enum: [true] → [false,true]"),
        without("showCart/security", "asks for less: "),
        with("createProduct/security/0/bearer", json!([]), "asks for less: "),
    ]);
}

#[test]
fn an_answer_may_say_less_than_it_could() {
    each_breaks_nothing([
        with("Available/properties/available/maximum", 10, "/available: maximum: "),
        without("Cart/properties/total/oneOf/1", "/total: an alternative is gone: {\"type\":\"null\"}"),
        with("/components/headers/RateLimit/required", true, "header ratelimit: is always there now"),
    ]);
}

#[test]
fn what_only_explains_promises_nothing() {
    let document = document();
    for row in [
        with("showCart/description", "Another one.", ""),
        with("showCart/x-rate-limit", "another", ""),
        with("/info/version", "2.0.0", ""),
        without("/tags/0", ""),
        with("Product/properties/name/description", "Another one.", ""),
        with("Quantity/example", 7, ""),
    ] {
        assert_eq!(promised(&row.apply(&document)), promised(&document), "{}", row.at);
    }
}

#[test]
fn a_field_may_be_named_like_an_explanation() {
    let without_it = without("Product/properties/description", "").apply(&document());
    assert_ne!(promised(&without_it), promised(&document()));
}

#[test]
fn where_a_shape_stands_and_in_which_order_its_parts_says_nothing() {
    let text = document()
        .to_string()
        .replace("schemas/Money\"", "schemas/Cash\"")
        .replace("\"Money\":", "\"Cash\":");
    let renamed: Value = serde_json::from_str(&text).unwrap();
    assert!(renamed["components"]["schemas"]["Cash"].is_object());

    let mut inlined = document();
    inlined["components"]["schemas"]["Order"]["properties"]["total"] =
        inlined["components"]["schemas"]["Money"].clone();

    let mut reversed = document();
    reversed["components"]["schemas"]["Order"]["required"].as_array_mut().unwrap().reverse();
    reversed["components"]["schemas"]["OrderStatus"]["enum"].as_array_mut().unwrap().reverse();

    // From one part of a whole to the other.
    let mut moved = document();
    let parts = &mut moved["components"]["schemas"];
    let unit = parts["HealthLimits"]["properties"].as_object_mut().unwrap().remove("unit").unwrap();
    parts["HealthCheck"]["allOf"][1]["properties"]["unit"] = unit;

    for same in [renamed, inlined, reversed, moved] {
        let found = between(&document(), &same);
        assert!(found.is_empty(), "{}", listed(&found));
    }
}
