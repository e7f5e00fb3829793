//! One comparison: what was found, and what should have been.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of things, by their names, in words.
pub(super) type Facts = BTreeMap<String, String>;

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was compared.
    pub what: &'static str,
    /// How many things.
    pub compared: usize,
    /// A sentence for each that differs.
    pub differences: Vec<String>,
}

impl Check {
    pub(super) fn compare(what: &'static str, found: &Facts, expected: &Facts) -> Self {
        let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
        let differences =
            names.iter().filter_map(|name| difference(name, found.get(*name), expected.get(*name)));
        Self { what, compared: names.len(), differences: differences.collect() }
    }

    /// Whether nothing differs.
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }
}

fn difference(name: &str, found: Option<&String>, expected: Option<&String>) -> Option<String> {
    let said = |fact: Option<&String>| fact.map_or_else(|| "nothing".to_owned(), Clone::clone);
    (found != expected).then(|| format!("{name}: {}, expected {}", said(found), said(expected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(facts: &[(&str, &str)]) -> Facts {
        facts.iter().map(|(name, fact)| ((*name).to_owned(), (*fact).to_owned())).collect()
    }

    #[test]
    fn what_differs_lacks_or_is_too_much_is_each_told() {
        let found = facts(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let check = Check::compare("letters", &found, &facts(&[("b", "2"), ("c", "4"), ("d", "5")]));
        assert_eq!(
            check.differences,
            ["a: 1, expected nothing", "c: 3, expected 4", "d: nothing, expected 5"]
        );
        assert_eq!(check.compared, 4);
        assert!(!check.holds());
    }

    #[test]
    fn what_is_the_same_holds() {
        assert!(Check::compare("letters", &facts(&[("a", "1")]), &facts(&[("a", "1")])).holds());
    }
}
