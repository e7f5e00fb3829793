//! How far the import is: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Often enough to see that it goes on, seldom enough for a log.
const LINE_EVERY: u64 = 500;
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// Shows progress on standard error.
pub(super) struct Progress {
    bar: ProgressBar,
    plain: bool,
}

impl Progress {
    pub(super) fn of(products: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(products as u64), ProgressDrawTarget::stderr());
        bar.set_style(
            ProgressStyle::with_template(
                "importing {wide_bar} {human_pos} of {human_len} products, {eta} left",
            )
            .expect("the template is well-formed"),
        );
        bar.enable_steady_tick(REDRAW_EVERY);
        Self { bar, plain: !stderr().is_terminal() }
    }

    pub(super) fn step(&self) {
        self.bar.inc(1);
        let done = self.bar.position();
        if self.plain && done.is_multiple_of(LINE_EVERY) {
            let all = HumanCount(self.bar.length().unwrap_or(done));
            eprintln!("importing: {} of {all} products", HumanCount(done));
        }
    }
}

impl Drop for Progress {
    /// Nothing of the bar stays between what is printed next.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
