//! What initial `weights` of a `[[projection]]` must be together with its other keys.

use crate::model::error::ModelError;
use crate::model::text::Section;
use crate::model::{Population, Projection, Sign, WeightInit};

/// Moments of the weights from those of the potential: refused unless W_2 − W_avg² > 0.
///
/// With W_avg = (V_avg − b_avg)/(ν N V_avg) and W_2 of Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901, most of it
/// cancels: W_2 − W_avg² = V_sd² (1 − (V_avg − b_avg)²/(N V_avg²))/(N ν² V_2).
pub(super) fn check_moments(
    table: &Section<'_, '_>,
    projection: &Projection,
    populations: &[Population],
) -> Result<(), ModelError> {
    let WeightInit::Moments { v_avg, b_avg, .. } = projection.weights else { return Ok(()) };
    let fan_in = projection.fan_in(populations);
    let (wanted, room) = ((v_avg - b_avg).powi(2), fan_in as f64 * v_avg.powi(2));
    if wanted < room {
        return Ok(());
    }
    let why = format!(
        "expected (`v_avg` - `b_avg`)^2 below `fan_in` * `v_avg`^2, or no weights have these moments; found {wanted} and {room}"
    );
    Err(table.inner("weights")?.refused(&["v_avg", "b_avg", "fan_in"], why))
}

/// Refuses initial weights that cannot have the sign of their projection, or have it by no more than chance, ends of a range in the
/// wrong order, and bounds that leave next to nothing of it.
pub(super) fn check_sign(table: &Section<'_, '_>, sign: Sign, weights: &WeightInit) -> Result<(), ModelError> {
    if let WeightInit::Uniform { low, high } = weights
        && low > high
    {
        let why = format!("expected `low` of at most `high`, found {low} and {high}");
        return Err(table.inner("weights")?.refused(&["low"], why));
    }
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
        WeightInit::Lognormal { .. } | WeightInit::Run { .. } | WeightInit::Npy { .. } | WeightInit::List => None,
    };
    if let Some(expected) = expected {
        return Err(table.refused(&["weights", "sign"], format!("`sign` \"{}\" needs {expected}", sign.name())));
    }
    let share = weights.drawn(sign).map_or(1.0, |weights| weights.share());
    let Some((key, why)) = weights.bounds().conflict(share) else { return Ok(()) };
    Err(table.inner("weights")?.refused(&[key], why))
}
