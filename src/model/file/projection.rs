//! `[[projection]]`: synapses between populations, and what they must be together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::connection;
use super::plasticity;
use super::population::{self, refuse_file};
use super::rule::{self, RuleKeys};
use super::weights;
use crate::model::error::{ModelError, nearest, one_of};
use crate::model::registry::Registry;
use crate::model::text::Section;
use crate::model::{
    Carries, Connection, Delay, Edge, ExecutionOrder, Model, Normalisation, OnlinePlasticity, Population, PopulationId,
    PortId, Projection, ProjectionRule, Protocol, ShortTermPlasticity, Sign, Storage, WeightInit, feedforward_path,
};
use crate::units::{Duration, FactorText, LearningRate, Name, NumberOrTable, Share, SynapticWeight, tagged};

/// Most projections of a model: far beyond any circuit, and within what their checks of each other take.
const MOST_PROJECTIONS: usize = 10_000;

/// Shortest delay of a backward projection [ms]: a phase is simulated in windows as long as it.
const SHORTEST_BACKWARD_DELAY: f64 = 0.01;

/// A projection as files have it: between populations by their names.
///
/// ```
/// use apical::model::ProjectionSpec;
/// let projection = ProjectionSpec { learning_rate: 0.6, ..ProjectionSpec::new("input", "hidden", "basal") };
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectionSpec {
    /// Name of the presynaptic population.
    pub from: String,
    /// Name of the postsynaptic population.
    pub to: String,
    /// The port of the postsynaptic cells that it reaches; files of version 0.1 name it `compartment`, which is the same key.
    #[schemars(required)]
    pub port: Option<String>,
    /// Unique name; without it, FROM-TO.
    #[serde(default, with = "Name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which neurons it connects.
    #[serde(default, serialize_with = "tagged::by_kind", skip_serializing_if = "Connection::is_default")]
    pub connection: Connection,
    /// From spike to arrival [ms], a number or a table that says how to draw one of each synapse; without it, 0 forward and 1
    /// backward. It is below every phase.
    #[serde(default, rename = "delay_ms", serialize_with = "Delay::serialize_number")]
    #[schemars(with = "NumberOrTable<Duration, Delay>")]
    pub delay: Option<Delay>,
    /// Learning rate η; 0: the weights stay.
    #[serde(default, with = "LearningRate")]
    pub learning_rate: f64,
    /// Sign that all weights have, initially and after every change.
    #[serde(default)]
    pub sign: Sign,
    /// What it carries.
    #[serde(default)]
    pub carries: Carries,
    /// How synapses are stored; without it, "sparse" where delays differ, where a projection learns that does not connect all pairs of
    /// neurons, and where fewer than 12 in 100 are connected (3 in 100 onto pyramidal and output cells without a threshold), else
    /// "dense".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// Short-term facilitation and depression (Tsodyks, Uziel & Markram 2000), of synapses onto cells of kind "lif" or "compartments": a
    /// spike acts with the weight times the share of resources that it activates, `u` of them at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_term: Option<ShortTermPlasticity>,
    /// Plasticity between spikes, of synapses onto cells of kind "lif" or "compartments" in the protocol "continuous": weights change at
    /// each arrival and each postsynaptic spike. Initial weights beyond its bounds are set to them by the first change.
    #[serde(default, serialize_with = "tagged::some_by_kind", skip_serializing_if = "Option::is_none")]
    pub plasticity: Option<OnlinePlasticity>,
    /// The part of the delay, from 0 to 1, that lies between the synapse and the soma: where weights change by `plasticity`, a spike arrives at
    /// the synapse that much earlier than it acts, and postsynaptic spikes reach the synapse as much later.
    #[serde(default, rename = "dendritic_delay_share", with = "Share", skip_serializing_if = "is_none")]
    pub dendritic_share: f64,
    /// What keeps the sum of weights that change by `plasticity`, onto each neuron.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalise: Option<Normalisation>,
    /// The plasticity rule at the end of presentations: "two-phase" (of feedforward weights, meant without it), "mirror" or "inverse" (of apical
    /// compartments), "expression" with `post` and `pre`, or a rule that the program registers. Files of version 0.1 name the key
    /// `feedback_rule`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Postsynaptic factor of rule "expression", in local signals (docs/rules.md).
    #[serde(default, with = "FactorText", skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// Presynaptic factor of rule "expression".
    #[serde(default, with = "FactorText", skip_serializing_if = "Option::is_none")]
    pub pre: Option<String>,
    /// Initial weights; a number is the weight of all.
    #[serde(default, serialize_with = "tagged::by_from")]
    #[schemars(with = "NumberOrTable<SynapticWeight, WeightInit>")]
    pub weights: WeightInit,
}

