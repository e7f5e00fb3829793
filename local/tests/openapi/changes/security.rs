//! Who is let in still is.

use serde_json::{Value, json};

use super::{Changes, map, pairs, said};

pub(super) fn schemes(changes: &mut Changes, was: &Value, now: &Value) {
    for (name, was, now) in pairs(map(&was["securitySchemes"]), map(&now["securitySchemes"])) {
        if was != now {
            let what = format!("{} → {}", said(was), said(now));
            changes.note(was.is_some(), &format!("security scheme {name}"), what);
        }
    }
}

/// For each of the credentials that did there are some, of those that do, that ask for no more.
pub(super) fn asked(changes: &mut Changes, operation: &str, was: &Value, now: &Value) {
    let nothing = json!([{}]);
    let was = was.get("security").unwrap_or(&nothing);
    let now = now.get("security").unwrap_or(&nothing);
    let place = format!("{operation}, security");
    let refused = list(was).iter().filter(|was| !list(now).iter().any(|now| asks_no_more(now, was)));
    let refused: Vec<String> = refused.map(|it| format!("{it} does not do any more")).collect();
    if refused.is_empty() && was != now {
        changes.adds(&place, format!("asks for less: {} → {}", said(Some(was)), said(Some(now))));
    }
    for what in refused {
        changes.breaks(&place, what);
    }
}

fn asks_no_more(now: &Value, was: &Value) -> bool {
    map(now).iter().all(|(scheme, scopes)| {
        let had = was.get(scheme).map(list);
        had.is_some_and(|had| list(scopes).iter().all(|scope| had.contains(scope)))
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
