//! One product of the file brought into the shop, whatever is there already.

use std::time::Duration;

use domain::{Category, Description, Tags};
use http::StatusCode;

use super::catalogue::Listing;
use super::shelf::Shelf;
use crate::client::{Client, Error, NewProduct, Product, ProductPatch, Result, is_refused};
use crate::opening_stock::OpeningStock;

/// Catalogue reads may be this old, so after an edit by someone else waiting
/// less could read the same stale version again.
const READS_ARE_FRESH_AFTER: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 3;

/// What became of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) outcome: Outcome,
    /// Whether its opening stock was brought in.
    pub(super) stocked: bool,
}

/// What the shop has of it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Updated,
    Unchanged,
    /// It was archived: bringing it back is the shop's decision.
    Archived,
    /// The API will not have it, now or later: in its words.
    Refused(String),
}

/// Writes products of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'a> {
    pub(super) client: &'a Client,
    pub(super) category: &'a Category,
    pub(super) shelf: &'a Shelf,
    pub(super) stock: Option<&'a OpeningStock>,
}

impl Writer<'_> {
    /// Creates the product or brings it up to date. An error means that the
    /// rest of the file would fare no better.
    pub(super) async fn write(&self, listing: &Listing) -> Result<Written> {
        match self.create_or_update(listing).await {
            Err(error) if concerns_this_product(&error) => {
                Ok(Written { outcome: Outcome::Refused(error.to_string()), stocked: false })
            }
            written => written,
        }
    }

    async fn create_or_update(&self, listing: &Listing) -> Result<Written> {
        if let Some(known) = self.shelf.get(&listing.id) {
            return unless_archived(self.update(listing, known.clone()).await);
        }
        let answer = self.client.create_product(&self.product(listing)).await;
        if is_refused(&answer, StatusCode::CONFLICT) {
            return unless_archived(self.update_existing(listing).await);
        }
        answer?;
        self.stock_new(listing).await
    }

    async fn stock_new(&self, listing: &Listing) -> Result<Written> {
        if let Some(stock) = self.stock {
            stock.bring_in(self.client, &listing.id).await?;
        }
        Ok(Written { outcome: Outcome::Created, stocked: self.stock.is_some() })
    }

    async fn update_existing(&self, listing: &Listing) -> Result<Written> {
        let current = self.client.product(&listing.id).await?;
        self.update(listing, current).await
    }

    async fn update(&self, listing: &Listing, current: Product) -> Result<Written> {
        // Stock starts at none: where there is some, it was moved before.
        let may_be_untouched = current.inventory.available == 0;
        let outcome = self.until_nobody_else_edits(listing, current).await?;
        let stocked = match self.stock {
            Some(stock) if may_be_untouched => stock.bring_in_once(self.client, &listing.id).await?,
            _ => false,
        };
        Ok(Written { outcome, stocked })
    }

    async fn until_nobody_else_edits(&self, listing: &Listing, mut current: Product) -> Result<Outcome> {
        for _ in 1..ATTEMPTS {
            let answer = self.change_what_differs(listing, &current).await;
            if !is_refused(&answer, StatusCode::PRECONDITION_FAILED) {
                return answer;
            }
            tokio::time::sleep(READS_ARE_FRESH_AFTER).await;
            current = self.client.product(&listing.id).await?;
        }
        self.change_what_differs(listing, &current).await
    }

    async fn change_what_differs(&self, listing: &Listing, current: &Product) -> Result<Outcome> {
        let edited = self.edit(listing, current).await?;
        let repriced = self.reprice(listing, current).await?;
        Ok(if edited || repriced { Outcome::Updated } else { Outcome::Unchanged })
    }

    /// Name and category alone: description and tags are the shop's own.
    async fn edit(&self, listing: &Listing, current: &Product) -> Result<bool> {
        let patch = ProductPatch {
            name: (current.name != listing.name).then(|| listing.name.clone()),
            category: (current.category != *self.category).then(|| self.category.clone()),
        };
        if !patch.is_empty() {
            self.client.update_product(&listing.id, current.version, &patch).await?;
        }
        Ok(!patch.is_empty())
    }

    async fn reprice(&self, listing: &Listing, current: &Product) -> Result<bool> {
        let differs = current.price != listing.price;
        if differs {
            let seen = self.client.pricing(&listing.id).await?.version;
            self.client.set_price(&listing.id, seen, listing.price).await?;
        }
        Ok(differs)
    }

    fn product(&self, listing: &Listing) -> NewProduct {
        NewProduct {
            id: listing.id.clone(),
            name: listing.name.clone(),
            description: Description::new("").expect("a description may be empty"),
            category: self.category.clone(),
            tags: Tags::default(),
            price: listing.price,
        }
    }
}

/// What exists and cannot be found is archived.
fn unless_archived(answer: Result<Written>) -> Result<Written> {
    if is_refused(&answer, StatusCode::NOT_FOUND) {
        return Ok(Written { outcome: Outcome::Archived, stocked: false });
    }
    answer
}

/// Whether the next product may do better: the refusal is about what was sent,
/// not about who sent it or whether the shop is there.
fn concerns_this_product(error: &Error) -> bool {
    error.status().is_some_and(|status| {
        matches!(
            status,
            StatusCode::BAD_REQUEST
                | StatusCode::CONFLICT
                | StatusCode::PRECONDITION_FAILED
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNPROCESSABLE_ENTITY
        )
    })
}
