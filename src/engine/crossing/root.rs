//! A sign change closed in to two adjacent floats.

/// A function at one time: value, a slope that Newton's step divides by, and how far rounding may move the value.
pub(super) struct Evaluated {
    pub(super) value: f64,
    pub(super) slope: f64,
    pub(super) rounding: f64,
}

/// What [`close_in`] closes in on a zero of.
pub(super) trait Function {
    fn sample(&self, t: f64) -> Evaluated;
}

/// Closes the only sign change between `below`, where a function is negative, and `above`, where it is not, in to two adjacent
/// floats; returns the upper one. Starts with Newton's step from `below`.
///
/// Steps go from the time at which the function is nearest to zero and aim beyond the zero by what rounding may hide, so that both
/// ends move. A bisection follows four steps that do not halve the bracket, and every step once it is within rounding.
#[inline(always)]
pub(super) fn close_in<F: Function>(mut below: f64, mut above: f64, function: &F) -> f64 {
    let (mut t, mut width, mut slow) = (below, above - below, 0);
    let (mut nearest, mut next) = (f64::INFINITY, below);
    loop {
        let Evaluated { value, slope, rounding } = function.sample(t);
        if value < 0.0 {
            below = t;
        } else {
            above = t;
        }
        let gap = above - below;
        let middle = below + 0.5 * gap;
        if middle <= below || middle >= above {
            return above;
        }
        slow = if gap <= 0.5 * width { 0 } else { slow + 1 };
        width = if slow == 0 { gap } else { width };
        if value.abs() < nearest && slope > 0.0 {
            nearest = value.abs();
            next = t - (value + 2.0 * rounding.copysign(value)) / slope;
            // A step that is lost in the last place of t is one place long.
            next = if value < 0.0 { next.max(t.next_up()) } else { next.min(t.next_down()) };
        }
        let useful = below < next && next < above && slow < 4 && gap * slope.abs() > 4.0 * rounding;
        t = if useful { next } else { middle };
    }
}
