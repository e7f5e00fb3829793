//! The stock that a product starts with, brought in once.
//!
//! Stock that was ever moved is the shop's own count, so it is touched only
//! while its version is the first. The key repeats with the product: two runs
//! at once, or one whose answer was lost, still bring it in once.

use domain::{Delta, IdempotencyKey, ProductId, Reason, Version};

use crate::client::{Adjustment, Client, Result};

/// Pieces that a product starts with: at least one.
#[derive(Clone, Debug)]
pub(crate) struct OpeningStock(Adjustment);

impl OpeningStock {
    /// `None` for no pieces; the error says which rule the number breaks.
    pub(crate) fn new(pieces: u32) -> std::result::Result<Option<Self>, String> {
        if pieces == 0 {
            return Ok(None);
        }
        let delta = i64::from(pieces);
        Delta::new(delta).map_err(|_| format!("must be 0 to {} pieces", Delta::MAX))?;
        let reason = Reason::new("opening stock").expect("a short line of text");
        Ok(Some(Self(Adjustment { delta, reason })))
    }

    /// Brings it in unless stock was moved before; says whether it did.
    pub(crate) async fn bring_in_once(&self, client: &Client, id: &ProductId) -> Result<bool> {
        let untouched = client.inventory(id).await?.version == Version::FIRST;
        if untouched {
            self.bring_in(client, id).await?;
        }
        Ok(untouched)
    }

    /// Brings it in to a product that was just created.
    pub(crate) async fn bring_in(&self, client: &Client, id: &ProductId) -> Result<()> {
        let key = IdempotencyKey::new(&format!("opening-stock-{id}")).expect("an id is short and visible");
        client.adjust_stock(id, &self.0, &key).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_stock_is_nothing_or_a_number_that_one_adjustment_can_move() {
        assert!(OpeningStock::new(0).expect("nothing to bring in").is_none());
        assert!(OpeningStock::new(1_000_000).expect("the most").is_some());
        assert!(OpeningStock::new(1_000_001).is_err());
    }
}
