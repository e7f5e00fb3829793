//! What became of the products, counted while they are written.

use std::fmt;

use indicatif::HumanCount;

use super::catalogue::Listing;
use super::refusal::{Reason, Refusal};
use super::write::{Outcome, Written};
use crate::client;

/// Counts of products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Products {
    /// Were not there before.
    pub created: u64,
    /// Had another name, category or price.
    pub updated: u64,
    /// Were as the file has them.
    pub unchanged: u64,
    /// Are archived in the shop, and stay so.
    pub left_alone: u64,
    /// The API would not have them.
    pub refused: u64,
    /// Got their opening stock; they count above as well.
    pub stocked: u64,
}

/// The counts, and what is to be said of single products.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) products: Products,
    pub(super) refusals: Vec<Refusal>,
    /// Products that were begun when something stopped the import.
    pub(super) unfinished: u64,
    /// What stopped it first.
    pub(super) stopped_by: Option<String>,
}

impl Products {
    /// Products that need no further run.
    pub(super) const fn done(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.left_alone + self.refused
    }
}

impl fmt::Display for Products {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [created, updated, unchanged] = [self.created, self.updated, self.unchanged].map(HumanCount);
        let [left_alone, refused] = [self.left_alone, self.refused].map(HumanCount);
        write!(f, "{created} created, {updated} updated, {unchanged} unchanged, ")?;
        write!(f, "{left_alone} left alone, {refused} refused")
    }
}

impl Tally {
    pub(super) fn count(&mut self, listing: &Listing, result: client::Result<Written>) {
        match result {
            Ok(written) => self.count_written(listing, written),
            Err(error) => {
                self.unfinished += 1;
                self.stop(&error.to_string());
            }
        }
    }

    /// Only the first cause is told: the others follow from it.
    pub(super) fn stop(&mut self, cause: &str) {
        self.stopped_by.get_or_insert_with(|| cause.to_owned());
    }

    fn count_written(&mut self, listing: &Listing, written: Written) {
        self.products.stocked += u64::from(written.stocked);
        match written.outcome {
            Outcome::Created => self.products.created += 1,
            Outcome::Updated => self.products.updated += 1,
            Outcome::Unchanged => self.products.unchanged += 1,
            Outcome::Archived => {
                self.products.left_alone += 1;
                self.report(listing, Reason::Archived, String::new());
            }
            Outcome::Refused(words) => {
                self.products.refused += 1;
                self.report(listing, Reason::RefusedByApi, words);
            }
        }
    }

    fn report(&mut self, listing: &Listing, reason: Reason, detail: String) {
        self.refusals.push(Refusal { line: listing.line, code: listing.id.to_string(), reason, detail });
    }
}
