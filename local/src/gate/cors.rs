//! The template's `CorsConfiguration`, as tower-http's layer.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result};
use http::HeaderValue;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer, ExposeHeaders};

use crate::template::Cors;

const ANY: &str = "*";

/// The gateway's rules as a layer around every answer, the gate's own too.
pub(super) fn layer(rules: &Cors) -> Result<CorsLayer> {
    let layer = CorsLayer::new()
        .allow_origin(origins(&rules.allow_origins)?)
        .allow_methods(AllowMethods::list(parsed(&rules.allow_methods)?))
        .allow_headers(AllowHeaders::list(parsed(&rules.allow_headers)?))
        .expose_headers(ExposeHeaders::list(parsed(&rules.expose_headers)?));
    Ok(match rules.max_age {
        Some(seconds) => layer.max_age(Duration::from_secs(seconds)),
        None => layer,
    })
}

fn origins(origins: &[String]) -> Result<AllowOrigin> {
    if origins.iter().any(|origin| origin == ANY) {
        return Ok(AllowOrigin::any());
    }
    Ok(AllowOrigin::list(parsed::<HeaderValue>(origins)?))
}

fn parsed<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(texts: &[String]) -> Result<Vec<T>> {
    let parse = |text: &String| text.parse().with_context(|| format!("CORS rule {text}"));
    texts.iter().map(parse).collect()
}
