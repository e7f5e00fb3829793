//! Orders, payments, cancels and expiries through the running functions while
//! everything around them fails now and then.

use std::time::Duration;

use local::chaos::{Options, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_accounted_for_whatever_fails_meanwhile() {
    let (state, seed) = (tempfile::tempdir().unwrap(), fastrand::u64(..));
    eprintln!("seed {seed}");
    let options = Options { state: state.path().into(), time: Duration::from_secs(8), seed };
    let report = run(&options, |weather| eprintln!("{weather}")).await.unwrap();
    eprintln!("{report}");
    assert!(report.orders() > 0 && report.faults() > 0, "{report}");
    assert!(report.wrong.is_empty(), "{report}");
}
