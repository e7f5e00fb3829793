//! A replay of invented invoices against the whole system, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use local::replay::{Fate, Options, Summary, replay};
use local::stack::{self, Stack};
use tempfile::TempDir;

const COLUMNS: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

#[tokio::test]
async fn every_row_ends_as_an_independent_reading_says() {
    let summary = replayed(
        "1001,90001,MUG,2,2010-12-01 09:00:00,2.5,17850.0,France\n\
         1001,90002,CUP,1,2010-12-01 09:00:00,1.25,17850.0,France\n\
         1001,90001,MUG,3,2010-12-01 09:00:00,2.5,17850.0,France\n\
         1002,90002,CUP,4,2010-12-01 09:10:00,1.25,,France\n\
         1003,90001,MUG,1,2010-12-01 09:20:00,2.5,13047.0,France\n\
         1003,POST,POSTAGE,1,2010-12-01 09:20:00,18.0,13047.0,France\n\
         1003,POST,POSTAGE,2,2010-12-01 09:20:00,18.0,13047.0,France\n\
         1003,BANK CHARGES,BANK CHARGES,1,2010-12-01 09:20:00,18.0,13047.0,France\n\
         1004,90001,,-4,2010-12-01 09:30:00,0.0,,France\n\
         C1005,90001,MUG,-5,2010-12-01 10:00:00,2.5,17850.0,France\n\
         C1005,90002,CUP,-1,2010-12-01 10:00:00,1.25,17850.0,France\n\
         C1006,90001,MUG,-1,2010-12-01 10:10:00,2.5,17850.0,France\n\
         1007,90002,CUP,6,2010-12-01 11:00:00,1.25,17850.0,France\n\
         C1008,90002,CUP,-2,2010-12-01 12:00:00,1.25,17850.0,France\n",
    )
    .await;
    assert_eq!((summary.orders, summary.customers), (4, 3), "{summary}");
    assert_eq!(
        summary.fates.into_iter().collect::<Vec<_>>(),
        [
            (Fate::Ordered, 3),
            (Fate::OrderedThenCancelled, 3),
            (Fate::CancelsASale, 2),
            (Fate::CancelsAPart, 1),
            (Fate::CancelsNoSale, 1),
            (Fate::InvalidCode, 1),
            (Fate::NotPositive, 1),
            (Fate::NoSuchProduct, 2),
        ]
    );
}

#[tokio::test]
async fn an_invoice_too_large_for_one_order_becomes_several_and_is_cancelled_as_a_whole() {
    let invoice = |number: &str, sign: &str, time: &str| {
        let row =
            |product| format!("{number},{product},CUP {product},{sign}7,2010-12-01 {time},1.5,17850.0,\n");
        let many: String = (90_000..90_200).map(row).collect();
        let heavy = format!("{number},90000,CUP 90000,{sign}9999,2010-12-01 {time},1.5,17850.0,\n");
        many + &heavy
    };
    let rows =
        [invoice("1001", "", "09:00:00"), invoice("1002", "", "09:10:00"), invoice("C1003", "-", "10:00:00")];
    let summary = replayed(&rows.concat()).await;
    assert_eq!((summary.orders, summary.cancelled), (6, 3), "{summary}");
    assert_eq!(
        summary.fates.into_iter().collect::<Vec<_>>(),
        [(Fate::Ordered, 201), (Fate::OrderedThenCancelled, 201), (Fate::CancelsASale, 201)]
    );
}

#[tokio::test]
async fn a_limit_takes_the_earliest_invoices_and_the_report_lists_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(
        &folder,
        "1002,90001,MUG,2,2010-12-02 09:00:00,2.5,17850.0,France\n\
         1001,90001,MUG,2,2010-12-01 09:00:00,2.5,17850.0,France\n\
         1003,90001,MUG,2,2010-12-03 09:00:00,2.5,17850.0,France\n",
    );
    let summary = replay_file(folder.path(), file, Some(2)).await;
    assert_eq!(summary.failed(), 0, "{summary}");
    assert_eq!(summary.orders, 2);
    let report = std::fs::read_to_string(summary.report).unwrap();
    assert_eq!(report, "line,reason,detail\n4,invoice beyond the limit,1003\n");
}

/// A replay of these rows, in a system of its own, that every check agrees to.
async fn replayed(rows: &str) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder, rows);
    let summary = replay_file(folder.path(), file, None).await;
    assert_eq!(summary.failed(), 0, "{summary}");
    assert_eq!(summary.fates.values().sum::<u64>(), rows.lines().count() as u64);
    summary
}

fn file(folder: &TempDir, rows: &str) -> PathBuf {
    let file = folder.path().join("sales.csv");
    std::fs::write(&file, format!("{COLUMNS}\n{rows}")).unwrap();
    file
}

async fn replay_file(folder: &Path, file: PathBuf, limit: Option<usize>) -> Summary {
    let stack = Stack::start(stack::Options::for_tests(folder.join("state")), |_| {}).await.unwrap();
    let report = folder.join("report.csv");
    let summary = replay(Options { file, limit, report, stack: &stack }).await.unwrap();
    stack.stop().await;
    summary
}
