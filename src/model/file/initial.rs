//! Initial biases and weights: drawn, or read from a file.
//!
//! | `bias.from` | keys |
//! |---|---|
//! | `uniform` (default) | `mean` 0.8, `sd` 0.001 |
//! | `constant` | `value` |
//! | `normal` | `mean`, `sd` |
//! | `run` | `path`, `snapshot` "final" |
//! | `npy` | `path` |
//!
//! | `weights.from` | keys |
//! |---|---|
//! | `moments` (default) | `v_avg` 3, `v_sd` 3, `b_avg` 0.8, `scale` 0.5, `fan_in`, `kept` 1, `shared_in_class` false |
//! | `constant` | `value` |
//! | `normal` | `mean`, `sd` |
//! | `lognormal` | `mu`, `sigma`: mean and standard deviation of ln \|w\| |
//! | `uniform` | `low`, `high` |
//! | `transpose` | `noise_sd` 0; of feedback alone |
//! | `run` | `path`, `snapshot` "final" |
//! | `npy` | `path` |
//!
//! A rule of rates (`[learning] rule`) takes weights and biases of forward projections from files, and draws all others as its
//! own: what says how to draw them is for the two-phase rule.

use std::path::PathBuf;

use crate::model::error::ModelError;
use crate::model::expected::above;
use crate::model::reader::Reader;
use crate::model::{BiasInit, Sign, WeightInit};

/// Largest potential, weight factor and such that a file may give, in the model's dimensionless volts.
pub(super) const LARGEST_POTENTIAL: f64 = 1000.0;

/// Largest mean and spread of the logarithms of weights; a draw of nine spreads is still a finite f32.
const LARGEST_LOG: f64 = 8.0;

#[derive(Clone, Copy, PartialEq)]
enum From {
    Drawn,
    Constant,
    Normal,
    Lognormal,
    Uniform,
    Transpose,
    Run,
    Npy,
}

/// Keys of files alone.
const OF_FILES: [&str; 2] = ["path", "snapshot"];

/// Reads `from`, the first word being meant without it.
fn from(keys: &mut Reader<'_>, words: &[(&'static str, From)]) -> Result<From, ModelError> {
    let from = keys.word("from", words)?.unwrap_or(From::Drawn);
    if !matches!(from, From::Run | From::Npy) {
        let word = words.iter().find(|(_, other)| *other == from).map_or("", |(word, _)| word);
        refuse_file(keys, word)?;
    }
    Ok(from)
}

/// Refuses keys of a file where values are drawn, or transposed, for want of a `from` that names the kind of file.
fn refuse_file(keys: &Reader<'_>, from: &str) -> Result<(), ModelError> {
    let Some(key) = OF_FILES.into_iter().find(|key| keys.has(key)) else { return Ok(()) };
    let why = format!(
        "{}: `{key}` is of a file, and needs `from` \"npy\" or \"run\" beside it; found `from` \"{from}\"",
        keys.name()
    );
    Err(ModelError::refused(keys.at(key), why))
}

/// Reads `bias`.
pub(super) fn bias(keys: &mut Reader<'_>) -> Result<BiasInit, ModelError> {
    let mut keys = keys.inner("bias")?;
    let words = [
        ("uniform", From::Drawn),
        ("constant", From::Constant),
        ("normal", From::Normal),
        ("run", From::Run),
        ("npy", From::Npy),
    ];
    let from = from(&mut keys, &words)?;
    let bias = match from {
        From::Drawn => BiasInit::Uniform {
            mean: keys.number("mean", -LARGEST_POTENTIAL..=LARGEST_POTENTIAL)?.unwrap_or(0.8),
            sd: keys.number("sd", 0.0..=LARGEST_POTENTIAL)?.unwrap_or(0.001),
        },
        From::Run => BiasInit::Run { path: path(&mut keys)?, snapshot: snapshot(&mut keys)? },
        From::Npy => BiasInit::Npy { path: path(&mut keys)? },
        From::Constant => BiasInit::Constant { value: value(&mut keys, "value")? },
        From::Normal => BiasInit::Normal { mean: value(&mut keys, "mean")?, sd: spread(&mut keys)? },
        From::Lognormal | From::Uniform | From::Transpose => unreachable!("not among the words"),
    };
    keys.finish()?;
    Ok(bias)
}

