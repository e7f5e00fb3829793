//! Money: integer minor units and a currency, never a float.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A currency by its ISO 4217 alphabetic code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

/// A price: at least one and at most [`Money::MAX_PRICE`] minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Money {
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
        Self::price(money.amount, money.currency)
    }
}

impl Money {
    /// The highest price, in minor units. The largest order (90 products of
    /// 10,000 pieces each) still is an integer that JSON readers keep exactly
    /// (below 2^53, RFC 8259 §6).
    pub const MAX_PRICE: i64 = 10_000_000_000;

    /// A price in minor units; the error says which rule it breaks.
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
}

const _: () = assert!(Money::MAX_PRICE * 90 * 10_000 < 1 << 53, "the largest order is an exact integer");

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
}
