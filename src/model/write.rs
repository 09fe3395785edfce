//! A model tree as readable TOML: keys first, then a section per table, inner tables in braces.

use super::tree::{Table, Value};

/// The text of a model. All its keys are bare words: it has been checked, and known keys are.
pub(super) fn model(table: &Table) -> String {
    let is_section = |value: &Value| matches!(value, Value::Table(_)) || value.tables().is_some();
    let (sections, keys): (Vec<_>, Vec<_>) = table.entries.iter().partition(|entry| is_section(&entry.node.value));
    let mut text: String = keys.iter().map(|entry| line(&entry.key, &entry.node.value)).collect();
    for entry in sections {
        let key = &entry.key;
        if let Value::Table(table) = &entry.node.value {
            section(&mut text, &format!("[{key}]"), table);
        }
        for table in entry.node.value.tables().into_iter().flatten() {
            section(&mut text, &format!("[[{key}]]"), table);
        }
    }
    text
}

fn section(text: &mut String, header: &str, table: &Table) {
    if !text.is_empty() {
        text.push('\n');
    }
    *text += header;
    text.push('\n');
    text.extend(table.entries.iter().map(|entry| line(&entry.key, &entry.node.value)));
}

fn line(key: &str, value: &Value) -> String {
    format!("{key} = {}\n", inline(value))
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(truth) => truth.to_string(),
        Value::Date(date) => date.clone(),
        Value::List(nodes) => {
            let values: Vec<_> = nodes.iter().map(|node| inline(&node.value)).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Table(table) if table.entries.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let pairs: Vec<_> =
                table.entries.iter().map(|e| format!("{} = {}", e.key, inline(&e.node.value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

/// A basic string of one line.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            c if c.is_control() => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_come_before_sections() {
        let text = "name = 'm'\n[a]\nb.c = 1e-7\n[[p]]\nx = [true, 'y']\n[[p]]\n";
        let written = model(&tree::document(text, "m").unwrap());
        assert_eq!(written, "name = \"m\"\n\n[a]\nb = { c = 1e-7 }\n\n[[p]]\nx = [true, \"y\"]\n\n[[p]]\n");
    }

    fn round_trip(value: &Value) -> Value {
        let text = format!("a = {}", inline(value));
        tree::document(&text, "m").unwrap().entries.remove(0).node.value
    }

    proptest! {
        #[test]
        fn a_string_reads_back_as_itself(text in "(?s).*") {
            let back = round_trip(&Value::String(text.clone()));
            prop_assert!(matches!(back, Value::String(s) if s == text));
        }

        #[test]
        fn a_float_reads_back_as_itself(number in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            let back = round_trip(&Value::Float(number));
            prop_assert!(matches!(back, Value::Float(x) if x.to_bits() == number.to_bits()));
        }
    }
}
