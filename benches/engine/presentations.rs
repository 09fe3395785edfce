//! Whole presentations, as users run them.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use apical::data::{Dataset, StimulusLoader};
use apical::engine::{Circuit, Precision, Work};
use apical::model::Model;
use apical::network::Network;
use apical::record::hdf5::{Provenance, RunFile};
use apical::record::{Planned, PresentationKind, Recorder};
use apical::training::{Monitor, NetworkDynamics, Plan, Plasticity, Test, Trainer, Training};

use crate::machine::Machine;
use crate::medians;

const REPETITIONS: usize = 9;

/// A model with overrides and its data.
pub(crate) struct Bench {
    model: Model,
    data: Dataset,
}

impl Bench {
    /// A shipped model with these keys set.
    pub(crate) fn new(name: &str, overrides: &[&str]) -> Self {
        let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        let model = Model::load(Path::new(name), &overrides).expect("a shipped model");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/mnist");
        let data = StimulusLoader { folder: Some(&folder), ..StimulusLoader::of(&model) }.load().expect("MNIST");
        Self { model, data }
    }

    fn network(&self) -> Network {
        Network::new(&self.model, 1, |_| Ok::<_, Infallible>(Vec::new())).expect("weights from the formula")
    }

    /// A run that goes on by `examples` presentations at each call, and gives the time of one [s].
    pub(crate) fn training(&self, examples: u64, mut recorder: Option<RunFile>) -> impl FnMut() -> f64 {
        let mut trainer = Trainer::new(&self.model, self.network(), 1).unwrap();
        move || {
            let presentations = trainer.history().examples_seen + examples;
            let plan = Plan { presentations, test_examples: 0, plasticity: Plasticity::On };
            let recorder: &mut dyn Recorder = match &mut recorder {
                Some(file) => file,
                None => &mut (),
            };
            let start = Instant::now();
            trainer.run(&self.data, plan, recorder, &mut Clock(start)).expect("a run");
            start.elapsed().as_secs_f64() / examples as f64
        }
    }

    /// A test of `examples` images, and the time of one [s].
    pub(crate) fn testing(&self, examples: usize) -> impl FnMut() -> f64 {
        let circuit = Arc::new(Circuit::new(&self.model, 1, Precision::Single).expect("a layout"));
        let network = self.network();
        move || {
            let test = Test {
                model: &self.model,
                circuit: &circuit,
                dynamics: NetworkDynamics::Spiking,
                network: &network,
                shown: &self.data.evaluation,
                examples,
                passes: 1,
                index: 0,
                clock_ms: 0.0,
            };
            let start = Instant::now();
            test.run(&mut (), &mut ()).expect("a test");
            start.elapsed().as_secs_f64() / examples as f64
        }
    }

    /// Work of a training presentation, mean of `examples`.
    pub(crate) fn work(&self, examples: u64) -> [f64; 5] {
        let mut trainer = Trainer::new(&self.model, self.network(), 1).unwrap();
        let plan = Plan { presentations: examples, test_examples: 0, plasticity: Plasticity::On };
        trainer.run(&self.data, plan, &mut (), &mut ()).expect("a run");
        let Work { input_spikes, candidates, spikes, synaptic_events, rows_updated, .. } = trainer.work();
        [input_spikes, candidates, spikes, synaptic_events, rows_updated].map(|count| count as f64 / examples as f64)
    }
}

struct Clock(Instant);

impl Monitor for Clock {
    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Runs on a pool of this many threads.
pub(crate) fn on_threads<T: Send>(threads: usize, job: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(job)
}

/// Time and work of a presentation of each network.
pub(crate) fn table(machine: &Machine) {
    println!("presentations             ms   input   cand.  spikes  syn. events   rows   floor ms   of floor");
    let rows = [
        ("784-10, train", "g17-784-10"),
        ("784-500-10, train", "g17-784-500-10"),
        ("784-500-100-10, train", "g17-784-500-100-10"),
    ];
    for (title, name) in rows {
        let bench = Bench::new(name, &[]);
        let ms = 1e3 * on_threads(1, || medians(REPETITIONS, &mut [&mut bench.training(200, None)])[0]);
        let [input, candidates, spikes, events, rows] = bench.work(200);
        let floor = 1e3 * machine.floor(events);
        let share = ms / floor;
        println!(
            "{title:<22}{ms:>8.3}{input:>8.0}{candidates:>8.0}{spikes:>8.0}{events:>13.0}{rows:>7.0}{floor:>11.3}{share:>9.1} x"
        );
    }
    let bench = Bench::new("g17-784-500-10", &[]);
    let ms = 1e3 * on_threads(1, || medians(REPETITIONS, &mut [&mut bench.testing(100)])[0]);
    println!("{:<22}{ms:>8.3}\n", "784-500-10, test");
}

/// How the time of a training presentation changes, as ratios to 784-500-10 in the same turn.
pub(crate) fn scaling() {
    let name = "g17-784-500-10";
    let base = Bench::new(name, &[]);
    let variants = [
        ("784-500-100-10", Bench::new("g17-784-500-100-10", &[])),
        ("784-4000-10", Bench::new(name, &["population.hidden.size=4000"])),
        ("input at a tenth of the rates", Bench::new(name, &["population.input.phi_max_hz=20"])),
        ("g_a = 0.05", Bench::new(name, &["population.hidden.g_a_per_ms=0.05"])),
    ];
    println!("scaling                            of the time of 784-500-10");
    for (title, bench) in &variants {
        let times = on_threads(1, || {
            medians(REPETITIONS, &mut [&mut base.training(100, None), &mut bench.training(100, None)])
        });
        println!("{title:<32}{:>6.2}", times[1] / times[0]);
    }
    let mut recorded = Bench::new(name, &[]);
    recorded.model.record("hidden,output").expect("populations");
    let folder = std::env::temp_dir().join(format!("apical-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let planned = Planned::assumed(&recorded.model, PresentationKind::Train, 0..1000, 60_000);
    let file =
        RunFile::create(&folder.join("run.h5"), &recorded.model, &Provenance::default(), &planned).expect("a run file");
    // Long enough for the weights, which are kept at both ends of a run, not to count.
    let times = on_threads(1, || {
        medians(REPETITIONS, &mut [&mut base.training(1000, None), &mut recorded.training(1000, Some(file))])
    });
    println!("{:<32}{:>6.2}\n", "all hidden and output spikes kept", times[1] / times[0]);
    std::fs::remove_dir_all(&folder).expect("the folder");
}

/// How much faster two threads are.
pub(crate) fn threads() {
    let test = Bench::new("g17-784-500-10", &[]);
    let batch = Bench::new("g17-784-500-10", &["learning.batch=16"]);
    println!("threads                                2 threads against 1");
    let faster = |job: &(dyn Fn() -> f64 + Sync)| {
        let times = medians(REPETITIONS, &mut [&mut || on_threads(1, job), &mut || on_threads(2, job)]);
        times[0] / times[1]
    };
    println!("{:<32}{:>6.2} x", "test", faster(&|| test.testing(400)()));
    println!("{:<32}{:>6.2} x\n", "train, batch = 16", faster(&|| batch.training(800, None)()));
}
