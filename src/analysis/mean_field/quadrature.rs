//! Integrals by sums of few values.

/// Nodes and weights of Gauss and Legendre's rule of 16 points on [−1, 1], those above 0; the others are their mirror images.
const LEGENDRE: [[f64; 2]; 8] = [
    [0.095_012_509_837_637_44, 0.189_450_610_455_068_5],
    [0.281_603_550_779_258_9, 0.182_603_415_044_923_6],
    [0.458_016_777_657_227_4, 0.169_156_519_395_002_54],
    [0.617_876_244_402_643_7, 0.149_595_988_816_576_73],
    [0.755_404_408_355_003, 0.124_628_971_255_533_87],
    [0.865_631_202_387_831_7, 0.095_158_511_682_492_78],
    [0.944_575_023_073_232_6, 0.062_253_523_938_647_894],
    [0.989_400_934_991_649_9, 0.027_152_459_411_754_096],
];

/// Nodes and weights of Gauss and Hermite's rule of 9 points for the mean of a function of a standard normal number.
pub const HERMITE: [[f64; 2]; 9] = [
    [-4.512_745_863_399_783, 2.234_584_400_774_658_4e-5],
    [-3.205_429_002_856_47, 0.002_789_141_321_231_769],
    [-2.076_847_978_677_83, 0.049_916_406_765_217_87],
    [-1.023_255_663_789_132_5, 0.244_097_502_894_939_44],
    [0.0, 0.406_349_206_349_206_35],
    [1.023_255_663_789_132_5, 0.244_097_502_894_939_44],
    [2.076_847_978_677_83, 0.049_916_406_765_217_87],
    [3.205_429_002_856_47, 0.002_789_141_321_231_769],
    [4.512_745_863_399_783, 2.234_584_400_774_658_4e-5],
];

/// Exponent by which e^{u²} is below its value at the upper end where it adds nothing.
const NEGLIGIBLE: f64 = 45.0;

/// ∫ f from `low` to `high` by Gauss and Legendre's rule of 16 points, exact for polynomials of degree 31.
pub fn legendre(low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
    let pair = |&[node, weight]: &[f64; 2]| weight * (f(middle - half * node) + f(middle + half * node));
    half * LEGENDRE.iter().map(pair).sum::<f64>()
}

/// ∫ f from `low` to `high` for an f that varies as e^{u²} above 0 and as a power of u far below: panels of 16 points, none so
/// wide that e^{u²} changes by more than e⁴ in it, and twice as wide as the last where they go down from −1. What is less than
/// e^{−45} of f at the upper end is left out.
pub(super) fn along_exponential(low: f64, high: f64, mut f: impl FnMut(f64) -> f64) -> f64 {
    let (mut end, mut sum) = (high, 0.0);
    while end > low && !(high > 0.0 && end.max(0.0).powi(2) < high * high - NEGLIGIBLE) {
        let start = if end > 0.0 {
            (end - (2.0 / end).min(0.5)).max(0.0)
        } else if end > -1.0 {
            -1.0
        } else {
            2.0 * end
        };
        let start = start.max(low);
        sum += legendre(start, end, &mut f);
        end = start;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_up_to_the_degree_of_the_rule_are_exact() {
        for degree in 0..=31 {
            let found = legendre(-1.0, 3.0, |x| x.powi(degree));
            let expected = (3_f64.powi(degree + 1) - (-1_f64).powi(degree + 1)) / f64::from(degree + 1);
            assert!((found / expected - 1.0).abs() < 1e-13, "{degree}: {found} for {expected}");
        }
    }

    /// E[z^{2k}] = (2k − 1)!!, up to the degree 17 of the rule.
    #[test]
    fn moments_of_a_normal_number_are_exact() {
        let moment = |power: i32| HERMITE.iter().map(|[z, weight]| weight * z.powi(power)).sum::<f64>();
        let mut expected = 1.0;
        for k in 0..=8 {
            assert!((moment(2 * k) / expected - 1.0).abs() < 1e-12, "{k}");
            assert!(moment(2 * k + 1).abs() < 1e-9 * expected, "{k}");
            expected *= f64::from(2 * k + 1);
        }
    }

    /// ∫ 1/u² from −10⁹ to −1 is 1 − 10⁻⁹; ∫ 2u e^{u²} from 0 to 5 is e^{25} − 1.
    #[test]
    fn panels_follow_powers_and_exponentials() {
        let power = along_exponential(-1e9, -1.0, |u| 1.0 / (u * u));
        assert!((power - (1.0 - 1e-9)).abs() < 1e-13, "{power}");
        let exponential = along_exponential(0.0, 5.0, |u| 2.0 * u * (u * u).exp());
        assert!((exponential / (25_f64.exp() - 1.0) - 1.0).abs() < 1e-13, "{exponential}");
    }
}