impl ProjectionSpec {
    /// A projection to a port, all else as it is in a file without a word of it.
    pub fn new(from: impl Into<String>, to: impl Into<String>, port: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            port: Some(port.into()),
            name: None,
            connection: Connection::default(),
            delay: None,
            learning_rate: 0.0,
            sign: Sign::Any,
            carries: Carries::Spikes,
            storage: None,
            short_term: None,
            plasticity: None,
            dendritic_share: 0.0,
            normalise: None,
            rule: None,
            post: None,
            pre: None,
            weights: WeightInit::default(),
        }
    }
}

/// Whether a share is none, which is not written.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn is_none(share: &f64) -> bool {
    *share == 0.0
}

/// Writes a projection.
pub(super) fn written(model: &Model, projection: &Projection) -> ProjectionSpec {
    let name_of = |id: PopulationId| model.populations.get(id.0).map_or_else(String::new, |p| p.name.clone());
    let port = model.populations.get(projection.to.0).and_then(|to| to.cell.ports().get(projection.port.0).copied());
    let factors = projection.rule.as_ref().and_then(ProjectionRule::factors);
    ProjectionSpec {
        from: name_of(projection.from),
        to: name_of(projection.to),
        port: Some(port.map_or("none", |port| port.name).to_owned()),
        name: Some(projection.name.clone()),
        connection: projection.connection.clone(),
        delay: Some(projection.delay),
        learning_rate: projection.learning_rate,
        sign: projection.sign,
        carries: projection.carries,
        storage: projection.storage,
        short_term: projection.short_term,
        plasticity: projection.plasticity.clone(),
        dendritic_share: projection.dendritic_share,
        normalise: projection.normalise,
        rule: projection.rule.as_ref().map(|rule| rule.name().to_owned()),
        post: factors.map(|factors| factors.post.clone()),
        pre: factors.map(|factors| factors.pre.clone()),
        weights: projection.weights.clone(),
    }
}

/// Refuses a delay with which nothing would arrive in the phase in which it was fired: a test shows one phase, and what is on
/// its way at its end is lost.
pub(super) fn check_delays(
    tables: &[Section<'_, '_>],
    projections: &[Projection],
    protocol: &Protocol,
) -> Result<(), ModelError> {
    let Some(protocol) = protocol.two_phase() else { return Ok(()) };
    let phases = [("forward_ms", protocol.forward), ("target_ms", protocol.target), ("test_ms", protocol.test)];
    let [first, rest @ ..] = phases;
    let (key, shortest) = rest.into_iter().fold(first, |a, b| if b.1 < a.1 { b } else { a });
    let mut delayed = tables.iter().zip(projections);
    let Some((table, projection)) = delayed.find(|(_, projection)| projection.delay.smallest() >= shortest) else {
        return Ok(());
    };
    let why = format!(
        "expected `delay_ms` below the shortest phase, `{key}` of {shortest} ms in [protocol], or no spike arrives in the \
         phase in which it was fired; found {} ms: shorten the delay or lengthen the phase",
        projection.delay.smallest()
    );
    Err(table.refused(&["delay_ms"], why))
}

/// Reads all projections.
pub(super) fn all(
    tables: &[Section<'_, '_>],
    populations: &[Population],
    registry: &Registry,
) -> Result<Vec<Projection>, ModelError> {
    if let Some(table) = tables.get(MOST_PROJECTIONS) {
        let found = tables.len();
        let why = format!("expected at most {MOST_PROJECTIONS} [[projection]] tables, found {found}");
        return Err(ModelError::refused(table.header(), why));
    }
    let projections =
        tables.iter().map(|table| projection(table, populations, registry)).collect::<Result<Vec<_>, ModelError>>()?;
    check_order(tables, &projections, populations)?;
    for (table, projection) in tables.iter().zip(&projections) {
        check_follows(table, projection, &projections, populations)?;
        rule::check_signals(table, projection, populations, &projections)?;
    }
    Ok(projections)
}

