//! `POST /api/products`

use api::{Json, Object, Problem, Violations};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::ProductId;
use serde::Deserialize;
use store::{NewProduct, Store};

use crate::Editor;
use crate::submission::{MoneySubmission, Submission};
use crate::view::ProductView;

/// `deny_unknown_fields` does not go through `flatten`, so the fields of a
/// [`Submission`] stand here again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSubmission {
    id: Option<String>,
    name: Option<String>,
    description: Option<String>,
    category: Option<String>,
    tags: Option<Vec<String>>,
    price: Option<Object<MoneySubmission>>,
}

pub(crate) async fn create(
    _: Editor,
    State(store): State<Store>,
    Json(body): Json<NewSubmission>,
) -> Result<impl IntoResponse, Problem> {
    let listing = store.create_product(body.checked()?, api::now()).await?;
    let location = format!("/api/products/{}", listing.product.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(ProductView::from(listing))))
}

/// An id that a route of its own can be reached by: `search` is another route.
fn check_id(id: &str) -> Result<ProductId, String> {
    if id == "search" { Err("is reserved".to_owned()) } else { ProductId::new(id) }
}

impl NewSubmission {
    fn checked(self) -> Result<NewProduct, Problem> {
        let Self { id, name, description, category, tags, price } = self;
        let mut violations = Violations::default();
        let id = id.map(|id| violations.check("/id", check_id(&id)));
        let rest = Submission { name, description, category, tags, price }.check(&mut violations);
        let new = rest.map(|rest| NewProduct {
            id: id.flatten(),
            name: rest.name,
            description: rest.description,
            category: rest.category,
            tags: rest.tags,
            price: rest.price,
        });
        violations.finish(new)
    }
}
