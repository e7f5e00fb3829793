//! What this process uses: memory, time on a processor, sockets.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use crate::totals::{Measure, Totals};

/// With this much memory Lambda allots one processor (AWS: "Configure Lambda
/// function memory").
const MIB_OF_A_PROCESSOR: u64 = 1_769;
/// Lambda allots a processor's time by such periods: in a shorter one a process may have
/// all of it.
const PERIOD: Duration = Duration::from_millis(20);
/// Less time than this with something to do tells nothing.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Looks at the process, and at how much of its time it had something to do: frozen
/// or idle, it needs no processor.
#[derive(Debug)]
pub(crate) struct Process {
    memory_mib: Option<u64>,
    /// Thousandths of a processor that are allotted.
    allotted: u64,
    since: Mutex<Since>,
}

#[derive(Debug, Default)]
struct Since {
    /// Things that are being done.
    doing: usize,
    /// Since when any is.
    began: Option<Instant>,
    busy: Duration,
    /// Time on processors, when it was last taken; none before anything was done: starting
    /// is another matter.
    processor: Option<Duration>,
}

impl Process {
    /// By memory; or, for a process that is not Lambda's to throttle, the one processor
    /// that its one thread can use.
    pub(crate) fn new(memory_mib: Option<u64>, is_throttled: bool) -> Self {
        let by_memory = memory_mib.map(|mib| 1_000 * mib / MIB_OF_A_PROCESSOR);
        let allotted = by_memory.filter(|_| is_throttled).unwrap_or(1_000);
        Self { memory_mib, allotted, since: Mutex::default() }
    }

    /// Something is being done, until [`Self::end`].
    pub(crate) fn begin(&self) {
        self.since(|since| {
            since.doing += 1;
            since.processor.get_or_insert_with(processor_time);
            since.began.get_or_insert_with(Instant::now);
        });
    }

    pub(crate) fn end(&self) {
        self.since(|since| {
            since.doing -= 1;
            if since.doing == 0 {
                let busy = since.began.take().map_or(Duration::ZERO, |began| began.elapsed());
                since.busy += busy.max(PERIOD);
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
        let (busy, used) = self.since(Since::take_if_worth_it)?;
        Some(percent(busy, used, self.allotted))
    }

    fn since<T>(&self, change: impl FnOnce(&mut Since) -> T) -> T {
        change(&mut self.since.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Process {
    fn default() -> Self {
        Self::new(None, false)
    }
}

impl Since {
    /// Time with something to do, and time on processors, since it was last taken.
    fn take_if_worth_it(&mut self) -> Option<(Duration, Duration)> {
        if let Some(began) = &mut self.began {
            self.busy += began.elapsed();
            *began = Instant::now();
        }
        if self.busy < WORTH_TELLING {
            return None;
        }
        let processor = processor_time();
        let used = processor.saturating_sub(self.processor.replace(processor)?);
        Some((std::mem::take(&mut self.busy), used))
    }
}

/// Of so many thousandths of a processor during the time with something to do.
fn percent(busy: Duration, used: Duration, allotted: u64) -> u64 {
    let allotted = busy.as_micros() * u128::from(allotted) / 1_000;
    let percent = (100 * used.as_micros()).checked_div(allotted).unwrap_or(0);
    u64::try_from(percent).unwrap_or(u64::MAX)
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
        let totals = looked(&Process::new(Some(10_000), true));
        let used = totals.at_percent(Measure::MemoryUsed, 100).expect("proc(5) tells");
        assert!((1..2_000).contains(&used), "{used} MB");
        assert!(totals.at_percent(Measure::MemoryUse, 100).expect("there is a limit") < 20);
        assert_eq!(looked(&Process::default()).measured(Measure::MemoryUse), 0);
    }

    #[test]
    fn the_share_is_of_what_is_allotted() {
        let (second, tenth) = (Duration::from_secs(1), Duration::from_millis(100));
        assert_eq!(percent(second, tenth, 1_000), 10);
        assert_eq!(percent(second, tenth, 200), 50);
        assert_eq!(percent(second, Duration::ZERO, 200), 0);
        assert_eq!(Process::new(Some(256), true).allotted, 144);
        assert_eq!(Process::new(Some(256), false).allotted, 1_000, "nobody throttles it");
    }

    #[test]
    fn a_short_burst_counts_as_a_whole_period_and_starting_as_nothing() {
        let process = Process::new(Some(256), true);
        spend(Duration::from_millis(50));
        for _ in 0..60 {
            process.begin();
            process.end();
        }
        let percent = process.processor_use().expect("60 periods are more than a second");
        assert!(percent < 20, "{percent} % for doing nothing");
        assert_eq!(process.processor_use(), None, "nothing was done since");
    }

    #[test]
    fn what_is_done_is_told() {
        let process = Process::new(None, false);
        for _ in 0..50 {
            process.begin();
            spend(PERIOD);
            process.end();
        }
        // Others share the machine, so that it takes longer than it computes.
        let percent = process.processor_use().expect("it was busy");
        assert!((1..=100).contains(&percent), "{percent} %");
    }

    fn spend(time: Duration) {
        let until = processor_time() + time;
        while processor_time() < until {}
    }

    #[test]
    fn sockets_are_counted() {
        let before = open_sockets().expect("proc(5) tells");
        let _held: Vec<_> =
            (0..50).map(|_| std::net::UdpSocket::bind("127.0.0.1:0").expect("free")).collect();
        assert!(open_sockets().expect("proc(5) tells") >= before + 40);
    }
}
