//! A shape takes what the shop takes, and nothing else.

use domain::{
    Basket, Category, Currency, Delta, Description, IdempotencyKey, Money, Name, OrderId, PersonName,
    ProductId, Quantity, Reason, Stock, Tags,
};
use serde_json::{Value, json};

use crate::document::{document, operations, shape};

type Rule = fn(&str) -> bool;

macro_rules! rule {
    ($type:ty) => {
        |text| <$type>::new(text).is_ok()
    };
}

/// Texts at the edges of every rule.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [0, 1, 2, 32, 33, 64, 65, 200, 201, 255, 256, 5_000, 5_001]
        .into_iter()
        .flat_map(|length| ["x".repeat(length), "é".repeat(length), format!(" {}", "7".repeat(length))])
        .collect();
    let strange = [
        " x",
        "x ",
        " ",
        "x y",
        "x\ty",
        "x\ny",
        "x\r\ny",
        "\n",
        "x\n",
        "\u{0}",
        "x\u{7f}y",
        "x\u{85}y",
        "\u{2028}",
        "x\u{2028}y",
        "\u{3000}x",
        "e\u{301}",
        "GBP",
        "gbp",
        "GB",
        "GBPP",
        "ÄÖÜ",
        "a/b",
        "a_b-C9",
        "search",
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "01890A5D-ac96-774b-bcce-b302099a8057",
        "01890a5dac96774bbcceb302099a8057",
    ];
    texts.extend(strange.map(str::to_owned));
    texts
}

/// What has the shape is taken, and nothing else: also where it is trimmed then.
fn compare(document: &Value, name: &str, rule: Rule) {
    let shape = shape(document, name);
    for text in texts() {
        assert_eq!(shape.is_valid(&json!(text)), rule(&text), "{name}: {text:?}");
    }
}

#[test]
fn texts_have_the_shapes_of_their_rules() {
    let document = document();
    compare(&document, "ProductId", rule!(ProductId));
    compare(&document, "OrderId", rule!(OrderId));
    compare(&document, "Name", rule!(Name));
    compare(&document, "PersonName", rule!(PersonName));
    compare(&document, "Category", rule!(Category));
    compare(&document, "Description", rule!(Description));
    compare(&document, "Reason", rule!(Reason));
    compare(&document, "Currency", rule!(Currency));
    compare(&document, "Tag", |text| Tags::new(&[text.to_owned()]).is_ok());
}

#[test]
fn an_idempotency_key_has_the_shape_of_its_rule() {
    let document = document();
    let parameters =
        operations(&document).into_iter().filter_map(|(.., o)| o["parameters"].as_array().cloned());
    let key = parameters.flatten().find(|parameter| parameter["name"] == "Idempotency-Key").unwrap();
    let shape = jsonschema::validator_for(&key["schema"]).unwrap();
    for text in texts().iter().filter(|text| text.trim() == *text) {
        assert_eq!(shape.is_valid(&json!(text)), IdempotencyKey::new(text).is_ok(), "{text:?}");
    }
}

#[test]
fn numbers_have_the_bounds_of_their_rules() {
    let document = document();
    let numbers = [Quantity::MAX, Delta::MAX, Money::MAX, Money::MAX_PRICE, Stock::MAX];
    let edges = numbers.into_iter().flat_map(|most| [most, most + 1, -most, -most - 1]).chain([-1, 0, 1]);
    let is = |name: &str, value: Value| shape(&document, name).is_valid(&value);
    for number in edges {
        let money = json!({ "amount": number, "currency": "GBP" });
        assert_eq!(is("Quantity", json!(number)), Quantity::new(number).is_ok(), "{number} pieces");
        assert_eq!(is("Delta", json!(number)), Delta::new(number).is_ok(), "{number} more");
        assert_eq!(is("Money", money.clone()), Money::new(number, Currency::GBP).is_ok(), "{money}");
        assert_eq!(
            is("PriceSubmission", money.clone()),
            Money::price(number, Currency::GBP).is_ok(),
            "{money}"
        );
    }
}

#[test]
fn tags_and_lines_are_as_many_as_their_rules_let_through() {
    let document = document();
    assert_eq!(document["components"]["schemas"]["Tags"]["maxItems"], Tags::MAX);
    let text = document["components"]["schemas"]["OrderOfItems"].to_string();
    assert!(text.contains(&format!("at most {} products", Basket::MAX)), "{text}");
}
