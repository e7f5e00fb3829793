//! `GET /api/docs/{file}`: the parts of the page.

use api::Problem;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

/// A part of the page, as it is and zipped: neither API Gateway nor Lambda zips, and the
/// largest part is 1.5 MB.
struct Asset {
    name: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    zipped: Option<&'static [u8]>,
}

const ASSETS: [Asset; 3] = [
    Asset {
        name: "start.js",
        kind: "text/javascript; charset=utf-8",
        plain: include_bytes!("page/start.js"),
        zipped: None,
    },
    Asset {
        name: "swagger-ui-bundle.js",
        kind: "text/javascript; charset=utf-8",
        plain: include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js")),
        zipped: Some(include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"))),
    },
    Asset {
        name: "swagger-ui.css",
        kind: "text/css; charset=utf-8",
        plain: include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css")),
        zipped: Some(include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"))),
    },
];

pub(crate) async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == file);
    let asset = asset.ok_or_else(|| Problem::not_found("part of the page"))?;
    Ok(asset.answer(takes_zipped(&headers)))
}

/// Whether a caller says so, and does not take it back (RFC 9110 §12.5.3).
fn takes_zipped(headers: &HeaderMap) -> bool {
    let codings = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    codings.split(',').map(|coding| coding.replace(' ', "")).any(|coding| coding == "gzip")
}

impl Asset {
    fn answer(&self, takes_zipped: bool) -> Response {
        let headers = [
            (CONTENT_TYPE, self.kind),
            (CACHE_CONTROL, "public, max-age=3600"),
            (VARY, "Accept-Encoding"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        match self.zipped.filter(|_| takes_zipped) {
            None => (headers, self.plain).into_response(),
            Some(zipped) => {
                let mut answer = (headers, zipped).into_response();
                answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                answer
            }
        }
    }
}
