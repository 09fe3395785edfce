//! `rule` of a `[[projection]]` that learns: the name of a plasticity rule, `"two-phase"` (of feedforward weights, the default),
//! `"mirror"` or `"inverse"` (of apical compartments), a rule of the program's own, or `"expression"` with its factors `post` and
//! `pre` beside it.

use crate::model::error::{ModelError, nearest, one_of};
use crate::model::text::Section;
use crate::model::{Population, Projection, ProjectionRule, Registry, signals};
use crate::plasticity::{Factors, Formula, Measurement};

/// The keys of a rule, as far as they are there.
pub(super) struct RuleKeys<'a> {
    pub(super) rule: Option<&'a str>,
    pub(super) post: Option<&'a str>,
    pub(super) pre: Option<&'a str>,
}

/// Reads the rule of a projection, one of the registry; `apical` is whether it ends on the dendrite that makes plateaus.
pub(super) fn read(
    table: &Section<'_, '_>,
    keys: &RuleKeys<'_>,
    apical: bool,
    registry: &Registry,
) -> Result<Option<ProjectionRule>, ModelError> {
    let rule = keys.rule;
    if rule != Some("expression") && (keys.post.is_some() || keys.pre.is_some()) {
        let found = rule.map_or_else(|| "none".to_owned(), |rule| format!("{rule:?}"));
        let why = format!("expected `rule` \"expression\" with `post` and `pre`, found {found}");
        return Err(table.refused(&["post", "pre"], why));
    }
    let Some(name) = rule else { return Ok(None) };
    if !registry.takes_rule(name) {
        let rules = registry.rules();
        let suggestion = nearest(name, rules.iter().copied());
        return Err(table.value(table.at("rule"), "rule", &one_of(&rules), &format!("{name:?}"), suggestion));
    }
    let why = match name {
        "mirror" | "inverse" if !apical => "on an apical compartment, found it on another",
        "two-phase" if apical => "on feedforward weights, found it on an apical compartment",
        "expression" => {
            let post = factor(table, "post", keys.post)?;
            let pre = factor(table, "pre", keys.pre)?;
            return Ok(Some(ProjectionRule::Expression(Factors { post, pre })));
        }
        _ => return Ok(Some(ProjectionRule::Named(name.to_owned()))),
    };
    Err(table.refused(&["rule"], format!("expected `rule` \"{name}\" {why}")))
}

fn factor(table: &Section<'_, '_>, key: &'static str, text: Option<&str>) -> Result<String, ModelError> {
    let text = text.ok_or_else(|| table.missing(key, "an expression of local signals"))?;
    match Formula::parse(text, &signals::PHASES) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            let why = format!("`{key}` in {}: {error}", table.title());
            Err(ModelError::refused(table.at_character(key, error.offset), why))
        }
    }
}

/// Refuses signals of an expression that are not measured of their population.
pub(super) fn check_signals(
    table: &Section<'_, '_>,
    projection: &Projection,
    populations: &[Population],
    projections: &[Projection],
) -> Result<(), ModelError> {
    let Some(Factors { post, pre }) = projection.rule.as_ref().and_then(ProjectionRule::factors) else { return Ok(()) };
    for (key, text, population) in [("post", post, projection.to.0), ("pre", pre, projection.from.0)] {
        let Ok(formula) = Formula::parse(text, &signals::PHASES) else { continue };
        let lacks = |m: Measurement| signals::lacks(populations, projections, population, m);
        let missing = formula.measurements().find_map(|(m, offset)| Some((m, offset, lacks(m)?)));
        let Some((measurement, offset, why)) = missing else { continue };
        let (signal, population) = (measurement.name(&signals::PHASES), &populations[population].name);
        let title = table.title();
        let why = format!(
            "`{key}` in {title}: expected signals that are measured, found `{signal}` of {population:?}, {why}"
        );
        return Err(ModelError::refused(table.at_character(key, offset), why));
    }
    Ok(())
}
