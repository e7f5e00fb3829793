//! L2 that is away: each process counts for itself, at once.

use std::time::Duration;

use axum::Router;

use crate::stage::Stage;

const HOME: &str = "192.0.2.1";

/// How many of so many things a process lets a user make.
async fn made(stage: &Stage, process: &Router, user: &str, tries: usize) -> usize {
    let mut made = 0;
    for _ in 0..tries {
        let answer = stage.make(process, user, HOME).await;
        assert!([200, 429].contains(&answer.status), "{}", answer.text);
        made += usize::from(answer.status == 200);
    }
    made
}

#[tokio::test]
async fn a_process_without_l2_counts_for_itself() {
    let stage = Stage::open().await;
    stage.redis.kill().await;
    let processes = [stage.process(), stage.process()];
    for process in &processes {
        assert_eq!(made(&stage, process, "ann", 5).await, 3);
    }
}

#[tokio::test]
async fn l2_that_dies_in_the_middle_gives_no_new_quota() {
    let stage = Stage::open().await;
    let process = stage.process();
    assert_eq!(made(&stage, &process, "ann", 2).await, 2);
    stage.redis.kill().await;
    assert_eq!(made(&stage, &process, "ann", 5).await, 1, "what is left");
    assert_eq!(made(&stage, &process, "bob", 5).await, 3, "who is new");
}

#[tokio::test]
async fn l2_that_hangs_holds_no_request_for_long() {
    let stage = Stage::open().await;
    let process = stage.patient_process("3/3600", Duration::from_millis(50));
    assert_eq!(made(&stage, &process, "ann", 1).await, 1);
    stage.redis.freeze();
    let answers = tokio::time::timeout(Duration::from_secs(10), made(&stage, &process, "ann", 1_000));
    assert_eq!(answers.await.expect("few wait for L2, and not for long"), 2);
    stage.redis.thaw();
}

#[tokio::test]
async fn l2_that_is_back_counts_again() {
    let mut stage = Stage::open().await;
    let process = stage.process();
    stage.redis.kill().await;
    assert_eq!(made(&stage, &process, "ann", 5).await, 3);
    stage.redis.restart().await;
    // It is asked once a second whether it is back. It knows nothing of her.
    let back = async {
        while made(&stage, &process, "ann", 1).await == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.expect("she is counted in L2 again");
    assert_eq!(made(&stage, &process, "ann", 5).await, 2);
}
