//! What is wrong with a model file, and where: one defect at a time in a model that is right.

use apical::model::{Model, ProjectionRule};
use apical::plasticity::{RuleError, RuleRegistry};

use crate::small::{RIGHT, parse, set};

/// One defect: the text replaced, its replacement, where the error is, what it says.
struct Case<'a>(&'a str, &'a str, &'a str, &'a [&'a str]);

fn refuse(cases: &[Case<'_>]) {
    let mut surprises = Vec::new();
    for Case(right, wrong, place, fragments) in cases {
        assert!(RIGHT.contains(right), "{right:?} is no text of the model");
        let message = parse(&RIGHT.replacen(right, wrong, 1)).err().unwrap_or_else(|| "accepted".to_owned());
        let there = message.starts_with(&format!("m.toml:{place}: "));
        let printed = fragments.iter().all(|fragment| message.contains(fragment)) && !message.contains('\n');
        if !there || !printed {
            surprises.push(format!("{wrong:?}\n  expected {place}: {fragments:?}\n  found {message}"));
        }
    }
    assert!(surprises.is_empty(), "\n{}", surprises.join("\n"));
}

#[test]
fn keys_are_refused_where_they_stand() {
    refuse(&[
        Case(
            "tau_l_ms = 10",
            "tau_l = 10",
            "13:1",
            &["unknown key `tau_l` in [[population]] \"hidden\"", "`tau_l_ms`?"],
        ),
        Case("group = 2", "colour = 2", "20:1", &["unknown key `colour`", "its keys are name, size, kind, phi_max_hz"]),
        Case("group = 2", "g_b_per_ms = 2", "20:1", &["unknown key `g_b_per_ms` in [[population]] \"output\""]),
        Case(
            "[learning]",
            "[lerning]",
            "41:2",
            &["unknown key `lerning` in the model file", "did you mean `learning`?"],
        ),
        Case("forward_ms", "foreward_ms", "39:1", &["in [protocol]", "did you mean `forward_ms`?"]),
        Case("size = 6", "sise = 6", "9:1", &["missing key `size`", "expected a number of neurons, found `sise`"]),
        Case("size = 6\n", "", "9:1", &["missing key `size` in [[population]] \"hidden\""]),
        Case(
            "kind = \"output\"\n",
            "",
            "16:1",
            &["missing key `kind`", "\"pyramidal\", \"output\", \"lif\" or \"compartments\""],
        ),
        Case("name = \"small\"\n", "", "1:1", &["`name` as the first key", "found `about`"]),
        Case(
            "compartment = \"dendrite\"\n",
            "",
            "27:1",
            &["missing key `port` in [[projection]] \"hidden-output\"", "expected \"dendrite\""],
        ),
        Case(
            "batch = 2",
            "schedule = { kind = \"linear\", factor = 1 }",
            "42:31",
            &["`factor` in `schedule` of [learning]"],
        ),
        Case(
            "group = 2",
            "teaching = { g = 1 }",
            "20:14",
            &["`g` in `teaching` of [[population]] \"output\"", "g_per_ms"],
        ),
    ]);
}

#[test]
fn values_are_refused_where_they_stand() {
    refuse(&[
        Case("tau_l_ms = 10", "tau_l_ms = -3", "13:12", &["`tau_l_ms` in", "a number from 0.25 to 1000, found -3"]),
        Case("tau_l_ms = 10", "tau_l_ms = \"10\"", "13:12", &["expected a number", "found \"10\""]),
        Case("tau_l_ms = 10", "tau_l_ms = nan", "13:12", &["expected a number", "found NaN"]),
        Case("tau_l_ms = 10", "phi_max_hz = inf", "13:14", &["above 0 and of at most 10000, found inf"]),
        Case("size = 6", "size = 0", "11:8", &["expected an integer from 1 to 1000000, found 0"]),
        Case("size = 6", "size = 1_000_001", "11:8", &["expected an integer from 1 to 1000000, found 1000001"]),
        Case("size = 6", "size = 6.0", "11:8", &["expected an integer", "found 6.0"]),
        Case("kind = \"pyramidal\"", "kind = \"pyramid\"", "12:8", &["found \"pyramid\"", "did you mean `pyramidal`?"]),
        Case(
            "kind = \"pyramidal\"",
            "kind = 3",
            "12:8",
            &["expected \"poisson\", \"pyramidal\", \"output\", \"lif\" or \"compartments\", found 3"],
        ),
        Case("name = \"small\"", "name = \"a/b\"", "1:8", &["letters, digits and ._-", "found \"a/b\""]),
        Case("name = \"hidden\"", "name = \"a.b\"", "10:8", &["letters, digits and _-", "found \"a.b\""]),
        Case("about = \"A model to spoil\"", "about = 1979-05-27", "2:9", &["expected a string, found the date"]),
        Case("batch = 2", "batch = 0", "42:9", &["expected an integer from 1 to 4096, found 0"]),
        Case("batch = 2", "epochs = -1", "42:10", &["expected an integer from 1 to 100000, found -1"]),
        Case("batch = 2", "rule = \"three-phase\"", "42:8", &["expected \"two-phase\""]),
        Case("batch = 2", "schedule = \"linear\"", "42:12", &["expected a table, found \"linear\""]),
        Case(
            "batch = 2",
            "schedule = { kind = \"exponential\", factor_per_epoch = 1.5 }",
            "42:55",
            &["above 0 and of at most 1, found 1.5"],
        ),
        Case("forward_ms = 60", "forward_ms = 0", "39:14", &["above 0 and of at most 100000, found 0"]),
        Case("learning_rate = 0.1", "learning_rate = -0.1", "31:17", &["a number from 0 to 1000, found -0.1"]),
        Case("learning_rate = 0.1", "weights = { from = \"rum\" }", "31:20", &["did you mean `run`?"]),
        Case("learning_rate = 0.1", "weights = { from = \"run\" }", "31:11", &["missing key `path` in `weights` of"]),
        Case("[learning]", "[[learning]]", "41:1", &["expected a table, found a list"]),
        Case("traces = \"all\"", "weights = 0", "48:11", &["\"ends\", \"epochs\" or a number", "found 0"]),
        Case("traces = \"all\"", "compression = 1", "48:15", &["expected true or false, found 1"]),
        Case("traces = \"all\"", "presentations = \"20:0\"", "48:17", &["FIRST:END", "found \"20:0\""]),
        Case("traces = \"all\"", "report_dt_ms = 0", "48:16", &["from 0.001 to 1000, found 0"]),
        Case(
            "traces = \"all\"",
            "report_dt_ms = 80",
            "48:16",
            &["at most as long as a phase", "`forward_ms` of 60 ms"],
        ),
        Case("traces = \"all\"", "spikes = \"some\"", "48:10", &["\"all\", \"none\" or a list", "found \"some\""]),
        Case("size = 6", "size = = 6", "11:8", &["not valid TOML"]),
    ]);
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    refuse(&[
        Case("tau_l_ms = 10", "tau_l_ms = 3", "13:12", &["`tau_s_ms` to differ from `tau_l_ms`", "found 3 and 3"]),
        Case(
            "tau_l_ms = 10",
            "g_b_per_ms = 3.9",
            "13:14",
            &["`g_l_per_ms` + `g_b_per_ms` + `g_a_per_ms`", "at most 4"],
        ),
        Case("tau_l_ms = 10\ng_a_per_ms = 0.05", "g_a_per_ms = 9.3", "13:14", &["from 0 to 4, found 9.3"]),
        Case(
            "tau_l_ms = 10\ng_a_per_ms = 0.05",
            "g_b_per_ms = 0.4\ntau_l_ms = 2",
            "13:14",
            &["1/`tau_l_ms`", "0.5 /ms"],
        ),
        Case("group = 2", "g_d_per_ms = 2.95", "20:14", &["`g_d_per_ms` + `teaching` to be at most 4 /ms"]),
        Case("group = 2", "group = 3", "20:9", &["`size` to be a multiple of `group`, found 4 and 3"]),
        Case(
            "kind = \"poisson\"",
            "kind = \"pyramidal\"",
            "4:1",
            &["a population that encodes the stimuli, as of kind"],
        ),
        Case(
            "name = \"hidden\"",
            "name = \"input\"",
            "9:1",
            &["a second population `input`", "the first at m.toml:4:1"],
        ),
        Case("name = \"hidden\"", "name = \"all\"", "10:8", &["other than all, none", "found \"all\""]),
    ]);
}

#[test]
fn what_makes_no_sense_between_populations_is_refused() {
    refuse(&[
        Case("from = \"input\"", "from = \"imput\"", "23:8", &["no population `imput`; did you mean `input`?"]),
        Case("to = \"output\"", "to = \"input\"", "29:6", &["a population that takes input", "encoder"]),
        Case("\"basal\"", "\"dendrite\"", "25:15", &["of \"hidden\" (\"basal\" or \"apical\"), found \"dendrite\""]),
        Case("\"dendrite\"", "\"basal\"", "30:15", &["of \"output\" (\"dendrite\"), found \"basal\""]),
        Case("\"basal\"", "\"basl\"", "25:15", &["found \"basl\"; did you mean `basal`?"]),
        Case(
            "compartment = \"apical\"",
            "compartment = \"apical\"\ndelay_ms = 0",
            "37:12",
            &[
                "\"output-hidden\" closes a cycle",
                "output to hidden to output",
                "expected `delay_ms` of at least 0.01, found 0",
            ],
        ),
        Case(
            "compartment = \"apical\"",
            "compartment = \"apical\"\ndelay_ms = 0.001",
            "37:12",
            &["\"output-hidden\" goes backward", "expected `delay_ms` of at least 0.01, found 0.001"],
        ),
        Case(
            "compartment = \"apical\"",
            "compartment = \"apical\"\ndelay_ms = 50",
            "37:12",
            &["\"output-hidden\": expected `delay_ms` below the shortest phase, `target_ms` of 50 ms", "found 50 ms"],
        ),
        Case(
            "size = 4\nkind = \"output\"\ngroup = 2",
            "size = 257\nkind = \"output\"",
            "18:8",
            &["at most 256 classes", "`size` / `group` = 257", "`group` to 2"],
        ),
        Case("\"apical\"", "\"apical\"\nname = \"hidden-output\"", "33:1", &["a second projection `hidden-output`"]),
        Case(
            "learning_rate = 0.1",
            "weights = { fan_in = 1, v_avg = 0.3 }",
            "31:33",
            &["no weights have these moments"],
        ),
        Case("forward_ms = 60", "settle_ms = 50", "39:13", &["`settle_ms` below `forward_ms`, found 50 and 50"]),
        Case("forward_ms = 60", "target_settle_ms = 60", "39:20", &["`target_settle_ms` below `target_ms`"]),
        Case("kind = \"idx\"", "on_off = {}", "45:10", &["missing key `surround_pixels`"]),
        Case("kind = \"idx\"", "on_off = { surround_pixels = 2 }", "45:10", &["missing key `gain`"]),
        Case(
            "kind = \"idx\"",
            "on_off = { surround_pixels = 0, gain = 2 }",
            "45:30",
            &["`surround_pixels`", "found 0"],
        ),
        Case("kind = \"idx\"", "on_off = 2", "45:10", &["`on_off`", "a table"]),
        Case(
            "kind = \"idx\"",
            "deformation = { displacement_pixels = -1 }",
            "45:39",
            &["`displacement_pixels`", "found -1"],
        ),
        Case("kind = \"idx\"", "deformation = { share = 0.5 }", "45:15", &["`rotation_deg`", "found none"]),
        Case("kind = \"idx\"", "deformation = { scaling = 1 }", "45:27", &["`scaling`", "found 1"]),
        Case("kind = \"idx\"", "deformation = { rotation = 7 }", "45:17", &["`rotation`", "`rotation_deg`"]),
        Case("kind = \"idx\"", "kind = \"rates\"", "44:1", &["missing key `rates_hz`", "or a file as `path`"]),
        Case("kind = \"idx\"", "kind = \"rates\"\nrates_hz = [1, 2]", "46:12", &["4 `rates_hz`", "found 2"]),
        Case("kind = \"idx\"", "kind = \"rates\"\nrates_hz = [1, 2, 3, -4]", "46:22", &["found -4"]),
        Case("kind = \"idx\"", "kind = \"rates\"\npath = \"x.txt\"", "46:8", &[".csv or .npy file", "x.txt"]),
        Case(
            "kind = \"idx\"",
            "kind = \"spikes\"\npath = \"x.csv\"\nlabels = [0, 2]",
            "47:14",
            &["from 0 to 1, found 2"],
        ),
        Case("traces = \"all\"", "traces = [\"hidden.dendrite\"]", "48:11", &["\"soma\", \"basal\" or \"apical\""]),
        Case("traces = \"all\"", "traces = [\"input\"]", "48:11", &["other than the encoder"]),
        Case("traces = \"all\"", "plateaus = [\"output\"]", "48:13", &["expected a pyramidal population"]),
        Case("traces = \"all\"", "spikes = [\"hiden\"]", "48:11", &["did you mean `hidden`?"]),
        Case(
            "[learning]",
            "[[projection]]\nfrom = \"hidden\"\nto = \"output\"\nname = \"second\"\ncompartment = \"dendrite\"\n\n\
             [learning]\nhidden_error = \"backprop\"",
            "47:1",
            &[
                "`hidden_error` \"backprop\"",
                "one feedforward path from \"hidden\" to \"output\"",
                "found another number or kind",
            ],
        ),
        Case("about = \"A model to spoil\"", "base = \"nowhere.toml\"", "2:8", &["no base model `nowhere.toml`"]),
    ]);
}

#[test]
fn thresholds_that_cannot_be_are_refused() {
    refuse(&[
        Case(
            "group = 2",
            "group = 2\nthreshold = { v_th = -1, v_reset = 0 }",
            "21:13",
            &["expected `v_th` above `v_reset`", "found -1 and 0"],
        ),
        Case("group = 2", "group = 2\nthreshold = { v_theta = 1 }", "21:15", &["unknown key `v_theta`", "`v_th`?"]),
        Case("group = 2", "group = 2\nthreshold = { width = 0 }", "21:23", &["`width`", "above 0", "found 0"]),
    ]);
    let threshold = "population.output.threshold.v_th=1";
    let carries = ["population.hidden.g_a_per_ms=0", "projection.output-hidden.carries=rates"];
    let refused = set(&[&[threshold][..], &carries].concat()).unwrap_err();
    assert!(refused.contains("from \"output\", whose cells fire at no rate of their potential"), "{refused}");
    assert!(set(&carries).is_ok());
    let delays = "projection.hidden-output.delay_ms={ from = 'normal', mean = 1, sd = 0.1 }";
    let refused = set(&[threshold, delays]).unwrap_err();
    assert!(refused.contains("one delay of all synapses onto \"output\""), "{refused}");
}

#[test]
fn feedback_that_cannot_be_is_refused() {
    refuse(&[
        Case(
            "compartment = \"apical\"",
            "compartment = \"apical\"\nlearning_rate = 0.1",
            "37:17",
            &["expected `learning_rate` 0 on an apical compartment, or a `rule` to learn by; found 0.1"],
        ),
        Case(
            "compartment = \"apical\"",
            "compartment = \"apical\"\nlearning_rate = 0.1\nweights = { from = \"transpose\" }",
            "37:17",
            &["expected `learning_rate` 0, for a transpose follows other weights; found 0.1"],
        ),
        Case(
            "learning_rate = 0.1",
            "feedback_rule = \"mirror\"",
            "31:17",
            &["on an apical compartment, found it on another"],
        ),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"transpose\" }",
            "31:11",
            &["`from = \"transpose\"` on feedback"],
        ),
        Case(
            "compartment = \"apical\"",
            "compartment = \"apical\"\ncarries = \"rates\"",
            "37:11",
            &["`g_a_per_ms` and `plateau_sd_ms` 0"],
        ),
        Case("learning_rate = 0.1", "carries = \"rates\"", "31:11", &["to an apical compartment alone"]),
        Case(
            "tau_l_ms = 10",
            "plateau_sd_ms = 3\nplateau_longest_ms = 20",
            "14:22",
            &["left of a phase after settling, 20 ms"],
        ),
        Case(
            "to = \"hidden\"\ncompartment = \"basal\"",
            "to = \"hidden\"\ncompartment = \"basal\"\n\n[[projection]]\nfrom = \"hidden\"\nto = \"output\"\n\
             name = \"again\"\ncompartment = \"dendrite\"\n\n[[projection]]\nfrom = \"output\"\nto = \"hidden\"\n\
             name = \"back\"\ncompartment = \"apical\"\nweights = { from = \"transpose\" }",
            "33:1",
            &["expected one feedforward path from \"hidden\" to \"output\"", "found none or several"],
        ),
    ]);
}

