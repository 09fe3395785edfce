//! Measured rates and answers against those of the rate twins.

use super::trial::TrialResponse;
use crate::analysis::Regression;
use crate::model::Model;
use crate::training::answer;

/// Potentials and rates of a twin for one image.
pub(super) struct TwinResponse {
    pub(super) v: Vec<Vec<f64>>,
    /// [1/ms].
    pub(super) rates: Vec<Vec<f64>>,
}

/// Rates of a population, over all neurons and images [Hz].
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// Population.
    pub population: usize,
    /// Mean rate measured [Hz].
    pub measured_hz: f64,
    /// Mean rate of the noiseless twin [Hz].
    pub noiseless_hz: f64,
    /// Mean rate of the diffusion twin [Hz].
    pub diffusion_hz: f64,
    /// Root mean square, over neurons, of the measured mean over images less the diffusion twin's [Hz].
    pub off_hz: f64,
    /// What of that is the chance of Poisson counts [Hz].
    pub chance_hz: f64,
    /// Each neuron's mean over images: of the diffusion twin, measured [Hz].
    pub neurons: Vec<[f64; 2]>,
}

/// Answers and rates against the noiseless twin, for phases of one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Length of the phase [ms].
    pub length_ms: f64,
    /// Share of images answered as the twin does [%].
    pub same_answer_percent: f64,
    /// One for each population but the input.
    pub populations: Vec<RateAgreement>,
}

/// How close the rates of a population, neuron by neuron and image by image, are to the noiseless twin's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateAgreement {
    /// Population.
    pub population: usize,
    /// Slope of the measured rate on the twin's.
    pub slope: f64,
    /// Their correlation.
    pub correlation: f64,
    /// Root mean square difference [Hz].
    pub rms_hz: f64,
    /// Root mean square difference between the two twins: the bias that no duration takes away [Hz].
    pub floor_hz: f64,
}

/// The populations whose potentials and rates are compared: those that are no sources.
pub(super) fn compared(model: &Model) -> Vec<usize> {
    (0..model.populations.len()).filter(|&at| !model.populations[at].is_source()).collect()
}

/// Accumulates measured rates and those of the twins over images.
pub(super) struct TwinComparison<'a> {
    model: &'a Model,
    /// Noiseless and diffusion, by image.
    twins: &'a [Vec<TwinResponse>; 2],
    /// Populations that are no sources.
    compared: Vec<usize>,
    /// Of each of them: sums over images of measured and both twins' rates, by neuron.
    sums: Vec<Vec<[f64; 3]>>,
    pairs: Vec<Regression>,
    floors: Vec<Regression>,
    same: u32,
    images: u32,
    /// Over which rates are means [ms].
    window_ms: f64,
}

impl<'a> TwinComparison<'a> {
    pub(super) fn new(model: &'a Model, twins: &'a [Vec<TwinResponse>; 2]) -> Self {
        let compared = compared(model);
        Self {
            model,
            twins,
            sums: compared.iter().map(|&at| vec![[0.0; 3]; model.populations[at].size]).collect(),
            pairs: vec![Regression::default(); compared.len()],
            floors: vec![Regression::default(); compared.len()],
            compared,
            same: 0,
            images: 0,
            window_ms: 0.0,
        }
    }

    /// Adds the response to an image that was presented for `length` ms.
    pub(super) fn add(&mut self, image: usize, shown: &TrialResponse, length: f64) {
        let settle = self.model.phases().settle;
        self.window_ms = length - settle;
        let [noiseless, diffusion] = self.twins.each_ref().map(|twin| &twin[image]);
        let decoded = self.model.decoded().map(|(population, _)| population.0);
        let mut decoded_rates = Vec::new();
        for (at, &population) in self.compared.iter().enumerate() {
            let mut rates = vec![0.0; self.model.populations[population].size];
            for spike in shown.spikes[population].iter().filter(|spike| spike.time >= settle) {
                rates[spike.neuron as usize] += 1.0 / self.window_ms;
            }
            let sums = &mut self.sums[at];
            let steady = noiseless.rates[population].iter().zip(&diffusion.rates[population]);
            for ((&measured, (&noiseless, &diffusion)), sums) in rates.iter().zip(steady).zip(sums) {
                self.pairs[at].add(1e3 * noiseless, 1e3 * measured);
                self.floors[at].add(1e3 * noiseless, 1e3 * diffusion);
                for (sum, rate) in sums.iter_mut().zip([measured, noiseless, diffusion]) {
                    *sum += 1e3 * rate;
                }
            }
            if decoded == Some(population) {
                decoded_rates = rates;
            }
        }
        if let Some(decoded) = decoded {
            let found = answer(self.model, &shown.v[decoded], &decoded_rates);
            self.same += u32::from(found == answer(self.model, &noiseless.v[decoded], &noiseless.rates[decoded]));
        }
        self.images += 1;
    }

    /// Rates over all images.
    pub(super) fn rates(&self) -> Vec<Rates> {
        let images = f64::from(self.images);
        let of = |(at, sums): (usize, &Vec<[f64; 3]>)| {
            let n = sums.len() as f64;
            let mean = |which: usize| sums.iter().map(|sum| sum[which]).sum::<f64>() / (n * images);
            let off = sums.iter().map(|[measured, _, diffusion]| ((measured - diffusion) / images).powi(2));
            // The variance of a rate from a Poisson count over the window is the rate over the window.
            let chance = mean(0) * 1e3 / (images * self.window_ms);
            Rates {
                population: self.compared[at],
                measured_hz: mean(0),
                noiseless_hz: mean(1),
                diffusion_hz: mean(2),
                off_hz: (off.sum::<f64>() / n).sqrt(),
                chance_hz: chance.sqrt(),
                neurons: sums.iter().map(|sum| [sum[2] / images, sum[0] / images]).collect(),
            }
        };
        self.sums.iter().enumerate().map(of).collect()
    }

    /// Answers and rates against the noiseless twin.
    pub(super) fn agreement(&self, length_ms: f64) -> Agreement {
        let close = |(at, (pairs, floor)): (usize, (&Regression, &Regression))| RateAgreement {
            population: self.compared[at],
            slope: pairs.slope(),
            correlation: pairs.correlation(),
            rms_hz: pairs.rms(),
            floor_hz: floor.rms(),
        };
        Agreement {
            length_ms,
            same_answer_percent: if self.model.classes() > 0 {
                100.0 * f64::from(self.same) / f64::from(self.images)
            } else {
                f64::NAN
            },
            populations: self.pairs.iter().zip(&self.floors).enumerate().map(close).collect(),
        }
    }
}
