//! What a product is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::{line, paragraph, text_type};
use crate::{Price, Stock, Terms, Version};

text_type! {
    /// Names a product: `[A-Za-z0-9_-]{1,64}`, and case matters.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,64}$", example = "cafe-au-lait-bowl")]
    ProductId, |text| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(text.to_owned())
        } else {
            Err("must be 1 to 64 of A-Z, a-z, 0-9, _ and -".into())
        }
    }
}

impl ProductId {
    /// An identifier of our own for a product that came without one.
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(uuid.hyphenated().to_string())
    }
}

text_type! {
    /// What a product is called: a line of 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"^[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f])?[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$", example = "Café au lait bowl")]
    Name, |text| line(text, 200)
}

text_type! {
    /// What there is to say of a product: up to 5,000 characters, or nothing.
    #[schema(value_type = String, max_length = 5000, pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$", example = "Holds half a litre.")]
    Description, |text| paragraph(text, 5_000)
}

text_type! {
    /// The shelf a product stands on: a line of 1 to 64 characters.
    #[schema(value_type = String, min_length = 1, max_length = 64, pattern = r"^[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f])?[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$", example = "kitchen")]
    Category, |text| line(text, 64)
}

/// A word that a product is found by, as callers hear of it.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 32, pattern = r"^[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f])?[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$", example = "breakfast")]
pub struct Tag(#[expect(dead_code, reason = "it only has a schema")] String);

/// Words a product is found by: up to 20 of up to 32 characters, no repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
#[schema(value_type = Vec<Tag>, max_items = 20, example = json!(["breakfast"]))]
pub struct Tags(Vec<String>);

impl Tags {
    /// The most tags that a product has.
    pub const MAX: usize = 20;

    /// Checks each tag and drops repeats.
    ///
    /// # Errors
    /// The index of the offending tag, where one is to blame, and its rule.
    pub fn new(tags: &[String]) -> Result<Self, (Option<usize>, String)> {
        let mut kept: Vec<String> = Vec::with_capacity(tags.len());
        for (index, tag) in tags.iter().enumerate() {
            let tag = line(tag, 32).map_err(|rule| (Some(index), rule))?;
            if kept.contains(&tag) {
                continue;
            }
            if kept.len() == Self::MAX {
                return Err((None, format!("must be at most {} tags", Self::MAX)));
            }
            kept.push(tag);
        }
        Ok(Self(kept))
    }

    /// The tags in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TryFrom<Vec<String>> for Tags {
    type Error = String;
    fn try_from(tags: Vec<String>) -> Result<Self, String> {
        Self::new(&tags).map_err(|(_, rule)| rule)
    }
}

impl From<Tags> for Vec<String> {
    fn from(tags: Tags) -> Self {
        tags.0
    }
}

/// One product of the catalogue. Its price and its stock are items of their
/// own: they change at other times and for other reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its identifier.
    pub id: ProductId,
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Description,
    /// Its category.
    pub category: Category,
    /// Its tags.
    pub tags: Tags,
    /// Counts the edits.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
    /// When it was taken out of the catalogue. It stays in the table, for the
    /// orders that name it.
    pub archived_at: Option<Timestamp>,
}

impl Product {
    /// The words under which search finds it.
    pub fn terms(&self) -> Terms {
        let words = std::iter::once(self.name.as_str());
        Terms::of(words.chain(self.tags.iter()).chain([self.category.as_str()]))
    }

    /// Whether it is out of the catalogue.
    pub const fn is_archived(&self) -> bool {
        self.archived_at.is_some()
    }
}

/// One of the three items that make a product up: the unit in which products
/// are stored, cached and fetched together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductPart {
    /// The product itself.
    Product(Product),
    /// How many there are.
    Stock(Stock),
    /// What it costs.
    Price(Price),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_safe_in_a_path() {
        for good in ["a", "85123A", "mug_1-b", &"x".repeat(64)] {
            assert!(ProductId::new(good).is_ok(), "{good}");
        }
        for bad in ["", " a", "a b", "a/b", "ü", "a#b", &"x".repeat(65)] {
            assert!(ProductId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_trimmed_and_bounded_in_characters() {
        assert_eq!(Name::new("  Café ").expect("valid").as_str(), "Café");
        assert!(Name::new(&"é".repeat(200)).is_ok());
        for bad in ["", "   ", "a\nb", "a\0", &"é".repeat(201)] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_description_may_be_empty_and_have_lines() {
        assert!(Description::new("").is_ok());
        assert!(Description::new("a\nb").is_ok());
        assert!(Description::new("a\u{7}").is_err());
    }

    #[test]
    fn tags_are_checked_one_by_one_and_kept_once() {
        let tags = |list: &[&str]| Tags::new(&list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert_eq!(tags(&["a", "b", "a"]).expect("valid").iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(tags(&["a", ""]).expect_err("empty").0, Some(1));
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        assert_eq!(Tags::new(&many).expect_err("too many").0, None);
    }
}
