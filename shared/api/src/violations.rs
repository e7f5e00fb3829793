//! Collects every rule that a request breaks, so that a caller hears of all
//! of them at once.

use domain::Violation;

use crate::Problem;

/// Rules that one answer tells of: more would make it longer than any request.
const TOLD: usize = 100;

/// The broken rules found so far.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// A problem of one broken rule.
    pub fn one(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem::invalid(vec![Violation { pointer: pointer.into(), detail: detail.into() }])
    }

    /// The checked value, or a note of the rule that it breaks.
    pub fn check<T>(&mut self, pointer: impl Into<String>, checked: Result<T, String>) -> Option<T> {
        self.note(checked.map_err(|detail| Violation { pointer: pointer.into(), detail }))
    }

    /// The checked value, or a note of the violation.
    pub fn note<T>(&mut self, checked: Result<T, Violation>) -> Option<T> {
        let tell = |violation| {
            if self.0.len() < TOLD {
                self.0.push(violation);
            }
        };
        checked.map_err(tell).ok()
    }

    /// The checked value of a field that must be there.
    pub fn required<T, U>(
        &mut self,
        pointer: &str,
        value: Option<T>,
        check: impl FnOnce(T) -> Result<U, String>,
    ) -> Option<U> {
        self.check(pointer, value.ok_or_else(|| "is required".to_owned()).and_then(check))
    }

    /// What was checked, if nothing was wrong with it.
    ///
    /// # Errors
    /// 422 with all that was.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Problem::invalid(self.0)),
        }
    }
}
