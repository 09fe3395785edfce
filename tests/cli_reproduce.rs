//! `apical reproduce`: figures by name, with their numbers.
#![cfg(feature = "cli")]

mod cli;

use cli::Bench;

#[test]
fn a_figure_is_drawn_with_measured_numbers_beside_the_published_ones() {
    let bench = Bench::new();
    assert!(bench.ok("reproduce").contains("fa-linear"));
    let said = bench.ok("reproduce fa-linear --quick --quiet --out figures");
    assert!(said.contains("| angle to backprop at the end [deg] | below 45 |"), "{said}");
    let drawn = std::fs::read_to_string(bench.path("figures/fa-linear.svg")).unwrap();
    assert!(drawn.contains("to pseudobackprop"));
}

#[test]
fn the_angle_to_pseudobackprop_falls_below_that_to_backprop() {
    let told = Bench::new().json("reproduce fa-linear --quiet --seeds 1..3");
    assert_eq!(told["numbers"][2]["measured"], "3 of 3", "{}", told["numbers"]);
}

#[test]
fn an_unknown_figure_is_refused_with_those_there_are() {
    let ran = Bench::new().run("reproduce 6B-linear");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("no figure `6B-linear`; there are fa-linear"), "{}", ran.stderr);
}
