//! exp, ln and logit with stated error bounds: the same bits on every machine, written to vectorise in loops.
//!
//! A loop over them runs in vectors only where it is inlined into a function compiled for the machine's vector width: the
//! `with_simd` of a struct that pulp dispatches. Elsewhere every fused multiply-add may be a call of its own.

/// The float types traces are kept in.
pub trait Real: Copy + Default + PartialOrd + Send + Sync + std::fmt::Debug + 'static {
    /// Rounds to this type.
    fn from_f64(x: f64) -> Self;
    /// Widens a weight.
    fn from_f32(x: f32) -> Self;
    /// Widens.
    fn to_f64(self) -> f64;
    /// e^x, rounded to this type or nearly so, for |x| ≤ 700.
    fn exp(x: f64) -> Self;
    /// ln(u / (1 − u)) of `u` in (0, 1), rounded to this type or nearly so.
    fn logit(u: f64) -> Self;
    /// self · a + b, rounded once.
    #[must_use]
    fn mul_add(self, a: Self, b: Self) -> Self;
}

macro_rules! real {
    ($($float:ty, $exp:expr, $logit:expr;)*) => {$(
        impl Real for $float {
            #[inline(always)]
            #[allow(clippy::cast_lossless)]
            fn from_f64(x: f64) -> Self {
                x as $float
            }
            #[inline(always)]
            #[allow(clippy::cast_lossless)]
            fn from_f32(x: f32) -> Self {
                x as $float
            }
            #[inline(always)]
            #[allow(clippy::cast_lossless)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            #[allow(clippy::cast_lossless)]
            fn exp(x: f64) -> Self {
                $exp(x)
            }
            #[inline(always)]
            fn logit(u: f64) -> Self {
                $logit(u)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$float>::mul_add(self, a, b)
            }
        }
    )*};
}
real!(f32, exp_for_single, logit_for_single; f64, exp_for_double, logit;);

/// 1.5 · 2⁵²: adding it to a small number rounds that to an integer, held in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// ln 2, its leading 33 bits.
const LN2_HI: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
/// ln 2 − `LN2_HI`.
const LN2_LO: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);

/// 1/13! … 1/0!, the Taylor coefficients of e^x.
const INVERSE_FACTORIALS: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// x = k ln 2 + r with |r| ≤ ln 2 / 2; e^r by the last of its Taylor series that are given. For |x| ≤ 700.
#[inline(always)]
fn exp_by_series(x: f64, coefficients: &[f64]) -> f64 {
    let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUNDER);
    let k = shifted - ROUNDER;
    let r = k.mul_add(-LN2_LO, k.mul_add(-LN2_HI, x));
    let mut sum = coefficients[0];
    for &coefficient in &coefficients[1..] {
        sum = r.mul_add(sum, coefficient);
    }
    sum * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// e^x to r¹³, whose remainder is below 1e-17.
#[inline(always)]
fn exp_for_double(x: f64) -> f64 {
    exp_by_series(x, &INVERSE_FACTORIALS)
}

/// e^x to r⁷ in f32, x being reduced in f64: within 1.5e-7 of its value.
#[inline(always)]
fn exp_for_single(x: f64) -> f32 {
    let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUNDER);
    let k = shifted - ROUNDER;
    let r = k.mul_add(-LN2_LO, k.mul_add(-LN2_HI, x)) as f32;
    let mut sum = INVERSE_FACTORIALS[6] as f32;
    for &coefficient in &INVERSE_FACTORIALS[7..] {
        sum = r.mul_add(sum, coefficient as f32);
    }
    (f64::from(sum) * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)) as f32
}

/// Computes e^x to within 4e-16 of its value for |x| ≤ 700; beyond, x is taken as ±700.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    exp_for_double(x.clamp(-700.0, 700.0))
}

