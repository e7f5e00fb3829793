//! A stripped program's stack leads to its lines, by the file that was not stripped.

use std::path::Path;
use std::process::Command;

use addr2line::Loader;
use object::Object as _;
use serde_json::Value;

use crate::function::Function;
use crate::handlers::PANIC_LINE;
use crate::server::{Sentry, TAKE};

#[tokio::test]
async fn a_stripped_programs_panic_leads_to_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let (stripped, debug_file) = (folder.path().join("function"), folder.path().join("function.debug"));
    strip(&stripped, &debug_file);
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own_copy(&stripped, "http", &sentry, &[]).await;
    function.get("/panic").await;
    let event = sentry.first().await.event().clone();

    let image = image_of(&event, "function");
    assert_eq!(image["id"].as_str().unwrap().replace('-', ""), debug_id(&debug_file));
    let places = places(&event, image, &debug_file);
    let wanted = ("sentry::handlers::here_it_panics".to_owned(), PANIC_LINE);
    assert!(places.contains(&wanted), "{wanted:?} is not in {places:#?}");
}

/// This very program, as `make build` ships it.
fn strip(shipped: &Path, debug_file: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/keep-debug-file");
    let program = std::env::current_exe().unwrap();
    assert!(Command::new(script).args([&program, shipped, debug_file]).status().unwrap().success());
    let bytes = std::fs::read(shipped).unwrap();
    let stripped = object::File::parse(&*bytes).unwrap();
    assert!(!stripped.has_debug_symbols() && stripped.symbols().next().is_none());
}

fn image_of<'a>(event: &'a Value, name: &str) -> &'a Value {
    let images = event["debug_meta"]["images"].as_array().unwrap();
    images.iter().find(|image| image["name"] == name).expect("its own image")
}

/// The build's id as Sentry writes it: its first three parts are little-endian numbers.
fn debug_id(program: &Path) -> String {
    let bytes = std::fs::read(program).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let mut id = file.build_id().unwrap().expect("a build id")[..16].to_vec();
    id[..4].reverse();
    id[4..6].reverse();
    id[6..8].reverse();
    let number = u128::from_be_bytes(id.try_into().unwrap());
    format!("{number:032x}")
}

fn number(text: &Value) -> u64 {
    u64::from_str_radix(text.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// Functions and lines of the frames within an image, as the debug file knows them.
fn places(event: &Value, image: &Value, debug_file: &Path) -> Vec<(String, u32)> {
    let loader = Loader::new(debug_file).unwrap();
    let (start, size) = (number(&image["image_addr"]), image["image_size"].as_u64().unwrap());
    let frames = event["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap();
    let addresses = frames.iter().map(|frame| number(&frame["instruction_addr"]));
    let inside = addresses.filter(|address| (start..start + size).contains(address));
    // What stands in a frame is where it returns to, after the call.
    inside.flat_map(|address| places_at(&loader, address - start - 1)).collect()
}

/// Line tables name what was inlined; what it was inlined into, the symbols do.
fn places_at(loader: &Loader, address: u64) -> Vec<(String, u32)> {
    let symbol = loader.find_symbol(address).unwrap_or_default();
    let symbol = addr2line::demangle_auto(symbol.into(), None);
    let (mut frames, mut places) = (loader.find_frames(address).unwrap(), Vec::new());
    while let Some(frame) = frames.next().unwrap() {
        let inlined = frame.function.map(|name| name.demangle().unwrap().into_owned());
        let line = frame.location.and_then(|place| place.line).unwrap_or_default();
        places.push((without_hash(&inlined.unwrap_or_else(|| symbol.to_string())).to_owned(), line));
    }
    places
}

fn without_hash(name: &str) -> &str {
    name.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16).map_or(name, |(name, _)| name)
}
