//! A small catalogue of our own, so that a fresh stack has something to show.
//!
//! It goes in through the HTTP API like everything else, and it is only ever
//! added to: a product that exists is left as the shop has it, edited or
//! archived, and stock is brought in only where none was ever moved.

use anyhow::Context;
use domain::{Category, Currency, Description, Money, Name, ProductId, Tags};
use futures::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde::Deserialize;

use crate::client::{Client, NewProduct, Result, is_refused};
use crate::opening_stock::OpeningStock;

const CATALOGUE: &str = include_str!("../seed/catalogue.json");

/// A fraction of what the gate lets in: others may be using the stack.
const AT_ONCE: usize = 8;

/// What seeding did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Products that were not there before.
    pub created: usize,
    /// Products that were there and were left as they are.
    pub left_alone: usize,
}

/// Creates the catalogue's products that are missing, with their stock.
pub async fn seed(client: &Client) -> anyhow::Result<Seeded> {
    stream::iter(catalogue())
        .map(|entry| async move { entry.create(client).await.with_context(|| format!("seeding {}", entry.id)) })
        .buffer_unordered(AT_ONCE)
        .try_fold(Seeded::default(), |seeded, created| async move { Ok(seeded.and(created)) })
        .await
}

impl Seeded {
    fn and(self, created: bool) -> Self {
        Self {
            created: self.created + usize::from(created),
            left_alone: self.left_alone + usize::from(!created),
        }
    }
}

/// One line of the catalogue file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: ProductId,
    name: Name,
    description: Description,
    category: Category,
    tags: Tags,
    /// In pence.
    price: i64,
    /// Pieces.
    stock: u32,
}

fn catalogue() -> Vec<Entry> {
    serde_json::from_str(CATALOGUE).expect("the catalogue is part of the program and tested")
}

impl Entry {
    /// Says whether the product was created.
    async fn create(&self, client: &Client) -> Result<bool> {
        let answer = client.create_product(&self.product()).await;
        let taken = is_refused(&answer, StatusCode::CONFLICT);
        if !taken {
            answer?;
        }
        self.bring_in_stock(client).await?;
        Ok(!taken)
    }

    /// Also after an earlier run that was cut off between product and stock.
    async fn bring_in_stock(&self, client: &Client) -> Result<()> {
        let Some(stock) = self.opening_stock() else { return Ok(()) };
        let answer = stock.bring_in_once(client, &self.id).await;
        let archived = is_refused(&answer, StatusCode::NOT_FOUND);
        if archived { Ok(()) } else { answer.map(drop) }
    }

    fn opening_stock(&self) -> Option<OpeningStock> {
        OpeningStock::new(self.stock).expect("the catalogue's stock is tested")
    }

    fn product(&self) -> NewProduct {
        NewProduct {
            id: self.id.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            category: self.category.clone(),
            tags: self.tags.clone(),
            price: Money::price(self.price, Currency::GBP).expect("the catalogue's prices are tested"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    #[test]
    fn there_are_at_least_64_products_in_8_balanced_categories() {
        let mut sizes: HashMap<String, usize> = HashMap::new();
        for entry in catalogue() {
            *sizes.entry(entry.category.into()).or_default() += 1;
        }
        assert_eq!(sizes.len(), 8, "{sizes:?}");
        assert!(sizes.values().all(|size| *size >= 8), "{sizes:?}");
        assert!(!sizes.contains_key("gifts"), "imports are shown under that name");
    }

    #[test]
    fn ids_and_names_are_unique() {
        let entries = catalogue();
        let ids: HashSet<_> = entries.iter().map(|entry| &entry.id).collect();
        let names: HashSet<_> = entries.iter().map(|entry| &entry.name).collect();
        assert_eq!((ids.len(), names.len()), (entries.len(), entries.len()));
    }

    #[test]
    fn every_product_is_valid_and_described() {
        for entry in catalogue() {
            let product = entry.product();
            assert!(!product.description.as_str().is_empty(), "{}", entry.id);
            assert!((2..=5).contains(&product.tags.iter().count()), "{}", entry.id);
            entry.opening_stock();
        }
    }

    #[test]
    fn some_are_sold_out_and_some_are_plentiful() {
        let stocks: Vec<_> = catalogue().iter().map(|entry| entry.stock).collect();
        assert!(stocks.contains(&0) && stocks.iter().any(|stock| *stock >= 1_000));
    }

    #[test]
    fn names_hold_what_makes_search_interesting() {
        let names: String = catalogue().iter().map(|entry| entry.name.as_str().to_owned()).collect();
        assert!(names.contains("Café") && names.contains("Crème") && names.contains('-'));
        assert!(names.contains(|c: char| c.is_ascii_digit()));
    }
}
