//! Pages of a list: `?limit=` and `?cursor=` in, `items` and `next_cursor` out.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Ref, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::{Cursors, Problem};

const DEFAULT: usize = 20;
const MAX: usize = 100;

/// The page that a caller asks for. Flatten it into a route's query.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// The most items of the page.
    #[param(value_type = Option<u8>, nullable = false, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// Where the page begins: the `next_cursor` of the one before, as it came.
    #[param(nullable = false, pattern = "^[A-Za-z0-9_-]{23,}$")]
    cursor: Option<String>,
}

impl PageParams {
    /// The most items of the page.
    ///
    /// # Errors
    /// 400 when it is no number from 1 to 100.
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = &self.limit else { return Ok(DEFAULT) };
        let number = text.parse().ok().filter(|number| (1..=MAX).contains(number));
        number.ok_or_else(|| Problem::malformed(format!("limit must be a number from 1 to {MAX}")))
    }

    /// The position where the page begins, if it is not the first.
    ///
    /// # Errors
    /// 400 when the cursor is not one of this list's.
    pub fn position(&self, cursors: &Cursors, list: &str) -> Result<Option<String>, Problem> {
        self.cursor.as_deref().map(|cursor| cursors.open(list, cursor)).transpose()
    }
}

/// A page as callers see it.
#[derive(Debug, Serialize)]
pub struct PageView<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// How to ask for the next page; nothing after the last one.
    pub next_cursor: Option<String>,
}

/// With its items by reference, where a derived one would have them spelt out again: as
/// another shape, to whoever generates types.
impl<T: ToSchema> PartialSchema for PageView<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let next_cursor = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("How to ask for the next page; nothing after the last one."))
            .examples([Value::Null]);
        ObjectBuilder::new()
            .description(Some("A page as callers see it."))
            .property("items", items.description(Some("What is on the page.")))
            .required("items")
            .property("next_cursor", next_cursor)
            .into()
    }
}

impl<T: ToSchema> ToSchema for PageView<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_1_to_100_and_20_when_absent() {
        let limit = |text: Option<&str>| PageParams { limit: text.map(str::to_owned), cursor: None }.limit();
        assert_eq!(limit(None).expect("the default"), 20);
        assert_eq!(limit(Some("100")).expect("the most"), 100);
        for bad in ["0", "101", "-1", "1.5", "", "ten", "99999999999999999999999"] {
            assert!(limit(Some(bad)).is_err(), "{bad:?}");
        }
    }
}