/// Computes ln x to within 4e-16 of its value, or of 1 where |ln x| < 1, for finite normal x > 0.
///
/// x = 2^e m with m in [√½, √2); ln m = 2 artanh s, s = (m − 1)/(m + 1), by its series to s²³.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
    let offset = x.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (offset.cast_signed() >> 52).cast_unsigned();
    let m = f64::from_bits(x.to_bits().wrapping_sub(exponent << 52));
    let e = f64::from_bits(ROUNDER.to_bits().wrapping_add(exponent)) - ROUNDER;
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let mut sum = 2.0 / 23.0;
    for coefficient in [
        2.0 / 21.0,
        2.0 / 19.0,
        2.0 / 17.0,
        2.0 / 15.0,
        2.0 / 13.0,
        2.0 / 11.0,
        2.0 / 9.0,
        2.0 / 7.0,
        2.0 / 5.0,
        2.0 / 3.0,
        2.0,
    ] {
        sum = z.mul_add(sum, coefficient);
    }
    e.mul_add(LN2_HI, s.mul_add(sum, e * LN2_LO))
}

/// Computes ln(u / (1 − u)) for u in (0, 1): u < sigmoid(v) exactly when logit(u) < v.
#[inline(always)]
pub fn logit(u: f64) -> f64 {
    ln(u / (1.0 - u))
}

/// ln(u / (1 − u)) to within 4e-7, or 2e-7 of its value where that is more: as [`logit`], the series to s⁹ in f32.
#[inline(always)]
fn logit_for_single(u: f64) -> f32 {
    const SQRT_HALF: u32 = 0x3F35_04F3;
    let x = u as f32 / (1.0 - u) as f32;
    let exponent = (x.to_bits().wrapping_sub(SQRT_HALF).cast_signed() >> 23).cast_unsigned();
    let m = f32::from_bits(x.to_bits().wrapping_sub(exponent << 23));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let mut sum = 2.0 / 9.0;
    for coefficient in [2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0, 2.0] {
        sum = z.mul_add(sum, coefficient);
    }
    (exponent.cast_signed() as f32).mul_add(std::f32::consts::LN_2, s * sum)
}

#[cfg(test)]
mod tests {
    use super::super::sigmoid;
    use super::*;

    /// 200,001 points from −700 to 700.
    fn grid() -> impl Iterator<Item = f64> {
        (-100_000..=100_000).map(|i| f64::from(i) * 0.007)
    }

    #[test]
    fn exp_is_within_its_bound_of_libm() {
        for x in grid() {
            let reference = libm::exp(x);
            assert!(((exp(x) - reference) / reference).abs() < 4e-16, "exp({x})");
        }
    }

    #[test]
    fn exp_in_single_precision_is_within_its_bound() {
        for x in grid().map(|x| x * 0.1) {
            let reference = libm::exp(x);
            assert!(((f64::from(exp_for_single(x)) - reference) / reference).abs() < 1.5e-7, "exp({x})");
        }
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "the same to the bit")]
    fn exp_saturates_instead_of_overflowing() {
        assert_eq!(exp(1e9), exp(700.0));
        assert_eq!(exp(-1e9), exp(-700.0));
    }

    #[test]
    fn ln_is_within_its_bound_of_libm() {
        for x in grid().map(|x| libm::exp(x * 0.9)).chain((1..100_000).map(|i| f64::from(i) * 2e-5)) {
            let reference = libm::log(x);
            assert!((ln(x) - reference).abs() < 4e-16 * reference.abs().max(1.0), "ln({x})");
        }
    }

    #[test]
    fn logit_is_the_inverse_of_sigmoid() {
        for v in (-3000..=3000).map(|i| f64::from(i) * 0.01) {
            let u = sigmoid(v);
            if u < 1.0 - 1e-9 {
                assert!((logit(u) - v).abs() < 1e-6 * v.abs().max(1.0), "logit(sigmoid({v}))");
            }
        }
    }

    #[test]
    fn logit_in_single_precision_is_within_its_bound() {
        for k in -3600..=3600 {
            let u = sigmoid(f64::from(k) * 0.01);
            if u < 1.0 {
                let reference = libm::log(u / (1.0 - u));
                let error = (f64::from(logit_for_single(u)) - reference).abs();
                assert!(error < 4e-7_f64.max(2e-7 * reference.abs()), "logit({u}): {error}");
            }
        }
    }
}