/// Reads `weights`; `fan_in` is that of the moment formula unless the file gives another, `group` the number of
/// presynaptic neurons in a class.
pub(super) fn weights(keys: &mut Reader<'_>, fan_in: usize, group: usize) -> Result<WeightInit, ModelError> {
    let mut keys = keys.inner("weights")?;
    let words = [
        ("moments", From::Drawn),
        ("constant", From::Constant),
        ("normal", From::Normal),
        ("lognormal", From::Lognormal),
        ("uniform", From::Uniform),
        ("transpose", From::Transpose),
        ("run", From::Run),
        ("npy", From::Npy),
    ];
    let weights = match from(&mut keys, &words)? {
        From::Drawn => moments(&mut keys, fan_in, group)?,
        From::Transpose => {
            WeightInit::Transpose { noise_sd: keys.number("noise_sd", 0.0..=LARGEST_POTENTIAL)?.unwrap_or(0.0) }
        }
        From::Constant => WeightInit::Constant { value: value(&mut keys, "value")? },
        From::Normal => WeightInit::Normal { mean: value(&mut keys, "mean")?, sd: spread(&mut keys)? },
        From::Lognormal => {
            let mu = keys.number("mu", -LARGEST_LOG..=LARGEST_LOG)?;
            let sigma = keys.number("sigma", 0.0..=LARGEST_LOG)?;
            WeightInit::Lognormal {
                mu: mu.ok_or_else(|| keys.missing("mu", "the mean of ln |w|"))?,
                sigma: sigma.ok_or_else(|| keys.missing("sigma", "the standard deviation of ln |w|"))?,
            }
        }
        From::Uniform => uniform(&mut keys)?,
        From::Run => WeightInit::Run { path: path(&mut keys)?, snapshot: snapshot(&mut keys)? },
        From::Npy => WeightInit::Npy { path: path(&mut keys)? },
    };
    keys.finish()?;
    Ok(weights)
}

/// Moments of the weights from those of the potential: refused unless W_2 − W_avg² > 0.
///
/// With W_avg = (V_avg − b_avg)/(ν N V_avg) and W_2 of Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, most of it
/// cancels: W_2 − W_avg² = V_sd² (1 − (V_avg − b_avg)²/(N V_avg²))/(N ν² V_2).
fn moments(keys: &mut Reader<'_>, fan_in: usize, group: usize) -> Result<WeightInit, ModelError> {
    let volts = -LARGEST_POTENTIAL..=LARGEST_POTENTIAL;
    let v_avg = keys.number("v_avg", volts.clone())?.unwrap_or(3.0);
    let v_sd = keys.number("v_sd", above(0.0, LARGEST_POTENTIAL))?.unwrap_or(3.0);
    let b_avg = keys.number("b_avg", volts)?.unwrap_or(0.8);
    let scale = keys.number("scale", above(0.0, LARGEST_POTENTIAL))?.unwrap_or(0.5);
    let fan_in = keys.integer("fan_in", 1..=1_000_000_000)?.map_or(fan_in, |n| n as usize);
    let kept = keys.number("kept", above(0.0, 1.0))?.unwrap_or(1.0);
    let shared = if keys.boolean("shared_in_class")?.unwrap_or(false) { group } else { 1 };
    let (wanted, room) = ((v_avg - b_avg).powi(2), fan_in as f64 * v_avg.powi(2));
    if wanted >= room {
        let why = format!(
            "{}: expected (`v_avg` - `b_avg`)^2 below `fan_in` * `v_avg`^2, or no weights have these moments; \
             found {wanted} and {room}",
            keys.name()
        );
        return Err(ModelError::refused(keys.at_any(&["v_avg", "b_avg", "fan_in"]), why));
    }
    Ok(WeightInit::Moments { fan_in, v_avg, v_sd, b_avg, scale, kept, shared })
}

fn value(keys: &mut Reader<'_>, key: &'static str) -> Result<f64, ModelError> {
    let found = keys.number(key, -LARGEST_POTENTIAL..=LARGEST_POTENTIAL)?;
    found.ok_or_else(|| keys.missing(key, "a number"))
}

fn spread(keys: &mut Reader<'_>) -> Result<f64, ModelError> {
    keys.number("sd", 0.0..=LARGEST_POTENTIAL)?.ok_or_else(|| keys.missing("sd", "the standard deviation"))
}

fn uniform(keys: &mut Reader<'_>) -> Result<WeightInit, ModelError> {
    let (low, high) = (value(keys, "low")?, value(keys, "high")?);
    if low > high {
        let why = format!("{}: expected `low` of at most `high`, found {low} and {high}", keys.name());
        return Err(ModelError::refused(keys.at("low"), why));
    }
    Ok(WeightInit::Uniform { low, high })
}

