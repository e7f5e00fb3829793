//! Money: integer minor units and a currency, never a float.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Basket, Quantity};

/// A currency by its ISO 4217 alphabetic code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "GBP")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Pounds sterling.
    pub const GBP: Self = Self(*b"GBP");

    /// Checks a code; the error says which rule it breaks.
    pub fn new(code: &str) -> Result<Self, String> {
        match code.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err("must be three capital letters (ISO 4217)".into()),
        }
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a currency is three ASCII letters")
    }
}

impl TryFrom<String> for Currency {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount of money: nothing, or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Unchecked")]
pub struct Money {
    /// In minor units of the currency: pence, cents.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991i64, example = 2_450)]
    amount: i64,
    currency: Currency,
}

#[derive(Deserialize)]
struct Unchecked {
    amount: i64,
    currency: Currency,
}

impl TryFrom<Unchecked> for Money {
    type Error = String;
    fn try_from(money: Unchecked) -> Result<Self, String> {
        Self::new(money.amount, money.currency)
    }
}

impl Money {
    /// The largest amount, in minor units: what JSON readers keep exactly
    /// (below 2^53, RFC 8259 §6).
    pub const MAX: i64 = (1 << 53) - 1;

    /// The highest price, in minor units. The largest order at that price
    /// still is within [`Self::MAX`].
    pub const MAX_PRICE: i64 = 10_000_000_000;

    /// An amount in minor units; the error says which rule it breaks.
    pub fn new(amount: i64, currency: Currency) -> Result<Self, String> {
        if (0..=Self::MAX).contains(&amount) {
            Ok(Self { amount, currency })
        } else {
            Err(format!("must be 0 to {} minor units", Self::MAX))
        }
    }

    /// Nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// A price in minor units, at least one; the error says which rule it breaks.
    pub fn price(amount: i64, currency: Currency) -> Result<Self, String> {
        if (1..=Self::MAX_PRICE).contains(&amount) {
            Ok(Self { amount, currency })
        } else {
            Err(format!("must be 1 to {} minor units", Self::MAX_PRICE))
        }
    }

    /// How much, in minor units of the currency (pence, cents).
    pub const fn amount(&self) -> i64 {
        self.amount
    }

    /// In which currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// A price for so many pieces.
    #[must_use]
    pub const fn times(self, quantity: Quantity) -> Self {
        Self { amount: self.amount * quantity.get(), currency: self.currency }
    }

    /// Both together, if they are of one currency.
    pub fn plus(self, other: Self) -> Option<Self> {
        let amount = self.amount + other.amount;
        (self.currency == other.currency).then_some(Self { amount, currency: self.currency })
    }
}

const _: () = assert!(
    Basket::MAX == 90 && Money::MAX_PRICE * Quantity::MAX * 90 <= Money::MAX,
    "the largest order is an exact integer"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!(Currency::new("GBP"), Ok(Currency::GBP));
        for bad in ["", "gbp", "GB", "GBPP", "G1P", "é1"] {
            assert!(Currency::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_price_is_positive_and_bounded() {
        for good in [1, 255, Money::MAX_PRICE] {
            assert_eq!(Money::price(good, Currency::GBP).expect("valid").amount(), good);
        }
        for bad in [i64::MIN, -1, 0, Money::MAX_PRICE + 1, i64::MAX] {
            assert!(Money::price(bad, Currency::GBP).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_amount_may_be_nothing_and_stays_exact() {
        for good in [0, 1, Money::MAX] {
            assert_eq!(Money::new(good, Currency::GBP).expect("valid").amount(), good);
        }
        for bad in [-1, Money::MAX + 1] {
            assert!(Money::new(bad, Currency::GBP).is_err(), "{bad}");
        }
    }

    #[test]
    fn money_of_two_currencies_has_no_sum() {
        let euros = Currency::new("EUR").expect("a currency");
        let [pound, euro] = [Currency::GBP, euros].map(|c| Money::price(100, c).expect("a price"));
        assert_eq!(pound.plus(pound), Some(pound.times(Quantity::new(2).expect("a quantity"))));
        assert_eq!(pound.plus(euro), None);
    }
}
