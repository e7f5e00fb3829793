//! Processes that are killed between any two steps, or while what they sent is
//! under way: whatever they did, nothing is lost, doubled, or done by half.
//!
//! Each operation is a process of its own, one to three at once, against one
//! table. A crash is a SIGKILL at the moment when the proxy before the table has
//! a certain call in its hands: before it is carried out, after it, or while it
//! is, so that it happens after its sender's death.

mod books;
mod process;

use std::time::Duration;

use local::faults::{Fault, Faults};
use proptest::prelude::*;

use self::books::Books;
use self::process::{Operation, Outcome, Process, Said, What};
use crate::shop::Shop;

const PRODUCTS: [&str; 3] = ["mug", "cup", "pot"];
const STOCK: i64 = 20;
const USERS: [&str; 2] = ["ann", "bob"];

/// What happens at once, and whether it is cut off.
#[derive(Clone, Debug)]
struct Step {
    operations: Vec<Operation>,
    crash: Option<Crash>,
}

/// All processes of a step die when this call of theirs is in the proxy's hands.
#[derive(Clone, Debug)]
struct Crash {
    call: u64,
    moment: Moment,
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    Before,
    Within,
    After,
}

impl Moment {
    fn fault(self) -> Fault {
        match self {
            Self::Before => Fault::Delay(Duration::from_hours(1)),
            Self::Within => Fault::Delay(Duration::from_millis(15)),
            Self::After => Fault::NoReply,
        }
    }
}

/// Few users, keys and products, so that requests repeat and collide.
fn operation() -> impl Strategy<Value = Operation> {
    let place = (0..USERS.len(), 0..4_usize).prop_map(|(user, key)| Operation::Place { user, key });
    let orders = || 0..6_usize;
    prop_oneof![
        10 => place,
        4 => orders().prop_map(|order| Operation::Cancel { order }),
        6 => said().prop_map(|event| Operation::Keep { event }),
        6 => said().prop_map(|event| Operation::Apply { event }),
        2 => Just(Operation::Sweep),
        2 => Just(Operation::Expire),
        2 => (0..PRODUCTS.len(), 0..3_usize).prop_map(|(product, key)| Operation::Adjust { product, key }),
        1 => (0..PRODUCTS.len()).prop_map(|product| Operation::Archive { product }),
    ]
}

fn said() -> impl Strategy<Value = Said> {
    let what = prop_oneof![4 => Just(What::Succeeded), 1 => Just(What::PartiallyRefunded), 1 => Just(What::Refunded)];
    (0..6_usize, what).prop_map(|(order, what)| Said { order, what })
}

fn crash() -> impl Strategy<Value = Crash> {
    let moment = prop_oneof![Just(Moment::Before), Just(Moment::Within), Just(Moment::After)];
    (0..4_u64, moment).prop_map(|(call, moment)| Crash { call, moment })
}

fn step() -> impl Strategy<Value = Step> {
    let operations = prop::collection::vec(operation(), 1..=3);
    (operations, prop::option::weighted(0.6, crash()))
        .prop_map(|(operations, crash)| Step { operations, crash })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_killed_the_books_balance(steps in prop::collection::vec(step(), 4..14)) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(run(steps));
    }
}

/// A consumer's steps: it reads the order and the event, then order and payment,
/// and writes.
const STEPS: u64 = 5;

#[tokio::test]
async fn a_consumer_that_is_killed_between_any_two_steps_has_applied_the_event_once() {
    let said = |what| Said { order: 0, what };
    for call in 0..STEPS {
        for moment in [Moment::Before, Moment::Within, Moment::After] {
            let shop = stocked().await;
            let mut books = Books::default();
            let calm = async |operation: Operation, books: &mut Books| {
                take(&shop, &Step { operations: vec![operation], crash: None }, books).await;
                books.check(&shop).await;
            };
            calm(Operation::Place { user: 0, key: 0 }, &mut books).await;
            calm(Operation::Keep { event: said(What::Succeeded) }, &mut books).await;
            let apply = Operation::Apply { event: said(What::Succeeded) };
            let crash = Some(Crash { call, moment });
            take(&shop, &Step { operations: vec![apply.clone()], crash }, &mut books).await;
            books.check(&shop).await;
            calm(apply, &mut books).await;
            calm(Operation::Sweep, &mut books).await;
            books.check_decided(&shop).await;
        }
    }
}

async fn stocked() -> Shop {
    let shop = Shop::open().await;
    for product in PRODUCTS {
        shop.stock(product, STOCK).await;
    }
    shop
}

async fn run(steps: Vec<Step>) {
    let shop = stocked().await;
    let mut books = Books::default();
    for step in &steps {
        take(&shop, step, &mut books).await;
        books.check(&shop).await;
    }
    // Whoever was cut off comes again, and is told how it ended.
    let mut again: Vec<Operation> = steps.into_iter().flat_map(|step| step.operations).collect();
    again.retain(|operation| matches!(operation, Operation::Place { .. } | Operation::Adjust { .. }));
    for operation in again {
        take(&shop, &Step { operations: vec![operation], crash: None }, &mut books).await;
    }
    take(&shop, &Step { operations: vec![Operation::Sweep], crash: None }, &mut books).await;
    books.check(&shop).await;
    books.check_decided(&shop).await;
}

/// One step: its processes run, and are killed if the step says so.
async fn take(shop: &Shop, step: &Step, books: &mut Books) {
    let faults = shop.database.faults();
    let hit = faults.counts().faults();
    if let Some(crash) = &step.crash {
        faults.inject(crash.moment.fault().on_any().after(crash.call).next(1));
    }
    let orders = books.orders();
    let processes: Vec<Process> =
        step.operations.iter().map(|operation| Process::start(shop, operation, &orders)).collect();
    let outcomes = finished_or_killed(processes, &faults, hit).await;
    faults.clear();
    if step.crash.is_some() {
        // What was under way is carried out by now, if it ever is.
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    for (operation, outcome) in step.operations.iter().zip(outcomes) {
        assert!(outcome.is_some() || step.crash.is_some(), "{operation:?} ended without a word");
        books.note(operation, &orders, outcome);
    }
}

async fn finished_or_killed(mut processes: Vec<Process>, faults: &Faults, hit: u64) -> Vec<Option<Outcome>> {
    loop {
        if faults.counts().faults() > hit {
            processes.iter_mut().for_each(Process::kill);
        }
        if processes.iter_mut().all(Process::has_ended) {
            return processes.into_iter().map(Process::outcome).collect();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
