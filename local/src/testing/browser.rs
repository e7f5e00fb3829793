//! Chromium without a window: what becomes of a page in a real browser.

use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

/// What to do when it is not installed.
const MISSING: &str = "there is no chromium on the PATH: install it (apt-get install chromium)";
/// It has names of its own on other systems.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// Longer than any page takes; the browser's own clock runs ahead of it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A page as it stands after a while.
pub struct Shown {
    /// Its elements, as markup.
    pub dom: String,
    /// What the browser had to say: errors, and what the page's policy forbade.
    pub console: Vec<String>,
}

/// Opens a page, and lets so many seconds of its time pass.
pub async fn open(url: &str, seconds: u32) -> Shown {
    let profile = TempDir::new().expect("a folder for its profile");
    let mut command = Command::new(program());
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args([
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--virtual-time-budget={}", seconds * 1_000))
        .args(["--window-size=1440,900", "--dump-dom", url])
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.expect("the browser ends").expect("the browser starts");
    let log = String::from_utf8_lossy(&output.stderr);
    let dom = String::from_utf8(output.stdout).expect("a page is UTF-8");
    assert!(dom.contains("</html>"), "{log}");
    let console = log.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    Shown { dom, console }
}

fn program() -> &'static str {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &&&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    NAMES.iter().find(is_there).expect(MISSING)
}

impl Shown {
    /// The text right after a piece of markup, up to the next tag.
    pub fn text_after(&self, markup: &str) -> &str {
        let after = self.dom.split_once(markup).map(|(_, after)| after);
        assert!(after.is_some(), "no {markup} in {}", self.dom);
        after.unwrap_or_default().split('<').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, response::Html};

    use super::*;
    use crate::testing::server::Server;

    /// Else a page that complains would pass for one that does not.
    #[tokio::test]
    async fn what_a_page_complains_of_is_heard() {
        let page = async || Html("<script>console.error('oh no'); fetch('http://shop.example/')</script>");
        let server = Server::serve(Router::new().fallback(page)).await;
        let shown = open(&server.url(), 1).await;
        assert!(shown.console[0].contains("oh no"), "{:?}", shown.console);
    }
}
