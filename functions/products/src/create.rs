//! `POST /api/products`

use api::{Json, Object, Problem, Violations};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::{Category, Description, Error, Name, ProductId, Tags};
use serde::Deserialize;
use store::{NewProduct, Store};
use utoipa::ToSchema;

use crate::Editor;
use crate::submission::{MoneySubmission, Submission};
use crate::view::ProductView;

/// A new product as a caller describes it; without an id it gets one.
// `deny_unknown_fields` does not go through `flatten`, so the fields of a
// `Submission` stand here again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProduct)]
pub(crate) struct NewSubmission {
    #[schema(value_type = Option<ProductId>)]
    id: Option<String>,
    #[schema(value_type = Name)]
    name: Option<String>,
    #[schema(value_type = Option<Description>)]
    description: Option<String>,
    #[schema(value_type = Category)]
    category: Option<String>,
    #[schema(value_type = Option<Tags>)]
    tags: Option<Vec<String>>,
    #[schema(value_type = MoneySubmission)]
    price: Option<Object<MoneySubmission>>,
}

#[utoipa::path(
    post,
    path = "/api/products",
    operation_id = "createProduct",
    tag = "catalogue",
    summary = "A new product",
    description = "Without an id it is given one.",
    security(("bearer" = ["catalog:write"])),
    extensions(("x-rate-limit" = json!("catalogue-writes"))),
    request_body = NewSubmission,
    responses(
        (
            status = 201,
            description = "The product, of which there are none yet.",
            body = ProductView,
            headers(("Location" = String, description = "Where it is.")),
            links(
                ("show" = (operation_id = "showProduct", parameters(("id" = "$response.body#/id")))),
                ("showInventory" = (operation_id = "showInventory", parameters(("id" = "$response.body#/id")))),
                ("showPricing" = (operation_id = "showPricing", parameters(("id" = "$response.body#/id")))),
                ("adjust" = (operation_id = "adjustInventory", parameters(("id" = "$response.body#/id")))),
                ("replace" = (operation_id = "replaceProduct", parameters(("id" = "$response.body#/id"), ("If-Match" = "\"{$response.body#/version}\"")))),
                ("edit" = (operation_id = "editProduct", parameters(("id" = "$response.body#/id"), ("If-Match" = "\"{$response.body#/version}\"")))),
                ("setPrice" = (operation_id = "setPrice", parameters(("id" = "$response.body#/id"), ("If-Match" = "\"{$response.body#/version}\"")))),
                ("archive" = (operation_id = "archiveProduct", parameters(("id" = "$response.body#/id"), ("If-Match" = "\"{$response.body#/version}\"")))),
                ("putIntoCart" = (operation_id = "setCartItem", parameters(("product_id" = "$response.body#/id")))),
            ),
        ),
        (
            status = 409,
            description = "The id is taken, or was.",
            body = Problem,
            content_type = "application/problem+json",
            example = json!(Problem::from(Error::Taken("product")).example("/api/products")),
        ),
    ),
)]
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
