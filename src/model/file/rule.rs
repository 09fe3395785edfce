//! `rule` of a `[[projection]]` that learns: the name of a plasticity rule, `"two-phase"` (of feedforward weights, the default),
//! `"mirror"` or `"inverse"` (of apical compartments), a rule of the program's own, or `"expression"` with its factors `post` and
//! `pre` beside it. `feedback_rule` is read as the same key, as in models of version 0.1.

use crate::model::error::{ModelError, Origin, nearest};
use crate::model::expected::{found, one_of};
use crate::model::reader::Reader;
use crate::model::tree::{Node, Table, Value};
use crate::model::{Population, Projection, ProjectionRule, signals};
use crate::plasticity::{Factors, Formula, Measurement};

/// Reads the rule of a projection, one of `rules`; `apical` is whether it ends on the dendrite that makes plateaus.
pub(super) fn read(keys: &mut Reader<'_>, apical: bool, rules: &[&str]) -> Result<Option<ProjectionRule>, ModelError> {
    let key = if keys.has("feedback_rule") { "feedback_rule" } else { "rule" };
    if key == "feedback_rule" && keys.has("rule") {
        let why = format!("{}: expected `rule` or `feedback_rule`, found both", keys.name());
        return Err(ModelError::refused(keys.at_any(&["feedback_rule", "rule"]), why));
    }
    let Some(node) = keys.value(key) else { return Ok(None) };
    let known = || one_of(rules);
    let name = keys.text_of(key, node, &known())?;
    if !rules.contains(&name) {
        let (at, table) = (node.at.clone(), keys.name().into());
        let (expected, suggestion) = (known().into(), nearest(name, rules.iter().copied()));
        return Err(ModelError::Value { at, key, table, expected, found: found(&node.value).into(), suggestion });
    }
    let why = match name {
        "mirror" | "inverse" if !apical => "on an apical compartment, found it on another",
        "two-phase" if apical => "on feedforward weights, found it on an apical compartment",
        "expression" => {
            let (post, pre) = (factor(keys, "post")?, factor(keys, "pre")?);
            return Ok(Some(ProjectionRule::Expression(Factors { post, pre })));
        }
        _ => return Ok(Some(ProjectionRule::Named(name.to_owned()))),
    };
    let why = format!("{}: expected `{key}` \"{name}\" {why}", keys.name());
    Err(ModelError::refused(keys.at(key), why))
}

fn factor(keys: &mut Reader<'_>, key: &'static str) -> Result<String, ModelError> {
    let expected = "an expression of local signals";
    let node = keys.value(key).ok_or_else(|| keys.missing(key, expected))?;
    let text = keys.text_of(key, node, expected)?;
    match Formula::parse(text, &signals::PHASES) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            let why = format!("`{key}` in {}: {error}", keys.name());
            Err(ModelError::refused(&within(node, error.offset), why))
        }
    }
}

/// Where a character of a string stands: behind its quotation mark, for a string of one line.
fn within(node: &Node, offset: usize) -> Origin {
    match (&node.at, &node.value) {
        (Origin::File { file, line, column }, Value::String(text)) if !text.contains('\n') => {
            Origin::File { file: file.clone(), line: *line, column: column + 1 + offset as u32 }
        }
        (at, _) => at.clone(),
    }
}

/// Refuses signals of an expression that are not measured of their population.
pub(super) fn check_signals(
    table: &Table,
    projection: &Projection,
    populations: &[Population],
    projections: &[Projection],
) -> Result<(), ModelError> {
    let Some(Factors { post, pre }) = projection.rule.as_ref().and_then(ProjectionRule::factors) else { return Ok(()) };
    for (key, text, population) in [("post", post, projection.to.0), ("pre", pre, projection.from.0)] {
        let Ok(formula) = Formula::parse(text, &signals::PHASES) else { continue };
        let lacks = |m: Measurement| signals::lacks(populations, projections, population, m);
        let missing = formula.measurements().iter().find_map(|&(m, offset)| Some((m, offset, lacks(m)?)));
        let (Some((measurement, offset, why)), Some(entry)) = (missing, table.get(key)) else { continue };
        let (signal, population) = (measurement.name(&signals::PHASES), &populations[population].name);
        let why = format!(
            "`{key}` in [[projection]] {:?}: expected signals that are measured, found `{signal}` of {population:?}, {why}",
            projection.name
        );
        return Err(ModelError::refused(&within(&entry.node, offset), why));
    }
    Ok(())
}
