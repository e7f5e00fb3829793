//! What is documented, the functions serve; and of the same paths nothing else.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use http::{Method, Request};
use local::testing::{Database, Tokens, environment, send};

use crate::document::{document, operations, shape};
use crate::functions::function;

struct Shop {
    environment: BTreeMap<String, String>,
    _database: Database,
}

impl Shop {
    async fn open() -> Self {
        let database = Database::memory().await;
        let mut environment = environment(&database, None, &Tokens::new());
        environment
            .insert("STRIPE_WEBHOOK_SECRETS".to_owned(), "whsec_of_a_test_that_compares_routes".to_owned());
        environment.insert("STANDARD_WEBHOOK_SECRETS".to_owned(), String::new());
        Self { environment, _database: database }
    }
}

#[tokio::test]
async fn a_path_takes_the_documented_methods_and_no_other() {
    let (shop, document) = (Shop::open().await, document());
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, method, _) in operations(&document) {
        documented.entry(path).or_default().insert(method);
    }
    for (path, methods) in documented {
        let request = Request::builder().method(Method::TRACE).uri(path.replace(['{', '}'], ""));
        let answer =
            send(&function(&path, &shop.environment).await, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 405, "{path}");
        let allowed = answer.headers["allow"].to_str().unwrap().split(',');
        let allowed: BTreeSet<String> =
            allowed.filter(|method| *method != "HEAD").map(str::to_owned).collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

/// While the cache is away nobody knows the fleet's counts: they are null, and there.
#[tokio::test]
async fn a_health_of_which_little_is_known_has_its_shape() {
    let mut shop = Shop::open().await;
    shop.environment.insert("CACHE_URL".to_owned(), "redis://127.0.0.1:1".to_owned());
    let request = Request::get("/api/health/detailed").body(Body::empty()).unwrap();
    let health = send(&function("/api/health", &shop.environment).await, request).await.body;
    assert!(health["business"]["orders_paid"].is_null(), "{health}");
    shape(&document(), "Health").validate(&health).unwrap();
}
