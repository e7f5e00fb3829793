//! What this process uses: memory, time on a processor, sockets.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use crate::totals::{Measure, Totals};

/// With this much memory Lambda allots one processor (AWS: "Configure Lambda
/// function memory").
const MIB_OF_A_PROCESSOR: u64 = 1_769;

/// Less time than this with something to do tells nothing.
const WORTH_TELLING: Duration = Duration::from_millis(10);

/// Looks at the process, and at how much of its time it had something to do: frozen
/// or idle, it needs no processor.
#[derive(Debug)]
pub(crate) struct Process {
    memory_mib: Option<u64>,
    since: Mutex<Since>,
}

#[derive(Debug, Default)]
struct Since {
    /// Requests being served.
    serving: usize,
    /// Since when any is.
    began: Option<Instant>,
    busy: Duration,
    /// Time on processors, at the last look.
    processor: Duration,
}

impl Process {
    pub(crate) fn new(memory_mib: Option<u64>) -> Self {
        let since = Since { processor: processor_time(), ..Since::default() };
        Self { memory_mib, since: Mutex::new(since) }
    }

    pub(crate) fn begin(&self) {
        self.since(|since| {
            since.serving += 1;
            since.began.get_or_insert_with(Instant::now);
        });
    }

    pub(crate) fn end(&self) {
        self.since(|since| {
            since.serving -= 1;
            if since.serving == 0 {
                since.busy += since.began.take().map_or(Duration::ZERO, |began| began.elapsed());
            }
        });
    }

    /// Adds what it uses now, and what it used since the last look.
    pub(crate) fn look(&self, totals: &mut Totals) {
        if let Some(bytes) = resident_bytes() {
            totals.add_number(Measure::MemoryUsed, bytes / 1_000_000);
            let limit = self.memory_mib.map(|mib| mib << 20).filter(|limit| *limit > 0);
            if let Some(limit) = limit {
                totals.add_number(Measure::MemoryUse, 100 * bytes / limit);
            }
        }
        if let Some(sockets) = open_sockets() {
            totals.add_number(Measure::Connections, sockets);
        }
        if let Some(percent) = self.processor_use() {
            totals.add_number(Measure::CpuUse, percent);
        }
    }

    /// Of what is allotted, in percent; none if it had nothing to do, or so little that
    /// the answer would be noise.
    fn processor_use(&self) -> Option<u64> {
        let (busy, used) = self.since(Since::take);
        let allotted = busy.as_micros() * u128::from(self.memory_mib.unwrap_or(MIB_OF_A_PROCESSOR));
        let percent = (100 * used.as_micros() * u128::from(MIB_OF_A_PROCESSOR)).checked_div(allotted)?;
        (busy >= WORTH_TELLING).then(|| u64::try_from(percent).unwrap_or(u64::MAX))
    }

    fn since<T>(&self, change: impl FnOnce(&mut Since) -> T) -> T {
        change(&mut self.since.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Process {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Since {
    /// Time with something to do, and time on processors, since the last look.
    fn take(&mut self) -> (Duration, Duration) {
        if let Some(began) = &mut self.began {
            self.busy += began.elapsed();
            *began = Instant::now();
        }
        let processor = processor_time();
        let used = processor.saturating_sub(std::mem::replace(&mut self.processor, processor));
        (std::mem::take(&mut self.busy), used)
    }
}

fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// `VmRSS` of proc(5), which counts in KiB.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

fn open_sockets() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?;
    let targets = open.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    Some(targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(process: &Process) -> Totals {
        let mut totals = Totals::default();
        process.look(&mut totals);
        totals
    }

    #[test]
    fn memory_is_told_in_megabytes_and_in_percent_of_the_limit() {
        let totals = looked(&Process::new(Some(10_000)));
        let used = totals.at_percent(Measure::MemoryUsed, 100).expect("proc(5) tells");
        assert!((1..2_000).contains(&used), "{used} MB");
        assert!(totals.at_percent(Measure::MemoryUse, 100).expect("there is a limit") < 20);
        assert_eq!(looked(&Process::new(None)).measured(Measure::MemoryUse), 0);
    }

    #[test]
    fn processor_time_is_told_of_the_time_with_something_to_do() {
        let process = Process::new(Some(MIB_OF_A_PROCESSOR));
        looked(&process);
        process.begin();
        let until = processor_time() + Duration::from_millis(100);
        while processor_time() < until {}
        process.end();
        assert!(looked(&process).at_percent(Measure::CpuUse, 100).expect("it was busy") > 0);
        assert_eq!(looked(&process).measured(Measure::CpuUse), 0, "it had nothing to do since");
    }

    #[test]
    fn sockets_are_counted() {
        let before = open_sockets().expect("proc(5) tells");
        let _held: Vec<_> =
            (0..50).map(|_| std::net::UdpSocket::bind("127.0.0.1:0").expect("free")).collect();
        assert!(open_sockets().expect("proc(5) tells") >= before + 40);
    }
}
