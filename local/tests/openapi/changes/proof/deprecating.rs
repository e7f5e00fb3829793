//! An operation goes when it said so long enough.

use serde_json::{Value, json};

use super::{breaks, breaks_nothing, with, without};
use crate::document::document;

/// The document with a cart that goes on a day.
fn until(day: &str) -> Value {
    let mut document = document();
    let cart = &mut document["paths"]["/api/cart"]["get"];
    cart["deprecated"] = json!(true);
    cart["x-sunset"] = json!(day);
    for name in ["Deprecation", "Sunset"] {
        cart["responses"]["200"]["headers"][name] = json!({ "required": true, "schema": {} });
    }
    document
}

fn gone(document: &Value) -> Value {
    without("showCart", "").apply(document)
}

#[test]
fn what_goes_says_so_six_months_ahead() {
    breaks_nothing(&document(), &until("2026-12-01"), "GET /api/cart: is deprecated until 2026-12-01");
    breaks(&document(), &until("2026-11-30"), "x-sunset is 2026-11-30, which is not six months ahead");
    breaks(&document(), &until("soon"), "deprecated, and x-sunset is no day");
    breaks(&document(), &with("showCart/deprecated", true, "").apply(&document()), "x-sunset is no day");
}

#[test]
fn answers_say_that_they_go() {
    let mute = without("showCart/responses/200/headers/Sunset", "").apply(&until("2026-12-01"));
    breaks(&document(), &mute, "GET /api/cart: is deprecated, and answer 200 has no header Sunset");
}

#[test]
fn the_day_comes_no_earlier_and_may_come_later_or_never() {
    breaks(&until("2027-06-01"), &until("2027-05-31"), "x-sunset was 2027-06-01, and 2027-05-31 is earlier");
    breaks(&until("2026-06-01"), &until("no day"), "x-sunset is no day");
    breaks_nothing(&until("2026-07-01"), &until("2026-08-01"), "is deprecated until 2026-08-01");
    let kept = without("showCart/deprecated", "").apply(&until("2026-07-01"));
    breaks_nothing(&until("2026-07-01"), &kept, "GET /api/cart: is not deprecated");
}

#[test]
fn it_goes_from_the_day_on_and_not_before() {
    let at_last = until("2026-06-01");
    breaks_nothing(&at_last, &gone(&at_last), "GET /api/cart: is gone, as was said, since 2026-06-01");
    let too_early = until("2026-06-02");
    breaks(
        &too_early,
        &gone(&too_early),
        "GET /api/cart: the operation is gone, and was to stay until 2026-06-02",
    );
}

#[test]
fn until_then_it_stays_as_it_is() {
    let changed = without("Cart/properties/version", "").apply(&until("2026-06-01"));
    breaks(
        &until("2026-06-01"),
        &changed,
        "GET /api/cart, answer 200, application/json/version: the field is gone",
    );
}