#[test]
fn rules_of_projections_are_refused_where_they_stand() {
    const POST: &str = "post = \"sigmoid_target - sigmoid(v_forward)\"";
    let with = |line: &str| format!("learning_rate = 0.1\nrule = \"expression\"\n{line}");
    let post = |text: &str| with(&format!("pre = \"train_forward\"\npost = \"{text}\""));
    let pre = |text: &str| with(&format!("{POST}\npre = \"{text}\""));
    for (lines, place, fragments) in [
        (
            "rule = \"mirrer\"".to_owned(),
            "31:8",
            &[
                "`rule` in [[projection]] \"hidden-output\": expected \"two-phase\", \"mirror\", \"inverse\" or \"expression\"",
                "found \"mirrer\"; did you mean `mirror`?",
            ][..],
        ),
        ("rule = 3".to_owned(), "31:8", &["found 3"]),
        ("rule = \"inverse\"".to_owned(), "31:8", &["expected `rule` \"inverse\" on an apical compartment"]),
        ("rule = \"two-phase\"\nfeedback_rule = \"two-phase\"".to_owned(), "32:17", &["found both"]),
        ("post = \"1\"".to_owned(), "31:8", &["expected `rule` \"expression\" with `post` and `pre`, found none"]),
        (
            with(""),
            "27:1",
            &["missing key `post` in [[projection]] \"hidden-output\"", "an expression of local signals"],
        ),
        (with(POST), "27:1", &["missing key `pre`"]),
        (
            with("post = 1"),
            "33:8",
            &["`post` in [[projection]] \"hidden-output\": expected an expression of local signals"],
        ),
        (
            post("20 * (plateu_target - 1)"),
            "34:15",
            &[
                "`post` in [[projection]] \"hidden-output\"",
                "no signal `plateu_target`",
                "did you mean `plateau_target`?",
            ],
        ),
        (post("20 * (1 - "), "34:19", &["expected a number, a signal, a function", "found the end of the expression"]),
        (post("tanh(1, 2)"), "34:9", &["expected `tanh` with 1 arguments, found 2"]),
        (
            post("2 * plateau_target"),
            "34:13",
            &["signals that are measured, found `plateau_target` of \"output\", whose cells make no plateaus"],
        ),
        (post("v_target"), "34:9", &["in the forward phase alone"]),
        (post("backprop_error"), "34:9", &["not hidden with one feedforward path"]),
        (pre("train_forward + v_target"), "34:24", &["`pre` in", "`v_target` of \"hidden\""]),
    ] {
        refuse(&[Case("learning_rate = 0.1", &lines, place, fragments)]);
    }
    let model = parse(&RIGHT.replacen("learning_rate = 0.1", &pre("train_forward"), 1)).expect("right");
    assert!(parse(&model.text()).expect("its own text") == model);
}