/// Refuses cycles without delay over projections that drive somata, in which a spike could cause itself, and delays of those
/// that go back in the order in which populations advance that would make for very short windows.
fn check_order(
    tables: &[Section<'_, '_>],
    projections: &[Projection],
    populations: &[Population],
) -> Result<(), ModelError> {
    let drives = |p: &Projection| populations[p.to.0].cell.dynamics().is_driven_by(p.port.0) == Some(true);
    let driving: Vec<_> = tables.iter().zip(projections).filter(|(_, p)| drives(p)).collect();
    let edge = |p: &Projection| Edge { from: p.from.0, to: p.to.0, delay: p.delay.smallest() };
    let edges: Vec<_> = driving.iter().map(|(_, p)| edge(p)).collect();
    let is_source: Vec<_> = populations.iter().map(Population::is_source).collect();
    let expected = format!("expected `delay_ms` of at least {SHORTEST_BACKWARD_DELAY}");
    let order = match ExecutionOrder::new(&is_source, &edges) {
        Ok(order) => order.order,
        Err(cycle) => {
            let follows = |p: &Projection| {
                let place = cycle.iter().position(|&population| population == p.from.0);
                place.is_some_and(|place| cycle[(place + 1) % cycle.len()] == p.to.0)
            };
            let closing = driving.iter().rev().find(|(_, p)| p.delay.smallest() == 0.0 && follows(p));
            let names: Vec<_> = cycle.iter().chain(&cycle[..1]).map(|&p| populations[p].name.as_str()).collect();
            let why = format!(
                "closes a cycle of projections without delay, {}, in which a spike could cause itself: {expected}, found 0",
                names.join(" to ")
            );
            let (table, _) = closing.copied().unwrap_or(driving[0]);
            return Err(ModelError::refused(table.at_any(&["delay_ms"]), format!("{} {why}", table.title())));
        }
    };
    let place = |population: PopulationId| order.iter().position(|&p| p == population.0);
    let back = |p: &Projection| place(p.from) >= place(p.to);
    match driving.iter().find(|(_, p)| back(p) && p.delay.smallest() < SHORTEST_BACKWARD_DELAY) {
        Some((table, p)) => {
            let why = format!("{} goes backward: {expected}, found {}", table.title(), p.delay.smallest());
            Err(ModelError::refused(table.at_any(&["delay_ms"]), why))
        }
        None => Ok(()),
    }
}

/// Refuses feedback that should follow feedforward weights where there are none to follow.
fn check_follows(
    table: &Section<'_, '_>,
    projection: &Projection,
    projections: &[Projection],
    populations: &[Population],
) -> Result<(), ModelError> {
    let transposed = matches!(projection.weights, WeightInit::Transpose { .. });
    let follows = transposed || projection.rule.as_ref().is_some_and(|rule| rule.name() == "mirror");
    let path = feedforward_path(projections, projection.to, projection.from).filter(|_| follows);
    let of_transpose = path.iter().flatten().map(|id| &projections[id.0]).chain([projection]).filter(|_| transposed);
    if let Some(other) = of_transpose.into_iter().find(|other| !other.is_plain(populations)) {
        let why = format!("expected all-to-all dense synapses of {:?}, to take a transpose; found others", other.name);
        return Err(ModelError::refused(table.header(), why));
    }
    if !follows || path.is_some() {
        return Ok(());
    }
    let (to, from) = (&populations[projection.to.0].name, &populations[projection.from.0].name);
    let why =
        format!("expected one feedforward path from {to:?} to {from:?}, for feedback to follow; found none or several");
    Err(ModelError::refused(table.header(), why))
}

