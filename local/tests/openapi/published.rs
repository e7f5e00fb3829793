//! What is published stays. `functions/docs/published.json` is what callers were promised: the
//! document without its words. It grows with what a change adds, in the same commit, and so a
//! reviewer sees in it what a change promises, and nothing else. What only words say it cannot
//! hold: what a value means, and which types a problem has that no example shows.

use std::path::PathBuf;

use jiff::Zoned;
use local::project::Project;
use serde_json::Value;

use crate::changes::{Change, changes};
use crate::document::document;
use crate::promise::{promised, unfolded};

const BREAKS: &str = "this breaks callers of what is published (see Versions in README.md):";
const UNPUBLISHED: &str =
    "functions/docs/published.json is not what the document promises: make openapi-publish";
const SHOWN: usize = 40;

fn file() -> PathBuf {
    Project::find().unwrap().root().join("functions/docs/published.json")
}

/// Of the document beside what is published. Where nothing is yet, nothing can break.
fn since_published() -> Vec<Change> {
    if !file().exists() {
        return Vec::new();
    }
    let published: Value = serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap();
    changes(&unfolded(&published), &unfolded(&promised(&document())), Zoned::now().date())
}

/// A change of what all operations share is many; a few tell which.
fn lines(changes: &[&Change]) -> String {
    let shown = changes.iter().take(SHOWN).map(|change| format!("\n  {change}"));
    let more = changes.len().saturating_sub(SHOWN);
    shown.chain((more > 0).then(|| format!("\n  and {more} more"))).collect::<Vec<_>>().concat()
}

/// With `PUBLISH_OPENAPI` set it writes first what the document adds, if it breaks nothing.
#[test]
fn nothing_that_is_published_breaks_and_whatever_is_added_is_published() {
    let since = since_published();
    let (breaks, adds): (Vec<&Change>, Vec<_>) = since.iter().partition(|change| change.breaks);
    assert!(breaks.is_empty(), "{BREAKS}{}", lines(&breaks));
    let text = serde_json::to_string_pretty(&promised(&document())).unwrap() + "\n";
    if std::env::var_os("PUBLISH_OPENAPI").is_some() {
        std::fs::write(file(), &text).unwrap();
    }
    let published = std::fs::read_to_string(file()).unwrap_or_default();
    assert!(published == text, "{UNPUBLISHED}{}", lines(&adds));
}
