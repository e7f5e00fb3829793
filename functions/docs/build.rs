//! Takes out of Swagger UI's release what the page needs, as it is and zipped, so that
//! both ship in the function and nothing of it is kept here.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const FILES: [&str; 2] = ["swagger-ui-bundle.js", "swagger-ui.css"];

fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = std::env::var("OUT_DIR").context("cargo sets it")?;
    let mut release = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for file in FILES {
        keep(&mut release, file, Path::new(&folder)).context(file)?;
    }
    Ok(())
}

fn keep(release: &mut ZipArchive<Cursor<&[u8]>>, file: &str, folder: &Path) -> anyhow::Result<()> {
    // The release is one folder, named after its version.
    let root = release.root_dir(|_| true)?.context("the release is no folder")?;
    let mut text = Vec::new();
    release.by_path(root.join("dist").join(file))?.read_to_end(&mut text)?;
    fs::write(folder.join(file), &text)?;
    let mut zipped = GzEncoder::new(Vec::new(), Compression::best());
    zipped.write_all(&text)?;
    fs::write(folder.join(format!("{file}.gz")), zipped.finish()?)?;
    Ok(())
}
