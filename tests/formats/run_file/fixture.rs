//! A small model, and presentations of it as an engine might hand them over.

use std::f64::consts::TAU;
use std::sync::Arc;

use apical::cells::{Cell, OutputNeuron, PoissonEncoder, Pyramidal};
use apical::data::DataPlace;
use apical::engine::Observation;
use apical::model::{
    BiasInit, Carries, CompartmentId, Compression, Connection, CreditRecording, Decoding, HiddenError, Learning, Model,
    Population, PopulationId, PortId, PresentationRange, Projection, Protocol, Recording, Rule, Schedule, Sign, Slope,
    Snapshots, Stimuli, TwoPhaseProtocol, WeightInit,
};
use apical::network::{Network, Weights};
use apical::protocol::{Sampling, Spike};
use apical::record::hdf5::Provenance;
use apical::record::{Evaluation, Planned, Presentation, PresentationKind, RecordError, Recorder};

pub(crate) const SIZES: [usize; 3] = [12, 5, 3];

/// 12 inputs, 5 pyramidal cells, 3 outputs; all is recorded of presentations 0 to 19.
pub(crate) fn model() -> Model {
    let ids = [0, 1, 2].map(PopulationId);
    let bias = Some(BiasInit::Uniform { mean: 0.0, sd: 0.0 });
    let cells: [(&str, Arc<dyn Cell>, _); 3] = [
        ("input", Arc::new(PoissonEncoder::default()), None),
        ("hidden", Arc::new(pyramidal()), bias.clone()),
        ("output", Arc::new(OutputNeuron::default()), bias),
    ];
    let populations = cells.into_iter().zip(SIZES).map(|((name, cell, bias), size)| Population {
        name: name.into(),
        size,
        cell,
        bias,
        stimulus: None,
    });
    Model {
        name: "small".into(),
        about: "μ".repeat(50_000),
        populations: populations.collect(),
        projections: vec![
            projection("input-hidden", 0, 1, PortId(0)),
            projection("hidden-output", 1, 2, PortId(0)),
            projection("output-hidden", 2, 1, PortId(1)),
        ],
        protocol: Protocol::TwoPhase(TwoPhaseProtocol {
            forward: 50.0,
            target: 50.0,
            test: 250.0,
            settle: 30.0,
            target_settle: 30.0,
            wald_mean: 2.0,
            wald_scale: 1.0,
        }),
        learning: Learning {
            rule: Rule::TwoPhase,
            momentum: 0.0,
            batch: 1,
            epochs: 1,
            schedule: Schedule::Constant,
            hidden_error: HiddenError::Plateaus,
            output_slope: Slope::Sigmoid,
            centring: 0,
        },
        decoding: Decoding::Potential,
        stimuli: Stimuli::default(),
        interventions: Vec::new(),
        recording: Recording {
            spikes: ids.to_vec(),
            plateaus: vec![ids[1]],
            traces: vec![
                (ids[1], vec![CompartmentId(0), CompartmentId(2)]),
                (ids[2], vec![CompartmentId(0), CompartmentId(1)]),
            ],
            spiking_neurons: Vec::new(),
            traced_neurons: Vec::new(),
            presentations: vec![PresentationRange { first: 0, end: Some(20) }],
            times: Vec::new(),
            report_dt: 0.5,
            snapshots: Snapshots::Ends,
            credit: CreditRecording::Unmeasured,
            compression: Compression::None,
        },
    }
}

fn pyramidal() -> Pyramidal {
    Pyramidal { g_a: 0.05, plateau_sd: 3.0, plateau_longest: 5.0, ..Pyramidal::default() }
}

fn projection(name: &str, from: usize, to: usize, port: PortId) -> Projection {
    Projection {
        name: name.into(),
        from: PopulationId(from),
        to: PopulationId(to),
        port,
        connection: Connection::default(),
        delay: 1.0.into(),
        storage: None,
        short_term: None,
        plasticity: None,
        dendritic_share: 0.0,
        normalise: None,
        weights: WeightInit::Moments {
            fan_in: Some(12),
            v_avg: 3.0,
            v_sd: 3.0,
            b_avg: 0.0,
            scale: 1.0,
            kept: 1.0,
            shared_in_class: false,
        },
        sign: Sign::Any,
        learning_rate: 0.1,
        carries: Carries::Spikes,
        rule: None,
    }
}

/// Twenty presentations, as many as the model records.
pub(crate) fn planned(kind: PresentationKind) -> Planned {
    Planned::assumed(&model(), kind, 0..20, 60_000)
}

