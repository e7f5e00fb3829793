//! What is going on while the system starts: a line for each step on a
//! terminal's standard error, with a spinner on the current one.

use std::time::Duration;

use indicatif::ProgressBar;
use local::{redis, stack::Step};

const TICK: Duration = Duration::from_millis(100);

pub(super) struct Progress {
    /// Hides itself where standard error is no terminal.
    spinner: ProgressBar,
    current: &'static str,
}

impl Progress {
    pub(super) fn new() -> Self {
        let spinner = ProgressBar::new_spinner();
        spinner.enable_steady_tick(TICK);
        Self { spinner, current: "" }
    }

    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Database => self.begin("DynamoDB"),
            Step::Cache => self.begin("the cache"),
            Step::NoCache => self.say(&format!("Running without the shared cache: {}.", redis::MISSING)),
            Step::Emulator => self.begin("the Lambda emulator"),
            Step::Functions => self.begin("the functions"),
        }
    }

    pub(super) fn seeding(&mut self) {
        self.begin("the catalogue");
    }

    pub(super) fn finish(mut self, took: Duration) {
        self.complete();
        self.spinner.finish_and_clear();
        self.say(&format!("started in {}.{} s", took.as_secs(), took.subsec_millis() / 100));
    }

    fn begin(&mut self, what: &'static str) {
        self.complete();
        self.current = what;
        self.spinner.set_message(format!("starting {what}"));
    }

    fn complete(&mut self) {
        let what = std::mem::take(&mut self.current);
        if !what.is_empty() {
            self.say(&format!("ready: {what}"));
        }
    }

    fn say(&self, line: &str) {
        self.spinner.suspend(|| eprintln!("{line}"));
    }
}
