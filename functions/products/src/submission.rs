//! What callers send to describe a product, and what becomes of it.

use api::{Object, Problem, Violations};
use domain::{Category, Currency, Description, Money, Name, Tags};
use serde::{Deserialize, Serialize};
use store::{Change, Listing};
use utoipa::ToSchema;

/// A product as a caller describes it.
// Every field is optional here, so that a missing one is a broken rule among others,
// named with them.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductSubmission)]
pub(crate) struct Submission {
    #[schema(value_type = Name)]
    pub(crate) name: Option<String>,
    #[schema(value_type = Option<Description>)]
    pub(crate) description: Option<String>,
    #[schema(value_type = Category)]
    pub(crate) category: Option<String>,
    #[schema(value_type = Option<Tags>)]
    pub(crate) tags: Option<Vec<String>>,
    #[schema(value_type = MoneySubmission)]
    pub(crate) price: Option<Object<MoneySubmission>>,
}

/// Money as a caller writes it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceSubmission)]
pub(crate) struct MoneySubmission {
    /// In minor units of the currency: pence, cents.
    #[serde(default, deserialize_with = "api::integer")]
    #[schema(value_type = i64, required, minimum = 1, maximum = 10_000_000_000i64, example = 2_450)]
    amount: Option<i64>,
    #[schema(value_type = Currency)]
    currency: Option<String>,
}

impl Submission {
    /// A product as it stands, to be merged with a patch.
    pub(crate) fn of(listing: &Listing) -> Self {
        let product = &listing.product;
        let price = listing.price.price;
        Self {
            name: Some(product.name.as_str().to_owned()),
            description: Some(product.description.as_str().to_owned()),
            category: Some(product.category.as_str().to_owned()),
            tags: Some(product.tags.iter().map(str::to_owned).collect()),
            price: Some(Object(MoneySubmission {
                amount: Some(price.amount()),
                currency: Some(price.currency().as_str().to_owned()),
            })),
        }
    }

    /// The product described, if it breaks no rule.
    ///
    /// # Errors
    /// 422 with every rule that it breaks.
    pub(crate) fn checked(self) -> Result<Change, Problem> {
        let mut violations = Violations::default();
        let change = self.check(&mut violations);
        violations.finish(change)
    }

    /// As [`Self::checked`], beside the rules of other fields.
    pub(crate) fn check(self, violations: &mut Violations) -> Option<Change> {
        let name = violations.required("/name", self.name, |text| Name::new(&text));
        let description =
            violations.check("/description", Description::new(&self.description.unwrap_or_default()));
        let category = violations.required("/category", self.category, |text| Category::new(&text));
        let tags = check_tags(&self.tags.unwrap_or_default(), violations);
        let price = check_price(self.price, violations);
        Some(Change {
            name: name?,
            description: description?,
            category: category?,
            tags: tags?,
            price: price?,
        })
    }
}

fn check_tags(tags: &[String], violations: &mut Violations) -> Option<Tags> {
    match Tags::new(tags) {
        Ok(tags) => Some(tags),
        Err((index, rule)) => {
            let pointer = index.map_or_else(|| "/tags".to_owned(), |index| format!("/tags/{index}"));
            violations.check(pointer, Err(rule))
        }
    }
}

/// Checks a price at `/price`.
pub(crate) fn check_price(
    price: Option<Object<MoneySubmission>>,
    violations: &mut Violations,
) -> Option<Money> {
    let Object(price) = violations.required("/price", price, Ok)?;
    let amount = violations.required("/price/amount", price.amount, Ok);
    let currency = violations.required("/price/currency", price.currency, |code| Currency::new(&code));
    // The range is checked even where the currency is wrong, to name both.
    let checked = amount.map(|amount| Money::price(amount, currency.unwrap_or(Currency::GBP)));
    violations.check("/price/amount", checked?).filter(|_| currency.is_some())
}