pub(crate) fn provenance() -> Provenance {
    Provenance {
        edited: false,
        apical_version: "0.1.0".into(),
        git_commit: "0123abc".into(),
        seed: u64::MAX,
        command_line: "apical train small.toml".into(),
        data_source: Some(DataPlace { named: "data".into(), absolute: "/home/data".into() }),
        data_sha256: "00ff  train-images\n11ee  train-labels\n".into(),
        start_time: "2025-01-01T12:00:00Z".into(),
        kind: "rate".into(),
        frozen_after: None,
    }
}

/// Weights that tell where they stand: post + pre/100 + `shift`.
pub(crate) fn network(shift: f32) -> Network {
    let matrix = |post: usize, pre: usize| {
        let values = (0..post * pre).map(|k| (k / pre) as f32 + (k % pre) as f32 / 100.0 + shift);
        Weights::from_matrix(post, pre, &values.collect::<Vec<_>>()).into()
    };
    Network {
        synapses: vec![matrix(5, 12), matrix(3, 5), matrix(5, 3)],
        biases: vec![vec![], vec![shift; 5], vec![-shift; 3]],
    }
}

/// How long before the end of the forward and the target phase the plateau of hidden neuron i happens [ms].
pub(crate) fn leads(i: usize) -> [f32; 2] {
    [i as f32 / 4.0, 5.0 - i as f32 / 2.0]
}

/// What neuron i fires in presentation `index`: one spike at a time of its own, inputs two.
pub(crate) fn observation(kind: PresentationKind, index: u64, sampling: Option<Sampling>) -> Observation {
    let wald = 2.0 + 0.37 * (index % 5) as f64;
    let (forward_ms, target_ms) =
        if kind == PresentationKind::Train { (50.0 + wald, 50.0 + wald / 3.0) } else { (250.0, 0.0) };
    let spikes = SIZES.iter().enumerate().map(|(p, &n)| {
        let rounds = if p == 0 { 2 } else { 1 };
        let spike = |k| Spike { time: 0.1 + f64::from(k) * 1.7 + index as f64 * 0.01, neuron: k % n as u32 };
        (0..rounds * n as u32).map(spike).collect()
    });
    let alphas = |shown: bool| if shown { (0..5).map(|i| i as f32 / 5.0).collect() } else { Vec::new() };
    let early = |phase: usize, shown: bool| if shown { (0..5).map(|i| leads(i)[phase]).collect() } else { Vec::new() };
    let traces = |n: usize, elements: usize| {
        let Some(Sampling { first, every }) = sampling else { return Vec::new() };
        let times = (0..).map(|k| first + f64::from(k) * every).take_while(|&t| t < forward_ms + target_ms);
        times.flat_map(|t| (0..n * elements).map(move |e| e as f32 + (t / 100.0 * TAU).sin() as f32 / 4.0)).collect()
    };
    Observation {
        marks: Vec::new(),
        phases_ms: [forward_ms, target_ms].into_iter().filter(|length| *length > 0.0).collect(),
        spikes: spikes.collect(),
        plateaus: vec![vec![], vec![alphas(true), alphas(target_ms > 0.0)], vec![]],
        plateau_lead_ms: vec![vec![], vec![early(0, true), early(1, target_ms > 0.0)], vec![]],
        traces: vec![vec![], traces(5, 3), traces(3, 2)],
    }
}

/// A run that shows presentations and keeps the clock.
#[derive(Default)]
pub(crate) struct Clock {
    pub(crate) now: f64,
    shown: [u64; 2],
}

impl Clock {
    pub(crate) fn show(
        &mut self,
        recorder: &mut impl Recorder,
        kind: PresentationKind,
        count: u64,
    ) -> Result<(), RecordError> {
        (0..count).try_for_each(|_| self.show_together(recorder, kind, 1))
    }

    /// Shows presentations as a batch does: the grid is asked for of all of them before the first is handed over.
    pub(crate) fn show_together(
        &mut self,
        recorder: &mut impl Recorder,
        kind: PresentationKind,
        count: u64,
    ) -> Result<(), RecordError> {
        let mut batch = Vec::new();
        for _ in 0..count {
            let index = self.shown[kind as usize];
            let observed = observation(kind, index, recorder.sampling(kind, index, self.now));
            batch.push((index, self.now, observed));
            let (_, _, observed) = &batch[batch.len() - 1];
            self.now = observed.phases_ms.iter().fold(self.now, |now, length| now + length);
            self.shown[kind as usize] += 1;
        }
        batch.iter().try_for_each(|(index, start_ms, observed)| {
            let (index, start_ms, image, decoded) = (*index, *start_ms, *index as u32 * 10, 4);
            let label = (index % 7 != 6).then_some(3);
            recorder.presentation(Presentation { kind, index, image, label, decoded, start_ms, cut_ms: 0.0, observed })
        })
    }
}

pub(crate) fn evaluation(examples_seen: u64) -> Evaluation {
    Evaluation { examples_seen, test_error: 12.5, train_error: 13.25, loss: f64::NAN, seconds: 0.5 }
}