/// A library's own rule can be named in a model that is read with its registry, and only then.
#[test]
fn rules_of_a_registry_can_be_named() {
    let text = RIGHT.replacen("learning_rate = 0.1", "learning_rate = 0.1\nrule = \"hebb\"", 1);
    let message = parse(&text).expect_err("unknown");
    assert!(message.contains("found \"hebb\""), "{message}");
    let rules = RuleRegistry::default().with("hebb", |_| Err(RuleError::unfit("not here")));
    let mut model = Model::parse_with(&text, "m", &[], &rules).expect("right");
    assert_eq!(model.projections[1].rule.as_ref().map(ProjectionRule::name), Some("hebb"));
    model.record("none").expect("read again by its own names");
}

#[test]
fn initial_values_that_cannot_be_are_refused() {
    let moments = "learning_rate = 0.1\nsign = \"non-negative\"";
    refuse(&[
        Case("learning_rate = 0.1", "weights = { from = \"normal\", sd = 1 }", "31:11", &["missing key `mean`"]),
        Case("learning_rate = 0.1", "weights = { from = \"normal\", mean = 1 }", "31:11", &["missing key `sd`"]),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"normal\", mean = 1, sd = -1 }",
            "31:45",
            &["`sd` in `weights` of [[projection]] \"hidden-output\"", "found -1"],
        ),
        Case("learning_rate = 0.1", "weights = { from = \"constant\" }", "31:11", &["missing key `value`"]),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"lognormal\", mu = 9, sigma = 1 }",
            "31:38",
            &["`mu`", "found 9"],
        ),
        Case("learning_rate = 0.1", "weights = { from = \"lognormal\", mu = 0 }", "31:11", &["missing key `sigma`"]),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"uniform\", low = 2, high = 1 }",
            "31:37",
            &["expected `low` of at most `high`, found 2 and 1"],
        ),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"uniform\", low = 0, high = 1, sd = 1 }",
            "31:50",
            &["unknown key `sd`"],
        ),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"normal\", path = \"w.npy\" }",
            "31:37",
            &["`path` is of a file"],
        ),
        Case("group = 2", "group = 2\nbias = { from = \"normal\", mean = 1 }", "21:8", &["missing key `sd` in `bias`"]),
        Case("group = 2", "group = 2\nbias = { from = \"lognormal\" }", "21:17", &["found \"lognormal\""]),
        Case("learning_rate = 0.1", "sign = \"positive\"", "31:8", &["\"non-negative\"", "found \"positive\""]),
        Case(
            "learning_rate = 0.1",
            moments,
            "32:8",
            &["`sign` \"non-negative\" needs `from` of another kind", "moments"],
        ),
        Case(
            "learning_rate = 0.1",
            "learning_rate = 0.1\nsign = \"non-negative\"\nweights = { from = \"constant\", value = -1 }",
            "33:11",
            &["needs `value` of this sign; found -1"],
        ),
        Case(
            "learning_rate = 0.1",
            "learning_rate = 0.1\nsign = \"non-negative\"\nweights = { from = \"normal\", mean = -1, sd = 5 }",
            "33:11",
            &["needs `mean` of this sign; found -1"],
        ),
        Case(
            "learning_rate = 0.1",
            "learning_rate = 0.1\nsign = \"non-negative\"\nweights = { from = \"uniform\", low = -1, high = 5 }",
            "33:11",
            &["needs `low` of this sign; found -1"],
        ),
        Case(
            "compartment = \"apical\"",
            "compartment = \"apical\"\nsign = \"non-positive\"\nweights = { from = \"transpose\" }",
            "38:11",
            &["a transpose follows others"],
        ),
    ]);
    let arguments = [
        "learning.rule=backprop",
        "population.output.group=1",
        "projection.hidden-output.sign=non-negative",
        "projection.hidden-output.weights={ from = 'constant', value = 1 }",
    ];
    let message = set(&arguments).expect_err("a rule that keeps no signs");
    assert!(message.contains("expected no `sign` of a projection"), "{message}");
}