fn projection(
    table: &Section<'_, '_>,
    populations: &[Population],
    registry: &Registry,
) -> Result<Projection, ModelError> {
    if table.is_table("weights") {
        refuse_file(&table.inner("weights")?, "moments")?;
    }
    let keys: ProjectionSpec = table.read()?;
    let from = population::find(populations, &keys.from, || table.at("from"))?;
    let to = population::find(populations, &keys.to, || table.at("to"))?;
    let target = &populations[to.0];
    let port = port(table, keys.port.as_deref(), target)?;
    let apical = target.is_plateau_port(port);
    let (rule, post, pre) = (keys.rule.as_deref(), keys.post.as_deref(), keys.pre.as_deref());
    let rule_keys = RuleKeys { rule, post, pre };
    let projection = Projection {
        name: keys.name.clone().unwrap_or_else(|| format!("{}-{}", keys.from, keys.to)),
        from,
        to,
        port,
        connection: keys.connection.clone(),
        delay: keys.delay.unwrap_or(Delay::from(if from < to { 0.0 } else { 1.0 })),
        learning_rate: keys.learning_rate,
        sign: keys.sign,
        carries: keys.carries,
        storage: keys.storage,
        short_term: keys.short_term,
        plasticity: keys.plasticity.map(|plasticity| plasticity.found_in(registry.rule_registry())),
        dendritic_share: keys.dendritic_share,
        normalise: keys.normalise,
        rule: rule::read(table, &rule_keys, apical, registry)?,
        weights: keys.weights.clone(),
    };
    check_carries(table, &projection, &populations[from.0], target)?;
    check_learning(table, &projection, target)?;
    weights::check_moments(table, &projection, populations)?;
    weights::check_sign(table, projection.sign, &projection.weights)?;
    connection::check(table, &projection, populations)?;
    plasticity::check(table, &projection, target, registry)?;
    Ok(projection)
}

fn port(table: &Section<'_, '_>, name: Option<&str>, to: &Population) -> Result<PortId, ModelError> {
    let there: Vec<_> = to.cell.ports().iter().map(|port| port.name).collect();
    if there.is_empty() {
        let why = format!("expected a population that takes input, found {:?}, an encoder", to.name);
        return Err(table.refused(&["to"], why));
    }
    let expected = one_of(&there);
    let Some(name) = name else {
        return Err(table.missing("port", &expected));
    };
    to.port(name).ok_or_else(|| {
        let like = nearest(name, there).map_or_else(String::new, |like| format!("; did you mean `{like}`?"));
        table.refused(&["port"], format!("expected a port of {:?} ({expected}), found {name:?}{like}", to.name))
    })
}

/// Rates are known as means over a phase alone, which is all that plateaus need, but not somata.
fn check_carries(
    table: &Section<'_, '_>,
    projection: &Projection,
    from: &Population,
    to: &Population,
) -> Result<(), ModelError> {
    if projection.carries == Carries::Spikes {
        return Ok(());
    }
    if !from.has_twin() {
        let why = format!(
            "expected `carries = \"spikes\"` from {:?}, whose cells fire at no rate of their potential; found \"rates\"",
            from.name
        );
        return Err(table.refused(&["carries"], why));
    }
    let why = match to.linear().filter(|cell| cell.is_plateau_port(projection.port.0)) {
        Some(cell) => {
            let sd = cell.plateau.map_or(0.0, |plateau| plateau.times.sd);
            if cell.ports[projection.port.0].conductance == 0.0 && sd == 0.0 {
                return Ok(());
            }
            "expected `g_a_per_ms` and `plateau_sd_ms` 0 where feedback carries rates, for only their means are known"
        }
        None => "expected `carries = \"rates\"` on feedback to an apical compartment alone",
    };
    Err(table.refused(&["carries"], why))
}

/// Feedback learns by a rule of its own, or is the transpose of feedforward weights.
fn check_learning(table: &Section<'_, '_>, projection: &Projection, to: &Population) -> Result<(), ModelError> {
    let (rate, apical) = (projection.learning_rate, to.is_plateau_port(projection.port));
    let transpose = matches!(projection.weights, WeightInit::Transpose { .. });
    let (key, why) = if transpose && (!apical || projection.from <= projection.to) {
        let why = "expected `from = \"transpose\"` on feedback to an apical compartment, found it elsewhere";
        ("weights", why.to_owned())
    } else if transpose && rate != 0.0 {
        ("learning_rate", format!("expected `learning_rate` 0, for a transpose follows other weights; found {rate}"))
    } else if rate != 0.0 && !to.has_phase_means() {
        let why = "expected `learning_rate` 0 on a population of cells with currents or kernels of their own, for the means over phases \
                   that rules learn from are not measured on them";
        ("learning_rate", format!("{why}; found {rate}"))
    } else if apical && rate != 0.0 && projection.rule.is_none() {
        let why = "expected `learning_rate` 0 on an apical compartment, or a `rule` to learn by";
        ("learning_rate", format!("{why}; found {rate}"))
    } else {
        return Ok(());
    };
    Err(table.refused(&[key], why))
}
