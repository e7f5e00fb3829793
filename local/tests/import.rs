//! Imports and the seed against the whole system, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use local::client::Client;
use local::import::{Options, Products, Summary, import};
use local::seed::{Seeded, seed};
use local::stack::{self, Stack};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

const COLUMNS: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// Two products whose codes differ in case, and dirt.
const BOTTLES: &str = "\
    1001,90001A,GREEN  BOTTLE ,2,2010-12-01 09:00:00,2.5,17850.0,United Kingdom\n\
    1001,POST,POSTAGE,1,2010-12-01 09:00:00,18.0,17850.0,France\n\
    1002,90001a,\"BOTTLE, SMALL\",1,2010-12-01 09:10:00,1.25,,France\n\
    1003,90001A,GREEN BOTTLE,1,2010-12-02 09:00:00,2.75,,France\n\
    C1004,90001A,GREEN BOTTLE,-1,2010-12-03 09:00:00,9.99,,France\n\
    1005,90001A,,-4,2010-12-03 10:00:00,0.0,,France\n";

#[tokio::test]
async fn importing_twice_changes_nothing_more() {
    let shop = Shop::open().await;
    let first = shop.import(BOTTLES, 40).await.unwrap();
    assert_eq!((first.rows_read, first.rows_used), (6, 3));
    assert_eq!(first.products, Products { created: 2, stocked: 2, ..Products::default() });
    let bottle = shop.product("90001A").await;
    assert_eq!(bottle["name"], "GREEN BOTTLE");
    assert_eq!(bottle["price"], json!({"amount": 275, "currency": "GBP"}));
    assert_eq!(bottle["inventory"]["available"], 40);

    let second = shop.import(BOTTLES, 40).await.unwrap();
    assert_eq!(second.products, Products { unchanged: 2, ..Products::default() });
    assert_eq!(shop.product("90001A").await, bottle);
    shop.close().await;
}

#[tokio::test]
async fn what_differs_is_updated_and_what_the_shop_wrote_stays() {
    let shop = Shop::open().await;
    shop.import(BOTTLES, 0).await.unwrap();
    let words = json!({"description": "Our own words.", "tags": ["glass"]});
    shop.change(Method::PATCH, "90001A", Some(words)).await;

    let newer = "1009,90001A,DARK BOTTLE,9,2011-01-01 09:00:00,3.0,,France\n\
                 1009,90001a,\"BOTTLE, SMALL\",9,2011-01-01 09:00:00,1.25,,France\n";
    let summary = shop.import(newer, 0).await.unwrap();
    assert_eq!(summary.products, Products { updated: 1, unchanged: 1, ..Products::default() });
    let bottle = shop.product("90001A").await;
    assert_eq!((&bottle["name"], &bottle["price"]["amount"]), (&json!("DARK BOTTLE"), &json!(300)));
    assert_eq!((&bottle["description"], &bottle["tags"]), (&json!("Our own words."), &json!(["glass"])));
    shop.close().await;
}

