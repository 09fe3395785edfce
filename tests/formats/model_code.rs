//! Models made in code: the same as those of files, and refused as those are.

use crate::circuit_code;
use apical::cells::{OutputNeuron, PoissonEncoder, Pyramidal, ThresholdSoma};
use apical::model::{
    BiasInit, Carries, Connection, ImageStimuli, Learning, Model, ModelBuilder, OnOff, ProjectionSpec, Registry, Rule,
    Schedule, Slope, Stimuli, TwoPhaseProtocol, WeightInit, shipped,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Values that the shipped networks vary.
struct Network {
    sizes: Vec<usize>,
    cell: Pyramidal,
    group: usize,
    rates: Vec<f64>,
    /// Of the first projection.
    input: Connection,
    /// Feedback to each hidden population.
    feedback: ProjectionSpec,
    protocol: TwoPhaseProtocol,
    learning: Learning,
    stimuli: Stimuli,
}

impl Network {
    fn of(sizes: &[usize], rates: &[f64]) -> Self {
        let schedule = Schedule::Exponential { factor_per_epoch: 0.9 };
        Self {
            sizes: sizes.to_vec(),
            cell: Pyramidal::default(),
            group: 1,
            rates: rates.to_vec(),
            input: Connection::default(),
            feedback: ProjectionSpec::new("", "", "apical"),
            protocol: TwoPhaseProtocol::default(),
            learning: Learning { epochs: 60, schedule, ..Learning::default() },
            stimuli: Stimuli::default(),
        }
    }

    /// Longer phases, and rates that fall to 0.
    fn settled(mut self) -> Self {
        self.protocol = TwoPhaseProtocol { forward: 110.0, settle: 70.0, target: 60.0, ..self.protocol };
        self.learning.schedule = Schedule::Linear;
        self
    }

    fn wide(input: usize, rates: &[f64], epochs: u32) -> Self {
        let mut network = Self::of(&[input, 1000, 50], rates).settled();
        network.group = 5;
        let weights = WeightInit::Moments {
            fan_in: None,
            v_avg: 3.0,
            v_sd: 3.0,
            b_avg: 0.8,
            scale: 0.1,
            kept: 1.0,
            shared_in_class: true,
        };
        let rule = Some("mirror".to_owned());
        network.feedback = ProjectionSpec { rule, learning_rate: 0.03, weights, ..network.feedback };
        network.learning = Learning { epochs, output_slope: Slope::Constant, centring: 1000, ..network.learning };
        network
    }

    fn builder(self, model: &Model) -> ModelBuilder {
        let hidden = self.sizes.len() - 2;
        let names: Vec<String> = match hidden {
            0 => vec!["input".into(), "output".into()],
            1 => vec!["input".into(), "hidden".into(), "output".into()],
            _ => vec!["input".into(), "hidden1".into(), "hidden2".into(), "output".into()],
        };
        let mut builder = Model::builder(&model.name).about(&model.about).population(
            "input",
            self.sizes[0],
            PoissonEncoder::default(),
        );
        for place in 1..=hidden {
            builder = builder.population(&names[place], self.sizes[place], self.cell);
        }
        let threshold = self.cell.threshold;
        let output = OutputNeuron { group: self.group, threshold, ..OutputNeuron::default() };
        builder = builder.population("output", self.sizes[hidden + 1], output).bias(BiasInit::default());
        for (place, rate) in self.rates.iter().enumerate() {
            let port = if place == hidden { "dendrite" } else { "basal" };
            let projection = ProjectionSpec::new(&names[place], &names[place + 1], port);
            let connection = if place == 0 { self.input.clone() } else { Connection::default() };
            builder = builder.projection(ProjectionSpec { learning_rate: *rate, connection, ..projection });
        }
        for place in 1..=hidden {
            let (from, to) = ("output".to_owned(), names[place].clone());
            builder = builder.projection(ProjectionSpec { from, to, ..self.feedback.clone() });
        }
        builder.protocol(self.protocol).learning(self.learning).stimuli(self.stimuli)
    }
}

fn moments(scale: f64, kept: f64) -> WeightInit {
    WeightInit::Moments { fan_in: None, v_avg: 3.0, v_sd: 3.0, b_avg: 0.8, scale, kept, shared_in_class: false }
}

/// The shipped model of this name, from its values.
fn in_code(name: &str) -> Network {
    let one = || Network::of(&[784, 500, 10], &[0.6, 0.05]);
    let two = || Network::of(&[784, 500, 100, 10], &[0.6, 0.6, 0.05]);
    let with = |feedback: &dyn Fn(ProjectionSpec) -> ProjectionSpec| {
        let network = one();
        Network { feedback: feedback(network.feedback.clone()), ..network }
    };
    match name {
        "g17-784-10" => Network::of(&[784, 10], &[0.05]),
        "g17-784-500-10" => one(),
        "g17-784-500-100-10" => two(),
        "g17-784-500-10-settled" => Network { rates: vec![1.5, 0.1], ..one() }.settled(),
        "g17-784-500-100-10-settled" => Network { rates: vec![1.5, 0.5, 0.1], ..two() }.settled(),
        "g17-784-500-10-sparse" => with(&|f| ProjectionSpec { weights: moments(2.5, 0.2), ..f }),
        "g17-784-500-10-sparse-weak" => with(&|f| ProjectionSpec { weights: moments(0.5, 0.2), ..f }),
        "g17-784-500-10-symmetric" => {
            with(&|f| ProjectionSpec { weights: WeightInit::Transpose { noise_sd: 0.0 }, ..f })
        }
        "g17-784-500-10-symmetric-noise" => {
            with(&|f| ProjectionSpec { weights: WeightInit::Transpose { noise_sd: 0.025 }, ..f })
        }
        "g17-784-500-10-plateau-times" => {
            Network { cell: Pyramidal { plateau_sd: 3.0, ..Pyramidal::default() }, ..one() }
        }
        "g17-784-500-10-rate-feedback" => with(&|f| ProjectionSpec { carries: Carries::Rates, ..f }),
        "g17-784-500-10-learned-feedback" => {
            with(&|f| ProjectionSpec { rule: Some("inverse".to_owned()), learning_rate: 0.01, ..f })
        }
        "g17-784-500-100-10-ga-005" => Network { cell: Pyramidal { g_a: 0.05, ..Pyramidal::default() }, ..two() },
        "g17-784-500-100-10-ga-060" => Network { cell: Pyramidal { g_a: 0.6, ..Pyramidal::default() }, ..two() },
        "g17-784-500-10-backprop" => {
            let mut network = Network { rates: vec![0.05, 0.05], ..one() };
            let rule = Rule::OfRates("backprop");
            network.learning = Learning {
                rule,
                momentum: 0.9,
                batch: 100,
                epochs: 12,
                schedule: Schedule::Linear,
                ..network.learning
            };
            network
        }
        "threshold-784-500-10" => {
            let cell = Pyramidal { threshold: Some(ThresholdSoma::default()), ..Pyramidal::default() };
            let mut network = Network { cell, ..one() };
            network.learning.epochs = 1;
            network
        }
        "sparse-784-500-10" => {
            let input = Connection::FixedInDegree { in_degree: 78, autapses: true, multapses: false };
            let mut network = Network { input, rates: vec![6.0, 0.05], ..one() };
            network.learning.epochs = 1;
            network
        }
        "g17-784-1000-10x5" => {
            let stimuli = Stimuli::Idx(ImageStimuli { shift: 1, ..ImageStimuli::default() });
            Network { stimuli, ..Network::wide(784, &[1.0, 0.1], 20) }
        }
        "g17-1568-1000-10x5" => {
            let on_off = Some(OnOff { surround: 2.0, gain: 3.0 });
            let mut network = Network::wide(1568, &[0.5, 0.1], 25);
            network.stimuli =
                Stimuli::Idx(ImageStimuli { shift: 1, shift_share: 0.4, on_off, ..ImageStimuli::default() });
            network.protocol.test = 500.0;
            network
        }
        _ => panic!("{name} is not built in code"),
    }
}

#[test]
fn every_shipped_model_equals_one_built_in_code() {
    for model in shipped::MODELS {
        let model = Model::load(model.name.as_ref(), &[]).unwrap();
        let builder = match circuit_code::builder(&model.name) {
            Some(circuit) => circuit.about(&model.about),
            None => in_code(&model.name).builder(&model),
        };
        assert_eq!(builder.build().unwrap(), model);
    }
}

#[test]
fn what_is_wrong_in_code_is_refused_as_in_a_file() {
    let small = |cell: Pyramidal| {
        Model::builder("small")
            .population("input", 4, PoissonEncoder::default())
            .population("hidden", 6, cell)
            .population("output", 2, OutputNeuron::default())
            .projection(ProjectionSpec::new("input", "hidden", "basal"))
            .projection(ProjectionSpec::new("hidden", "output", "dendrite"))
    };
    let refused = |builder: ModelBuilder| builder.build().unwrap_err().to_string();
    let message = refused(small(Pyramidal { g_a: 9.0, ..Pyramidal::default() }));
    let expected = "expected a number from 0 to 4, found 9.0";
    assert_eq!(message, format!("the model \"small\": `g_a_per_ms` in [[population]] \"hidden\": {expected}"));
    let message = refused(small(Pyramidal { tau_l: f64::NAN, ..Pyramidal::default() }));
    assert!(message.contains("`tau_l_ms`") && message.contains("found NaN"), "{message}");
    let message = refused(small(Pyramidal::default()).projection(ProjectionSpec::new("output", "hiden", "apical")));
    assert!(message.contains("no population `hiden`; did you mean `hidden`?"), "{message}");
    let message = refused(small(Pyramidal::default()).record("hiden"));
    assert!(message.contains("no population `hiden`"), "{message}");
    let mut model = small(Pyramidal::default()).build().unwrap();
    model.learning.batch = 0;
    let message = Registry::default().check(&model).unwrap_err().to_string();
    assert!(message.contains("`batch` in [learning]"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(8), failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    /// The text of a model made in code is that model, whatever its values.
    #[test]
    fn the_text_of_a_model_in_code_gives_that_model(
        phi_max in 1e-3..10.0_f64, tau_l in 4.0..1000.0_f64, g_a in 0.0..3.0_f64, rate in 0.0..1000.0_f64, size in 1..9_usize,
        noise in prop::option::of(0.0..9.0_f64), rates in prop::collection::vec(0.0..1e4_f64, 3), every in 1..u64::MAX,
    ) {
        let mut feedback = ProjectionSpec::new("output", "hidden", "apical");
        if let Some(noise_sd) = noise {
            feedback.weights = WeightInit::Transpose { noise_sd };
        }
        let source = apical::model::RateSource::Fixed(rates);
        let mut model = Model::builder("made")
            .population("input", 3, PoissonEncoder { phi_max })
            .population("hidden", size, Pyramidal { phi_max, tau_l, g_a, ..Pyramidal::default() })
            .population("output", 2, OutputNeuron::default())
            .projection(ProjectionSpec { learning_rate: rate, ..ProjectionSpec::new("input", "hidden", "basal") })
            .projection(ProjectionSpec::new("hidden", "output", "dendrite"))
            .projection(feedback)
            .stimuli(Stimuli::Rates { source, labels: None })
            .build()
            .unwrap();
        prop_assert_eq!(&Model::parse(&model.text(), "again", &[]).unwrap(), &model);
        model.recording.snapshots = apical::model::Snapshots::Presentations(every);
        let _ = model.text();
    }
}

#[test]
fn a_text_of_values_is_a_model_and_its_errors_name_no_lines() {
    let text = "name = \"made\"\nprotocol = { kind = \"continuous\" }\n\
                population = [{ name = \"cells\", size = 3, kind = \"pyramidal\" }]\n";
    let model = Model::of_values(text, "made", &["population.cells.size=4".to_owned()]).unwrap();
    assert_eq!(model, Model::parse(text, "made.toml", &["population.cells.size=4".to_owned()]).unwrap());
    let refused = Model::of_values(&text.replace("size", "sise"), "made", &[]).unwrap_err().to_string();
    assert!(refused.starts_with("the model \"made\": ") && refused.contains("sise"), "{refused}");
}
