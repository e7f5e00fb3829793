//! All functions of the template that have a caller here, each under its supervisor.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::gate::{Backend, Routes};
use crate::lambda::{Binaries, Emulator, Supervisor, Surroundings};
use crate::template::{Function, Schedule, StreamMapping, Template};

/// Beyond a function's own time-out, for its answer that is too late to be
/// heard as the function's own.
const MARGIN: Duration = Duration::from_secs(1);

/// The functions' supervisors.
#[derive(Debug)]
pub(super) struct Functions(Vec<(Function, Supervisor)>);

impl Functions {
    pub(super) fn start(
        template: &Template,
        surroundings: &Surroundings,
        binaries: &Binaries,
        emulator: &Emulator,
        logs: &Path,
    ) -> Result<Self> {
        let start = |function: Function| {
            let name = &function.name;
            let binary = binaries.of(name)?;
            let runtime_api = emulator.runtime_api(name);
            let environment = surroundings.of_process(template, &function, &runtime_api)?;
            let log = logs.join(format!("{name}.log"));
            let supervisor = Supervisor::start(name, binary, environment, log)?;
            Ok((function, supervisor))
        };
        let functions = template.functions()?.into_iter().filter(Function::has_caller);
        functions.map(start).collect::<Result<_>>().map(Self)
    }

    pub(super) fn routes(&self) -> Result<Routes> {
        let routed = self
            .0
            .iter()
            .map(|(function, supervisor)| (function.routes.as_slice(), backend(function, supervisor)));
        Routes::new(routed)
    }

    pub(super) fn schedules(&self) -> impl Iterator<Item = (Schedule, Backend)> {
        self.0.iter().flat_map(|(function, supervisor)| {
            let schedules = function.schedules.iter().cloned();
            schedules.map(|schedule| (schedule, backend(function, supervisor)))
        })
    }

    pub(super) fn streams(&self) -> impl Iterator<Item = (StreamMapping, Backend)> {
        self.0.iter().flat_map(|(function, supervisor)| {
            let mappings = function.streams.iter().cloned();
            mappings.map(|mapping| (mapping, backend(function, supervisor)))
        })
    }

    pub(super) fn backend(&self, name: &str) -> Result<Backend> {
        self.find(name).map(|(function, supervisor)| backend(function, supervisor))
    }

    pub(super) fn processes(&self) -> impl Iterator<Item = i32> {
        self.0.iter().filter_map(|(_, supervisor)| supervisor.status().now().process)
    }

    pub(super) async fn kill(&self, name: &str) -> Result<()> {
        let (_, supervisor) = self.find(name)?;
        let status = supervisor.status();
        let process = status.now().process.with_context(|| format!("{name} does not run"))?;
        kill(Pid::from_raw(process), Signal::SIGKILL)?;
        let successor = status.running_other_than(Some(process)).await;
        successor.map(drop).with_context(|| format!("{name} did not come back"))
    }

    pub(super) async fn stop(self) {
        let stops = self.0.into_iter().map(|(_, supervisor)| supervisor.stop());
        futures::future::join_all(stops).await;
    }

    fn find(&self, name: &str) -> Result<&(Function, Supervisor)> {
        let found = self.0.iter().find(|(function, _)| function.name == name);
        found.with_context(|| format!("there is no function {name}"))
    }
}

fn backend(function: &Function, supervisor: &Supervisor) -> Backend {
    Backend {
        name: function.name.clone(),
        deadline: function.timeout + MARGIN,
        status: supervisor.status(),
        out_of_time: supervisor.killer(),
    }
}