#[tokio::test]
async fn an_archived_product_and_stock_that_was_moved_are_left_alone() {
    let shop = Shop::open().await;
    shop.import(BOTTLES, 0).await.unwrap();
    shop.change(Method::DELETE, "90001A", None).await;
    shop.move_stock("90001a", 3).await;

    let summary = shop.import(BOTTLES, 40).await.unwrap();
    assert_eq!(summary.products, Products { left_alone: 1, unchanged: 1, ..Products::default() });
    assert_eq!(shop.get("90001A").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(shop.product("90001a").await["inventory"]["available"], 3);
    assert!(shop.report().contains("2,90001A,archived in the shop: left alone,"));
    shop.close().await;
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_says_why() {
    let shop = Shop::open().await;
    let open_quote = format!("{BOTTLES}1006,90002,\"CUT OF");
    let unusable = "C1004,90001A,GREEN BOTTLE,-1,2010-12-03 09:00:00,9.99,,France\n";
    for (rows, why) in [
        (open_quote.as_str(), "the quote opened in the row of line 8 is never closed"),
        (unusable, "none of its 1 rows can be used"),
    ] {
        let error = shop.import(rows, 40).await.unwrap_err().to_string();
        assert!(error.contains("nothing was changed") && error.contains(why), "{error}");
    }
    assert_eq!(shop.get("90001A").await.status(), StatusCode::NOT_FOUND);
    shop.close().await;
}

#[tokio::test]
async fn an_import_cut_off_in_the_middle_says_so_and_is_completed_by_running_it_again() {
    let shop = Shop::open().await;
    let row = |code| format!("1001,{code},CUP {code},1,2010-12-01 09:00:00,2.5,,France");
    let rows = (10_000..10_300).map(row).collect::<Vec<_>>().join("\n");
    let network = Network::failing_after(64 * 1024, shop.stack.url()).await;
    let error = shop.import_through(&network.url, &rows, 5).await.unwrap_err().to_string();
    assert!(error.starts_with("the import stopped after ") && error.contains("of 300 products"), "{error}");
    assert!(error.ends_with("running it again completes it"), "{error}");

    let rest = shop.import(&rows, 5).await.unwrap().products;
    assert!(rest.created > 0 && rest.unchanged > 0, "{rest:?}");
    assert_eq!(rest.created + rest.unchanged, 300);
    for code in 10_000..10_300 {
        assert_eq!(shop.product(&code.to_string()).await["inventory"]["available"], 5, "{code}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_token_without_the_scope_changes_nothing() {
    let shop = Shop::open().await;
    let token = shop.stack.token("mallory", "", Duration::from_mins(5)).unwrap();
    let client = Client::new(shop.stack.url(), &token).unwrap();
    let error = import(shop.options(client, BOTTLES, 0)).await.unwrap_err().to_string();
    assert!(error.contains("stopped after 0 of 2 products") && error.contains("403"), "{error}");
    shop.close().await;
}

#[tokio::test]
async fn seeding_twice_creates_the_catalogue_once() {
    let shop = Shop::open().await;
    let client = shop.client();
    let first = seed(&client).await.unwrap();
    assert!(first.created >= 64 && first.left_alone == 0, "{first:?}");
    let bowl = shop.product("cafe-au-lait-bowl").await;
    assert_eq!((&bowl["name"], &bowl["inventory"]["available"]), (&json!("Café au Lait Bowl"), &json!(240)));

    assert_eq!(seed(&client).await.unwrap(), Seeded { created: 0, left_alone: first.created });
    assert_eq!(shop.product("cafe-au-lait-bowl").await, bowl);
    shop.close().await;
}

/// A system of one test's own.
struct Shop {
    stack: Stack,
    token: String,
    http: reqwest::Client,
    folder: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stack = Stack::start(stack::Options::for_tests(folder.path()), |_| {}).await.unwrap();
        let token = stack.token("importer", "catalog:write", Duration::from_hours(1)).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { stack, token, http, folder }
    }

    async fn close(self) {
        self.stack.stop().await;
    }

    fn client(&self) -> Client {
        Client::new(self.stack.url(), &self.token).unwrap()
    }

    async fn import(&self, rows: &str, stock: u32) -> anyhow::Result<Summary> {
        import(self.options(self.client(), rows, stock)).await
    }

    async fn import_through(&self, url: &str, rows: &str, stock: u32) -> anyhow::Result<Summary> {
        import(self.options(Client::new(url, &self.token).unwrap(), rows, stock)).await
    }

    fn options(&self, client: Client, rows: &str, stock: u32) -> Options {
        let file = self.folder.path().join("sales.csv");
        std::fs::write(&file, format!("{COLUMNS}\n{rows}")).unwrap();
        Options { file, category: "bottles".into(), stock, report: self.report_file(), client }
    }

    fn report_file(&self) -> PathBuf {
        self.folder.path().join("report.csv")
    }

    fn report(&self) -> String {
        std::fs::read_to_string(self.report_file()).unwrap()
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/products/{path}", self.stack.url());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    async fn get(&self, id: &str) -> reqwest::Response {
        self.request(Method::GET, id).send().await.unwrap()
    }

    async fn product(&self, id: &str) -> Value {
        self.get(id).await.error_for_status().unwrap().json().await.unwrap()
    }

    /// What the shop does on its own.
    async fn change(&self, method: Method, id: &str, body: Option<Value>) {
        let version = self.product(id).await["version"].to_string();
        let mut request = self.request(method, id).header(header::IF_MATCH, format!("\"{version}\""));
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap().error_for_status().unwrap();
    }

    async fn move_stock(&self, id: &str, delta: i64) {
        let request = self.request(Method::POST, &format!("{id}/inventory/adjustments"));
        let body = json!({"delta": delta, "reason": "counted"});
        let answer = request.header("idempotency-key", "count").json(&body).send().await.unwrap();
        answer.error_for_status().unwrap();
    }
}

/// A way to the shop that fails for good after so many bytes towards it.
struct Network {
    url: String,
}

impl Network {
    async fn failing_after(bytes: i64, shop: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shop = shop.trim_start_matches("http://").to_owned();
        let left = Arc::new(AtomicI64::new(bytes));
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                tokio::spawn(forward(caller, shop.clone(), Arc::clone(&left)));
            }
        });
        Self { url }
    }
}

/// Ends, and cuts the connection, when either side does or nothing is left.
async fn forward(caller: TcpStream, shop: String, left: Arc<AtomicI64>) {
    if left.load(Ordering::Relaxed) <= 0 {
        return;
    }
    let shop = TcpStream::connect(shop).await.unwrap();
    let (from_caller, mut to_caller) = caller.into_split();
    let (mut from_shop, to_shop) = shop.into_split();
    tokio::select! {
        () = spend(from_caller, to_shop, &left) => {}
        _ = copy(&mut from_shop, &mut to_caller) => {}
    }
}

async fn spend(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, left: &AtomicI64) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let spent = i64::try_from(read).unwrap();
        if left.fetch_sub(spent, Ordering::Relaxed) <= spent || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
