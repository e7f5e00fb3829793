//! Records that grow too old, and functions that end in the middle.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use local::gate::Backend;
use local::lambda::{Environment, Supervisor};
use local::template::StreamMapping;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::emulator::{Emulator, function, until};
use crate::support::{A_WHILE, FOREVER, Shop, batches, delivered, fails, hangs, mapping, succeeds};

#[tokio::test]
async fn a_record_that_is_too_old_is_given_up_unsent() {
    let (shop, emulator) = (Shop::in_file().await, Emulator::start(|_| succeeds()).await);
    shop.write(0..2).await;
    shop.make_old();
    shop.write([2]).await;
    let fresh = StreamMapping { max_record_age: Some(Duration::from_mins(30)), ..mapping() };
    let _streams = shop.start(&emulator, fresh).await;
    until(|| !batches(&emulator).is_empty()).await;
    assert_eq!(batches(&emulator), [[2]]);
    let [message] = shop.queue().try_into().unwrap();
    assert_eq!(message["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(message["requestContext"]["approximateInvokeCount"], 0);
    assert_eq!(message["DDBStreamBatchInfo"]["batchSize"], 2);
    assert_eq!(message.get("responseContext"), None);
}

#[tokio::test]
async fn a_record_that_grows_too_old_is_not_tried_for_ever() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| fails()).await);
    let fresh = StreamMapping { max_record_age: Some(Duration::from_secs(2)), ..mapping() };
    let _streams = shop.start(&emulator, fresh).await;
    shop.write([0]).await;
    until(|| !shop.queue().is_empty()).await;
    assert_eq!(shop.queue()[0]["requestContext"]["condition"], "RecordAgeExceeded");
}

#[tokio::test]
async fn an_invocation_out_of_time_is_a_failure() {
    let (shop, calls) = (Shop::in_memory().await, AtomicUsize::new(0));
    let is_first = move || calls.fetch_add(1, Ordering::SeqCst) == 0;
    let emulator = Emulator::start(move |_| if is_first() { hangs() } else { succeeds() }).await;
    let slow = Backend { deadline: Duration::from_secs(1), ..function("reader") };
    let _streams = shop.start_with(&emulator, [(mapping(), slow.clone())]).await.unwrap();
    shop.write([0]).await;
    timeout(FOREVER, slow.out_of_time.notified()).await.expect("its process is replaced");
    until(|| delivered(&emulator).len() >= 2).await;
    assert!(delivered(&emulator).iter().all(|&number| number == 0));
}

/// A function under the real supervisor, which lives while the file is there.
struct Mortal {
    supervisor: Supervisor,
    folder: TempDir,
}

impl Mortal {
    fn start(is_alive: bool) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("reader");
        let life = folder.path().join("life");
        if is_alive {
            std::fs::write(&life, "").unwrap();
        }
        let script = format!("#!/bin/sh\n[ -e {} ] || exit 1\nexec sleep 600\n", life.display());
        std::fs::write(&binary, script).unwrap();
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o700)).unwrap();
        let environment = Environment::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let log = folder.path().join("reader.log");
        Self { supervisor: Supervisor::start("reader", binary, environment, log).unwrap(), folder }
    }

    fn lives(&self) {
        std::fs::write(self.folder.path().join("life"), "").unwrap();
    }

    fn backend(&self) -> Backend {
        Backend {
            status: self.supervisor.status(),
            out_of_time: self.supervisor.killer(),
            ..function("reader")
        }
    }
}

#[tokio::test]
async fn a_function_that_does_not_start_costs_no_record_and_no_retry() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let (mortal, strict) = (Mortal::start(false), StreamMapping { max_retries: Some(0), ..mapping() });
    let status = mortal.supervisor.status();
    until(|| status.now().failing).await;
    let _streams = shop.start_with(&emulator, [(strict, mortal.backend())]).await.unwrap();
    shop.write([0]).await;
    sleep(A_WHILE).await;
    mortal.lives();
    until(|| !batches(&emulator).is_empty() || !shop.queue().is_empty()).await;
    assert_eq!(delivered(&emulator), [0]);
    assert!(shop.queue().is_empty());
}

#[tokio::test]
async fn a_function_that_dies_over_a_batch_has_failed() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| hangs()).await);
    let mortal = Mortal::start(true);
    let strict = StreamMapping { max_retries: Some(0), ..mapping() };
    let _streams = shop.start_with(&emulator, [(strict, mortal.backend())]).await.unwrap();
    shop.write([0]).await;
    until(|| !batches(&emulator).is_empty()).await;
    mortal.supervisor.killer().notify_one();
    until(|| !shop.queue().is_empty()).await;
    assert_eq!(shop.queue()[0]["responseContext"]["functionError"], "Unhandled");
}
