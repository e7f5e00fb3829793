//! Integers, however a caller's JSON library writes them.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Beyond it a float stands for several integers (RFC 8259 §6).
const EXACT: f64 = 9_007_199_254_740_991.0;

/// An optional field that holds an integer. `2.0` is one too, as JSON has no types of
/// numbers and JSON Schema takes it (draft 2020-12 §6.1.1); `2.5` is refused.
///
/// For `#[serde(default, deserialize_with = "api::integer")]`.
///
/// # Errors
/// When it is there, and no integer.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_option(Optional)
}

struct Optional;

impl<'de> Visitor<'de> for Optional {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let unfit = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
        i64::try_from(number).map(Some).map_err(unfit)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        if number.fract() != 0.0 || number.abs() > EXACT {
            return Err(E::invalid_type(Unexpected::Float(number), &self));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        Ok(Some(number as i64))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Field {
        #[serde(default, deserialize_with = "integer")]
        field: Option<i64>,
    }

    fn read(json: &str) -> serde_json::Result<Option<i64>> {
        serde_json::from_str::<Field>(json).map(|read| read.field)
    }

    #[test]
    fn an_integer_may_be_written_as_a_float() {
        for (json, number) in [("2", 2), ("-2", -2), ("2.0", 2), ("-2e0", -2), ("2e3", 2_000), ("-0.0", 0)] {
            assert_eq!(read(&format!(r#"{{"field":{json}}}"#)).unwrap(), Some(number), "{json}");
        }
    }

    #[test]
    fn nothing_is_no_integer_and_no_error() {
        assert_eq!(read(r#"{"field":null}"#).unwrap(), None);
        assert_eq!(read("{}").unwrap(), None);
    }

    #[test]
    fn what_is_no_integer_or_not_exactly_one_is_refused() {
        for json in
            ["2.5", "9007199254740993.0", "1e300", "18446744073709551615", r#""2""#, "true", "[2]", "{}"]
        {
            assert!(read(&format!(r#"{{"field":{json}}}"#)).is_err(), "{json}");
        }
    }
}
