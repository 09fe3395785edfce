//! The page: styles, scripts and, in an export, the data in one document that loads nothing from elsewhere.

use std::io::Write;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::{Pack, RunParts};
use crate::record::RecordError;

const DOCUMENT: &str = include_str!("page/index.html");
const STYLES: [&str; 2] = [include_str!("page/uplot/uPlot.min.css"), include_str!("page/style.css")];
const UPLOT: &str = include_str!("page/uplot/uPlot.iife.min.js");

/// Scripts in the order of their dependencies; they share the scope of one function.
const SCRIPTS: [&str; 9] = [
    include_str!("page/parts.js"),
    include_str!("page/tools.js"),
    include_str!("page/overview.js"),
    include_str!("page/raster.js"),
    include_str!("page/traces.js"),
    include_str!("page/cards.js"),
    include_str!("page/curves.js"),
    include_str!("page/live.js"),
    include_str!("page/app.js"),
];

/// The page as it is served: it requests its parts from the server.
pub fn page() -> String {
    document("")
}

/// The page with all parts of a run in it, to be opened without a server.
///
/// # Errors
/// If a part cannot be read.
pub fn export(run: &RunParts) -> Result<String, RecordError> {
    let mut all = Pack::default();
    run.each_part(|name, pack| all = std::mem::take(&mut all).part(&name.name(), pack))?;
    Ok(document(&BASE64_STANDARD.encode(deflated(&all.bytes()))))
}

/// The document with embedded parts; empty if it is served.
fn document(embedded: &str) -> String {
    let script = format!("(() => {{\n\"use strict\";\n{}\n}})();", SCRIPTS.join("\n"));
    let parts = [("/*style*/", STYLES.join("\n")), ("/*uplot*/", UPLOT.to_owned()), ("/*script*/", script)];
    let page = parts.iter().fold(DOCUMENT.to_owned(), |page, (mark, text)| page.replacen(mark, text, 1));
    page.replacen("<!--parts-->", embedded, 1)
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("memory takes what is written to it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let page = page();
        for mark in ["/*style*/", "/*uplot*/", "/*script*/", "<!--parts-->", "src=", "<link", "@import", "url("] {
            assert!(!page.contains(mark), "{mark}");
        }
        let addresses: Vec<_> = page.match_indices("http").map(|(at, _)| &page[at..at + 30]).collect();
        assert!(addresses.iter().all(|address| address.starts_with("https://github.com/leeoniya/uP")), "{addresses:?}");
        // A script in a page ends at the first such mark, wherever it stands.
        assert_eq!(page.matches("</script").count(), page.matches("<script").count());
    }
}
