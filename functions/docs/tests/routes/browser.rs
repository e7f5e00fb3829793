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
pub(crate) struct Shown {
    /// Its elements, as markup.
    pub(crate) dom: String,
    /// What the browser had to say: errors, and what the page's policy forbade.
    pub(crate) console: Vec<String>,
}

/// Opens a page, and lets so many seconds of its time pass.
pub(crate) async fn open(url: &str, seconds: u32) -> Shown {
    let profile = TempDir::new().unwrap();
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
    let output = output.expect("the browser ends").unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    let dom = String::from_utf8(output.stdout).unwrap();
    assert!(dom.contains("</html>"), "{log}");
    let console = log.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    Shown { dom, console }
}

fn program() -> &'static str {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &&&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    NAMES.iter().find(is_there).expect(MISSING)
}
