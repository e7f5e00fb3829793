//! Everything that lists a product: its category, the catalogue, its search
//! terms. Written in the product's own transaction, and forgotten by the cache
//! as one.

use cache::Tag;
use domain::{Category, Product};
use serde::{Deserialize, Serialize};

use crate::item::to_item;
use crate::keys;
use crate::table::{Condition, Write};

/// What an entry of a category or of the catalogue says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ListEntry {
    pub(super) id: domain::ProductId,
}

/// What an entry under a search term says: all tokens of the product, so that
/// one read of one partition decides about every word of a query.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TermEntry {
    pub(super) id: domain::ProductId,
    pub(super) term: String,
    pub(super) tokens: std::collections::BTreeSet<String>,
}

/// Every entry of a product that comes into the catalogue.
pub(super) fn add(product: &Product) -> Vec<Write> {
    let mut writes = vec![put_in_catalogue(product), put_in_category(product)];
    writes.extend(put_terms(product));
    writes
}

/// The removal of every entry of a product that leaves the catalogue.
pub(super) fn remove(product: &Product) -> Vec<Write> {
    let mut writes = vec![Write::Delete(keys::catalogue_entry(&product.id)), remove_from_category(product)];
    let terms = product.terms();
    writes.extend(terms.keys().iter().map(|term| Write::Delete(keys::term_entry(term, &product.id))));
    writes
}

/// The moves that an edit makes. Nothing is written that stays as it is.
pub(super) fn update(old: &Product, new: &Product) -> Vec<Write> {
    let mut writes = Vec::new();
    if category_key(old) != category_key(new) {
        writes.extend([remove_from_category(old), put_in_category(new)]);
    }
    let (before, after) = (old.terms(), new.terms());
    if before != after {
        let gone = before.keys().difference(after.keys());
        writes.extend(gone.map(|term| Write::Delete(keys::term_entry(term, &old.id))));
        writes.extend(put_terms(new));
    }
    writes
}

/// The pages that may list a product, or not list it any more, after the
/// product came, went, or changed from `old` to `new`.
pub(super) fn tags<'a>(products: impl IntoIterator<Item = &'a Product>) -> Vec<Tag> {
    let mut tags = vec![catalogue_tag()];
    for product in products {
        tags.push(category_tag(&product.category));
        tags.extend(product.terms().keys().iter().map(|term| term_tag(term)));
    }
    tags
}

/// The pages that an edit touches: none when no list moves.
pub(super) fn tags_of_edit(old: &Product, new: &Product) -> Vec<Tag> {
    let mut tags = Vec::new();
    if category_key(old) != category_key(new) {
        tags.extend([category_tag(&old.category), category_tag(&new.category)]);
    }
    if old.terms() != new.terms() {
        let terms = [old.terms(), new.terms()];
        tags.extend(terms.iter().flat_map(|terms| terms.keys().iter().map(|term| term_tag(term))));
    }
    tags
}

/// Carried by every page of the list of everything.
pub(super) fn catalogue_tag() -> Tag {
    Tag::new("catalogue", "all")
}

/// Carried by every page of a category.
pub(super) fn category_tag(category: &Category) -> Tag {
    Tag::new("category", category.as_str())
}

/// Carried by every page of a search with a word in this term's partition.
pub(super) fn term_tag(term: &str) -> Tag {
    Tag::new("term", keys::term_partition(term))
}

fn category_key(product: &Product) -> keys::Key {
    keys::category_entry(&product.category, &product.name, &product.id)
}

fn put_in_catalogue(product: &Product) -> Write {
    let entry = ListEntry { id: product.id.clone() };
    Write::Put(to_item(keys::catalogue_entry(&product.id), &entry), Condition::NONE)
}

fn put_in_category(product: &Product) -> Write {
    let entry = ListEntry { id: product.id.clone() };
    Write::Put(to_item(category_key(product), &entry), Condition::NONE)
}

fn remove_from_category(product: &Product) -> Write {
    Write::Delete(category_key(product))
}

fn put_terms(product: &Product) -> Vec<Write> {
    let terms = product.terms();
    let put = |term: &String| {
        let entry = TermEntry { id: product.id.clone(), term: term.clone(), tokens: terms.tokens().clone() };
        Write::Put(to_item(keys::term_entry(term, &product.id), &entry), Condition::NONE)
    };
    terms.keys().iter().map(put).collect()
}
