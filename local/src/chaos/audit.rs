//! The books: what everyone was told, what the table holds and what the API
//! shows have to be the same.

mod events;
mod orders;
mod shown;
mod stock;

use std::time::Duration;

use tokio::time::sleep;

use super::keeper::Keeper;
use super::shopper::Shopper;
use super::table::Table;

/// As long as a process shows stock that it has read without asking the shared
/// cache, or tries anew what that cache did not acknowledge; and a little more.
const CACHES_AGREE_AFTER: Duration = Duration::from_millis(1_500);

/// All that is wrong, in words.
pub(super) async fn audit(table: &Table, shoppers: &mut [Shopper], keeper: &Keeper) -> Vec<String> {
    let mut wrong = Vec::new();
    for shopper in &mut *shoppers {
        wrong.extend(orders::acknowledged(table, shopper));
        wrong.extend(events::kept(table, &shopper.told));
    }
    wrong.extend(events::decided(table));
    wrong.extend(orders::unasked(table, shoppers));
    wrong.extend(orders::whole(table));
    wrong.extend(stock::balance(table, keeper));
    sleep(CACHES_AGREE_AFTER).await;
    shown::compare(table, shoppers, &mut wrong).await;
    if let [anyone, ..] = &*shoppers {
        wrong.extend(stock::shown(table, anyone).await);
    }
    wrong.extend(undecided(shoppers, keeper));
    wrong.extend(shoppers.iter_mut().flat_map(|shopper| std::mem::take(&mut shopper.told.wrong)));
    wrong.extend(keeper.wrong.iter().cloned());
    wrong
}

fn undecided(shoppers: &[Shopper], keeper: &Keeper) -> Vec<String> {
    let open = shoppers.iter().flat_map(|shopper| shopper.told.open()).chain(keeper.open());
    open.map(|what| format!("{what} is still undecided")).collect()
}
