//! How far a long task is: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Often enough to see that it goes on, seldom enough for a log.
const LINE_EVERY: u64 = 500;
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// Shows progress on standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: bool,
    doing: &'static str,
    what: &'static str,
}

impl Progress {
    /// Of doing something to so many things: "importing", 12, "products".
    pub(crate) fn of(doing: &'static str, count: usize, what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr());
        let template = format!("{doing} {{wide_bar}} {{human_pos}} of {{human_len}} {what}, {{eta}} left");
        bar.set_style(ProgressStyle::with_template(&template).expect("the template is well-formed"));
        bar.enable_steady_tick(REDRAW_EVERY);
        Self { bar, plain: !stderr().is_terminal(), doing, what }
    }

    pub(crate) fn step(&self) {
        self.bar.inc(1);
        let done = self.bar.position();
        if self.plain && done.is_multiple_of(LINE_EVERY) {
            let all = HumanCount(self.bar.length().unwrap_or(done));
            eprintln!("{}: {} of {all} {}", self.doing, HumanCount(done), self.what);
        }
    }
}

impl Drop for Progress {
    /// Nothing of the bar stays between what is printed next.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