#[test]
fn bounds_that_leave_next_to_nothing_are_refused() {
    refuse(&[
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"normal\", mean = 1, sd = 1, min = 2, max = 1 }",
            "31:54",
            &["`weights` of [[projection]] \"hidden-output\": expected `min` of at most `max`, found 2 and 1"],
        ),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"normal\", mean = 1, sd = 1, max = -1 }",
            "31:54",
            &["`min` and `max` that keep at least 10 % of what is drawn", "found 2.275 %"],
        ),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"lognormal\", mu = 0, sigma = 1, min = 10 }",
            "31:58",
            &["keep at least 10 %", "found 1.065 %"],
        ),
        Case(
            "learning_rate = 0.1",
            "learning_rate = 0.1\nsign = \"non-positive\"\nweights = { from = \"lognormal\", mu = 0, sigma = 1, min = 0.5 }",
            "33:58",
            &["keep at least 10 %", "found 0.000 %"],
        ),
        Case(
            "learning_rate = 0.1",
            "learning_rate = 0.1\nsign = \"non-negative\"\nweights = { from = \"normal\", mean = 0, sd = 1, min = -1, max = 0.1 }",
            "33:54",
            &["keep at least 10 %", "found 3.983 %"],
        ),
        Case(
            "learning_rate = 0.1",
            "weights = { from = \"uniform\", low = 0, high = 1, min = 0 }",
            "31:50",
            &["unknown key `min`"],
        ),
    ]);
}