/// Refuses initial weights that cannot have the sign of their projection, or have it by no more than chance.
pub(super) fn check_sign(keys: &Reader<'_>, sign: Sign, weights: &WeightInit) -> Result<(), ModelError> {
    let wrong = |key: &str, value: f64| (!sign.allows(value)).then(|| format!("`{key}` of this sign; found {value}"));
    let expected = match weights {
        _ if sign == Sign::Any => None,
        WeightInit::Moments { .. } => Some("`from` of another kind in `weights`: moments give both signs".to_owned()),
        WeightInit::Transpose { .. } => {
            Some("`from` of another kind in `weights`: a transpose follows others".to_owned())
        }
        WeightInit::Constant { value } => wrong("value", *value),
        WeightInit::Normal { mean, .. } => wrong("mean", *mean),
        WeightInit::Uniform { low, high } => wrong("low", *low).or_else(|| wrong("high", *high)),
        WeightInit::Lognormal { .. } | WeightInit::Run { .. } | WeightInit::Npy { .. } => None,
    };
    let Some(expected) = expected else { return Ok(()) };
    let why = format!("{}: `sign` \"{}\" needs {expected}", keys.name(), sign.name());
    Err(ModelError::refused(keys.at_any(&["weights", "sign"]), why))
}

fn path(keys: &mut Reader<'_>) -> Result<PathBuf, ModelError> {
    keys.path("path")?.ok_or_else(|| keys.missing("path", "the path of a file"))
}

fn snapshot(keys: &mut Reader<'_>) -> Result<String, ModelError> {
    Ok(keys.identifier("snapshot", "._-")?.unwrap_or("final").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree;

    fn read<T>(text: &str, of: impl Fn(&mut Reader<'_>) -> Result<T, ModelError>) -> Result<T, ModelError> {
        of(&mut Reader::new(&tree::document(text, "m").unwrap(), "[x]"))
    }

    #[test]
    fn without_a_word_they_are_the_papers() {
        assert_eq!(read("", bias).unwrap(), BiasInit::Uniform { mean: 0.8, sd: 0.001 });
        let (v_avg, v_sd, b_avg, scale) = (3.0, 3.0, 0.8, 0.5);
        let expected = WeightInit::Moments { fan_in: 784, v_avg, v_sd, b_avg, scale, kept: 1.0, shared: 1 };
        assert_eq!(read("", |keys| weights(keys, 784, 5)).unwrap(), expected);
    }

    #[test]
    fn files_are_named_with_their_snapshot() {
        let run = read("weights = { from = 'run', path = 'a.h5' }", |keys| weights(keys, 1, 1)).unwrap();
        assert_eq!(run, WeightInit::Run { path: "a.h5".into(), snapshot: "final".into() });
        let npy = read("bias = { from = 'npy', path = 'b.npy' }", bias).unwrap();
        assert_eq!(npy, BiasInit::Npy { path: "b.npy".into() });
        assert!(read("bias = { from = 'npy', path = '' }", bias).is_err());
        assert!(read("bias = { from = 'npy', path = 'b', mean = 1 }", bias).is_err());
    }

    #[test]
    fn a_file_without_its_kind_is_refused_with_what_is_missing() {
        let weights = |text: &str| read(text, |keys| weights(keys, 1, 1)).map(drop).unwrap_err().to_string();
        let bias = |text: &str| read(text, bias).map(drop).unwrap_err().to_string();
        for (message, from) in [
            (weights("weights = { path = 'w.npy' }"), "moments"),
            (weights("weights = { snapshot = 'final' }"), "moments"),
            (weights("weights = { from = 'transpose', path = 'w.npy' }"), "transpose"),
            (bias("bias = { path = 'b.npy' }"), "uniform"),
        ] {
            let expected = format!("needs `from` \"npy\" or \"run\" beside it; found `from` \"{from}\"");
            assert!(message.ends_with(&expected), "{message}");
        }
    }

    /// The moment formula as published, ν = 0.05 /ms.
    fn spread(n: f64, v_avg: f64, v_sd: f64, b_avg: f64) -> f64 {
        let (nu, v_2) = (0.05, v_avg * v_avg + v_sd * v_sd);
        let w_avg = (v_avg - b_avg) / (nu * n * v_avg);
        let w_2 = (v_2 + nu * nu * (n - n * n) * w_avg * w_avg * v_avg * v_avg
            - 2.0 * n * nu * b_avg * v_avg * w_avg
            - b_avg * b_avg)
            / (n * nu * nu * v_2);
        w_2 - w_avg * w_avg
    }

    #[test]
    fn moments_are_refused_where_the_published_formula_has_no_root() {
        for (n, v_avg, b_avg) in [(784, 3.0, 0.8), (1, 3.0, 0.8), (1, 1.0, -1.0), (5, 1.0, -1.0), (2, 0.5, 3.0)] {
            let text = format!("weights = {{ v_avg = {v_avg}, b_avg = {b_avg}, fan_in = {n} }}");
            let accepted = read(&text, |keys| weights(keys, 1, 1)).is_ok();
            assert_eq!(accepted, spread(f64::from(n), v_avg, 3.0, b_avg) > 0.0, "{text}");
        }
        assert!(read("weights = { v_avg = 0 }", |keys| weights(keys, 1, 1)).is_err());
    }
}
