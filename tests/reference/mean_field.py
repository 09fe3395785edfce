#!/usr/bin/env python3
"""erfcx, and rates and variability of neurons in noise, to 20 digits: mean-field.json, which tests compare the theory with.

    pip install mpmath
    python tests/reference/mean_field.py          writes mean-field.json beside this file (some seconds)

Siegert's formula and that of the CV of Brunel (2000), J Comput Neurosci 8:183, equation 21 and appendix A.1, are integrated as they
stand by mpmath, with bounds shifted by synaptic filtering as src/analysis/mean_field/neuron.rs documents it. No code is shared.
"""

import json
from pathlib import Path

from mpmath import erfc, erfi, exp, inf, linspace, mp, mpf, pi, quad, sqrt, zeta

mp.dps = 40
HERE = Path(__file__).parent

NEURONS = [
    # tau_m, t_ref, threshold, reset, tau_s, mean, sd
    (20, 2, 20, 10, 0, 16, 5),
    (20, 2, 20, 10, 0, 5, 5),
    (20, 2, 20, 10, 0, 0, 6),
    (20, 2, 20, 10, 0, 20, 3),
    (20, 2, 20, 10, 0, 24, 2),
    (20, 0, 20, 10, 0, 40, 10),
    (20, 0.5, 20, -5, 0, 17, 0.5),
    (20, 2, 20, 10, 0, 25, 0.2),
    (10, 2, -50, -65, 0.5, -55, 4),
    (10, 2, -50, -65, 0.5, -60, 5),
    (10, 0, -50, -65, 0.5, -48, 3),
    (10, 2, -55, -70, 2, -57, 3),
    (10, 0.5, -50, -65, 1, -70, 8),
    (8, 5, 1, 0, 0.1, 1.5, 0.3),
]


def bounds(tau_m, t_ref, threshold, reset, tau_s, mean, sd):
    shift = sqrt(2) * abs(zeta(mpf(1) / 2)) / 2 * sqrt(tau_s / tau_m)
    kept = exp(-t_ref / tau_s) if tau_s else 0
    return (reset - mean) / sd + shift * kept, (threshold - mean) / sd + shift


def panels(low, high):
    return linspace(low, high, max(2, int((high - low) / 2) + 2))


def squares(low, high):
    """The double integral, the outer one done: of exp(x^2) from max(y, low) to high it is sqrt(pi)/2 times a difference of erfi."""
    inner = lambda y: sqrt(pi) / 2 * (erfi(high) - erfi(max(y, low)))
    integrand = lambda y: exp(y * y) * erfc(-y) ** 2 * inner(y)
    return quad(integrand, [-inf, *(low - k / (1 + abs(low)) for k in (64, 32, 16, 8, 4, 2, 1)), low]) + quad(integrand, panels(low, high))


def neuron(values):
    names = ("tau_m_ms", "t_ref_ms", "threshold_mv", "reset_mv", "tau_s_ms", "mean_mv", "sd_mv")
    exact = [mpf(value) for value in values]
    low, high = bounds(*exact)
    integral = quad(lambda u: exp(u * u) * erfc(-u), panels(low, high))
    rate = 1 / (exact[1] + exact[0] * sqrt(pi) * integral)
    cv = sqrt(2 * pi * squares(low, high)) * rate * exact[0]
    return {**dict(zip(names, values)), "rate_per_ms": float(rate), "cv": float(cv)}


def main():
    xs = [-26, -20, -9.5, -5, -2, -1, -0.5, -0.1, -1e-3, 0, 1e-9, 0.01, 0.1, 0.3, 0.5, 1, 1.7, 2, 3, 4.4, 5, 7, 9, 9.999, 10]
    xs += [10.5, 12, 20, 26, 30, 100, 1e4, 1e10]
    values = [[x, float(exp(mpf(x) ** 2) * erfc(mpf(x)))] if x < 100 else [x, scaled(x)] for x in xs]
    lines = ",\n".join("    " + json.dumps(neuron(values)) for values in NEURONS)
    text = '{\n  "erfcx": %s,\n  "neurons": [\n%s\n  ]\n}\n' % (json.dumps(values), lines)
    (HERE / "mean-field.json").write_text(text)


def scaled(x):
    """erfcx where erfc is too small for mpmath, by its asymptotic series, whose terms fall below 1e-30 here."""
    x, term, total = mpf(x), mpf(1), mpf(1)
    for k in range(1, 12):
        term *= -(2 * k - 1) / (2 * x * x)
        total += term
    return float(total / (x * sqrt(pi)))


if __name__ == "__main__":
    main()
