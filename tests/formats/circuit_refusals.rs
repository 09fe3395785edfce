//! What is wrong with the keys of cells with thresholds, and where: one defect at a time in a model that is right.

use apical::model::{Connection, Delay, Model};

const RIGHT: &str = r#"name = "circuit"
protocol = { kind = "continuous" }

[[population]]
name = "exc"
size = 20
kind = "lif"
ports = [{ kernel = "exponential", name = "exc", tau_ms = 3 }]
poisson_input = [{ port = "exc", rate_hz = 1000, weight = 30 }]

[[projection]]
from = "exc"
to = "exc"
port = "exc"
weights = 10
delay_ms = 1.5
connection = { kind = "fixed_in_degree", in_degree = 5 }
"#;

/// The message about the model in which this line, by its start, is another.
fn message(start: &str, line: &str) -> String {
    let known = RIGHT.lines().any(|right| right.starts_with(start));
    assert!(known, "{start:?} begins no line of the model");
    let replaced = RIGHT.lines().map(|right| if right.starts_with(start) { line } else { right });
    let text: String = replaced.flat_map(|line| [line, "\n"]).collect();
    Model::parse(&text, "m.toml", &[]).err().map_or_else(|| "accepted".to_owned(), |error| error.to_string())
}

#[test]
fn the_model_is_right() {
    assert_eq!(message("size", "size = 20"), "accepted");
}

/// A table of one variety takes the place of one of another.
#[test]
fn varieties_are_replaced_as_a_whole() {
    let uniform = "delay_ms = { from = \"uniform\", low = 1, high = 2 }";
    let text = RIGHT.replace("delay_ms = 1.5", uniform);
    let over =
        ["delay_ms={ from = \"normal\", mean = 2, sd = 1 }", "connection={ kind = \"fixed_probability\", p = 0.1 }"];
    let model = Model::parse(&text, "m.toml", &over.map(|over| format!("projection.exc-exc.{over}"))).unwrap();
    assert!(matches!(model.projections[0].delay, Delay::Normal { .. }));
    assert!(matches!(model.projections[0].connection, Connection::FixedProbability { .. }));
}

#[test]
fn keys_of_ports_inputs_and_thresholds_are_refused_where_they_stand() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("ports", "ports = 3", &["8:9", "expected a list, found 3"]),
        (
            "ports",
            r#"ports = [{ kernel = "expo", name = "exc" }]"#,
            &["8:21", "\"double_exponential\"", "found \"expo\""],
        ),
        ("ports", r#"ports = [{ name = "exc" }]"#, &["8:10", "missing key `kernel`"]),
        ("ports", r#"ports = [{ kernel = "exponential", tau_ms = 3 }]"#, &["8:10", "missing key `name`"]),
        (
            "ports",
            r#"ports = [{ kernel = "exponential", name = "exc", tau_ms = -1 }]"#,
            &["8:59", "`tau_ms`", "found -1"],
        ),
        (
            "ports",
            r#"ports = [{ kernel = "exponential", name = "exc", tau = 3 }]"#,
            &["8:50", "did you mean `tau_ms`?"],
        ),
        (
            "ports",
            r#"ports = [{ kernel = "delta", name = "exc", tau_ms = 3 }]"#,
            &["8:44", "its keys are kernel, name"],
        ),
        (
            "ports",
            r#"ports = [{ kernel = "delta", name = "a" }]"#,
            &["9:17", "expected a `port` of the cell (a), found \"exc\""],
        ),
        (
            "ports",
            r#"ports = [{ kernel = "exponential", name = "exc", tau_ms = 10 }]"#,
            &["8:9", "differ from the time constants"],
        ),
        ("size", "size = 20\nv_th_mv = \"high\"", &["7:11", "expected a number or a table, found \"high\""]),
        ("size", "size = 20\nv_th_mv = { mean = -50, sd = 1 }", &["7:11", "missing key `from` in `v_th_mv`"]),
        (
            "size",
            "size = 20\nv_th_mv = { from = \"normal\", mean = -50, sd = -1 }",
            &["7:47", "from 0 to 1000, found -1"],
        ),
        (
            "size",
            "size = 20\nv_th_mv = { from = \"normal\", mean = -80, sd = 9 }",
            &["7:11", "above `v_reset_mv`, in the mean"],
        ),
        (
            "size",
            "size = 20\nv_th_mv = { from = \"uniform\", low = 1, high = 0 }",
            &["7:11", "`low` of at most `high`"],
        ),
        (
            "poisson",
            r#"poisson_input = [{ port = "exc", rate = 1, weight = 1 }]"#,
            &["9:34", "did you mean `rate_hz`?"],
        ),
        ("poisson", r#"poisson_input = [{ port = "inh", rate_hz = 1, weight = 1 }]"#, &["9:17", "found \"inh\""]),
        (
            "poisson",
            r#"poisson_input = [{ port = "exc", rate_hz = -1, weight = 1 }]"#,
            &["9:44", "`rate_hz`", "found -1"],
        ),
        ("kind", "kind = \"lif\"\nstimulus = { rate_hz = 5 }", &["8:12", "a current into cells, found another kind"]),
        (
            "kind",
            "kind = \"lif\"\nstimulus = { kind = \"current\", times_ms = [5, 5], currents_pa = [1, 2] }",
            &["ascending"],
        ),
        (
            "kind",
            "kind = \"lif\"\nstimulus = { kind = \"current\", times_ms = [5], currents_pa = [1, 2] }",
            &["1 times and 2"],
        ),
        ("kind", "kind = \"lif\"\nstimulus = { kind = \"current-table\", path = \"a.npy\" }", &["a .csv file"]),
        (
            "poisson",
            r#"poisson_input = [{ port = "exc", count = 100000, rate_hz = 1000, weight = 1 }]"#,
            &["at most 10000000 Hz"],
        ),
        (
            "delay_ms",
            "delay_ms = 1.5\nsign = \"non-negative\"\n[[change]]\nkind = \"scale-weights\"\nat_ms = 100\nprojection = \"exc-exc\"\nfactor = -2\n[[projection]]\nname = \"two\"\nfrom = \"exc\"\nto = \"exc\"\nport = \"exc\"\nweights = 1\ndelay_ms = 1",
            &["`factor` of 0 or more", "non-negative"],
        ),
        ("port =", r#"port = "inh""#, &["14:8", "expected a port of \"exc\" (\"exc\"), found \"inh\""]),
        ("weights", r#"weights = "many""#, &["15:11", "expected a number or a table, found \"many\""]),
        (
            "delay_ms",
            "delay_ms = 1.5\nlearning_rate = 0.1",
            &["17:17", "expected `learning_rate` 0", "currents or kernels"],
        ),
    ];
    let mut surprises = Vec::new();
    for (start, line, fragments) in cases {
        let found = message(start, line);
        if !fragments.iter().all(|fragment| found.contains(fragment)) || found.contains('\n') {
            surprises.push(format!("{line}\n  expected {fragments:?}\n  found {found}"));
        }
    }
    assert!(surprises.is_empty(), "\n{}", surprises.join("\n"));
}

#[test]
fn a_count_is_refused_with_its_range() {
    for (count, found) in [("-1", "-1"), ("4294967296", "4294967296"), ("2.5", "2.5")] {
        let line = format!(r#"poisson_input = [{{ port = "exc", count = {count}, rate_hz = 1, weight = 1 }}]"#);
        let expected = format!("expected an integer from 0 to 4294967295, found {found}");
        let refused = message("poisson", &line);
        assert!(refused.contains("9:42") && refused.contains(&expected), "{refused}");
    }
}
