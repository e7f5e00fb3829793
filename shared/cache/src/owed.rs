//! Invalidations that L2 has not acknowledged yet.
//!
//! While any is owed, this process does not read from L2: the link goes up only
//! when all are paid. Too many to remember one by one become a single debt:
//! every fence goes, and with it every entry of everyone.

use std::collections::HashSet;

pub(crate) struct Owed {
    limit: usize,
    names: HashSet<String>,
    everything: bool,
}

/// What to pay next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Debt {
    /// These names are to be removed.
    Names(Vec<String>),
    /// Every fence is to be removed.
    Everything,
}

impl Owed {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, names: HashSet::new(), everything: false }
    }

    pub(crate) fn add(&mut self, debt: Debt) {
        match debt {
            Debt::Names(names) if !self.everything => self.names.extend(names),
            Debt::Names(_) => {}
            Debt::Everything => self.everything = true,
        }
        if self.everything || self.names.len() > self.limit {
            self.everything = true;
            self.names = HashSet::new();
        }
    }

    /// Takes all that is owed; what cannot be paid is to be added again. What is
    /// added meanwhile is a new debt, also if its name is the same.
    pub(crate) fn take(&mut self) -> Option<Debt> {
        if std::mem::take(&mut self.everything) {
            return Some(Debt::Everything);
        }
        let names = std::mem::take(&mut self.names);
        (!names.is_empty()).then(|| Debt::Names(names.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Debt {
        Debt::Names(names.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_name_is_owed_once() {
        let mut owed = Owed::new(10);
        owed.add(names(&["a"]));
        owed.add(names(&["a"]));
        assert_eq!(owed.take(), Some(names(&["a"])));
        assert_eq!(owed.take(), None);
    }

    #[test]
    fn too_many_names_become_everything() {
        let mut owed = Owed::new(2);
        owed.add(names(&["a", "b", "c"]));
        owed.add(names(&["d"]));
        assert_eq!(owed.take(), Some(Debt::Everything));
        assert_eq!(owed.take(), None);
    }
}
