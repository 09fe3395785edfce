//! The report of all figures: one HTML page that needs no other file.

use std::fmt::Write;

use crate::reproduce::ComparedNumber;

/// A figure of the report.
pub(super) struct ReportSection {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// The command that reproduces it.
    pub(super) command: String,
    /// The figure.
    pub(super) svg: String,
    pub(super) numbers: Vec<ComparedNumber>,
}

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:1200px;margin:2em auto;padding:0 1em;color:#222}\
    svg{max-width:100%;height:auto}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2em .6em;text-align:left}\
    code{background:#f3f3f3;padding:.1em .3em}section{margin:3em 0}";

/// The page, with `subtitle` below its title.
pub(super) fn html(sections: &[ReportSection], subtitle: &str) -> String {
    let links: Vec<_> = sections.iter().map(|section| format!("<a href=\"#{0}\">{0}</a>", section.name)).collect();
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Published figures, drawn again</title>\
         <style>{STYLE}</style></head><body>\n<h1>Published figures, drawn again</h1>\n<p>{}</p>\n<p>{}</p>\n",
        escaped(subtitle),
        links.join(" ")
    );
    for section in sections {
        let ReportSection { name, about, command, svg, numbers } = section;
        let (about, command, figure) = (escaped(about), escaped(command), unique(svg, name));
        let _ = writeln!(
            page,
            "<section id=\"{name}\"><h2>{name}: {about}</h2>\n{figure}\n\
             <table><tr><th>quantity</th><th>published</th><th>measured</th></tr>"
        );
        for ComparedNumber { quantity, published, measured } in numbers {
            let [quantity, published, measured] = [quantity, published, measured].map(|text| escaped(text));
            let _ = writeln!(page, "<tr><td>{quantity}</td><td>{published}</td><td>{measured}</td></tr>");
        }
        let _ = writeln!(page, "</table>\n<p><code>{command}</code></p></section>");
    }
    page + "</body></html>\n"
}

/// An SVG whose names are told from those of others on the page.
fn unique(svg: &str, name: &str) -> String {
    svg.replace("id=\"c", &format!("id=\"{name}-c")).replace("url(#c", &format!("url(#{name}-c"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_own_names_and_text_is_text() {
        let section = |name| ReportSection {
            name,
            about: "a < b",
            command: format!("apical reproduce {name}"),
            svg: "<svg><clipPath id=\"c0\"/><g clip-path=\"url(#c0)\"/></svg>".to_owned(),
            numbers: vec![ComparedNumber::new("error & loss", "4.1", "4.2")],
        };
        let page = html(&[section("6B"), section("8B")], "quick");
        for (expected, times) in [("id=\"6B-c0\"", 1), ("url(#6B-c0)", 1), ("id=\"8B-c0\"", 1), ("a &lt; b", 2)] {
            assert_eq!(page.matches(expected).count(), times, "{expected}");
        }
        assert!(page.contains("<td>error &amp; loss</td>") && !page.contains("id=\"c0"));
    }
}
