//! The last pieces, wanted by a thousand at once, through the running functions
//! and on transactions that conflict as on AWS.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use local::contention::{Options, run};

async fn rush(products: usize) {
    let state = tempfile::tempdir().unwrap();
    let options = Options { state: state.path().into(), buyers: 1_000, products, pieces: 100 };
    let report = run(&options).await.unwrap();
    eprintln!("{report}");
    assert_eq!((report.created(), report.refused()), (100, 900), "{report}");
    assert!(report.is_exact(), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_buyers_a_hundred_get_the_last_hundred_pieces() {
    rush(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_products_in_opposite_order_are_sold_without_a_deadlock() {
    rush(3).await;
}