#[test]
fn overrides_are_refused_by_name() {
    for (argument, fragments) in [
        ("population.hiden.size=3", &["no population `hiden`", "did you mean `hidden`?"][..]),
        ("projection.input-hiden.delay_ms=3", &["no projection `input-hiden`", "`input-hidden`?"]),
        ("population.hidden.sise=3", &["unknown key `sise` in [[population]] \"hidden\"", "`size`?"]),
        ("population.hidden.size=big", &["expected an integer from 1 to 1000000, found \"big\""]),
        ("population.hidden.g_b_per_ms=3.9", &["at most 4 /ms"]),
        ("populaton.hidden.size=3", &["unknown key `populaton`", "`population`?"]),
        ("population=3", &["at least one table [[population]], found 3"]),
        ("learning.batch.size=3", &["`batch` in [learning]: expected an integer", "found a table"]),
        ("protocol=3", &["expected a table, found 3"]),
        ("base=g17-784-10", &["unknown key `base`"]),
        ("learning.batch", &["no `=`"]),
    ] {
        let Err(message) = set(&[argument]) else { panic!("accepted: {argument}") };
        assert!(message.starts_with(&format!("--set {argument}: ")), "{message}");
        assert!(fragments.iter().all(|fragment| message.contains(fragment)), "{argument}: {message}");
    }
}
