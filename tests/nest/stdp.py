#!/usr/bin/env python3
"""Weights of NEST's stdp_synapse, in tests/reference/stdp-nest.json, which tests/physics/dendritic_delay.rs holds those of apical against.

    python3 -m venv nest && nest/bin/pip install -r tests/nest/requirements.txt
    nest/bin/python tests/nest/stdp.py

Two neurons repeat given trains, and the synapse between them relays nothing: only its weight changes. NEST's delay is dendritic. Times
are multiples of 0.1 ms, with no presynaptic spike at the time at which a postsynaptic one reaches the synapse: there NEST
potentiates before it depresses, apical after. NEST changes a weight at presynaptic spikes alone, and the last one comes after all others.
"""

import json
from pathlib import Path

import nest
import numpy as np

RULE = dict(tau_plus=17.0, tau_minus=34.0, **{"lambda": 0.01}, alpha=1.1, Wmax=2.0)
DELAYS_MS = [1.0, 6.4, 23.0]
# Exponents of the weight: 0 additive, 1 multiplicative.
EXPONENTS = [0.0, 1.0]
# Generator to neuron [ms].
RELAY_MS = 0.2


def trains():
    """Presynaptic spikes at even multiples of 0.1 ms, postsynaptic ones at odd ones, of 30 Hz."""
    draw = np.random.default_rng(7)

    def times(odd):
        steps = np.cumsum(draw.integers(20, 310, 30)) * 2 + odd
        return [round(0.1 * step, 1) for step in steps if step < 9_500]

    return times(0) + [1_080.0], times(1)


def weight(pre, post, delay, exponent):
    """The weight after the trains, from 1."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = 0.1
    source, target = nest.Create("parrot_neuron"), nest.Create("parrot_neuron", {"tau_minus": RULE["tau_minus"]})
    for neuron, times in ((source, pre), (target, post)):
        generator = nest.Create("spike_generator", {"spike_times": [t - RELAY_MS for t in times]})
        nest.Connect(generator, neuron, syn_spec={"delay": RELAY_MS})
    own = {key: value for key, value in RULE.items() if key != "tau_minus"}
    # Port 1 of a parrot takes spikes that it does not repeat.
    spec = dict(synapse_model="stdp_synapse", weight=1.0, delay=delay, receptor_type=1, mu_plus=exponent, mu_minus=exponent, **own)
    nest.Connect(source, target, syn_spec=spec)
    nest.Simulate(1_200.0)
    return nest.GetConnections(source, target).get("weight")


def main():
    pre, post = trains()
    cases = [
        dict(delay_ms=delay, exponent=exponent, weight=weight(pre, post, delay, exponent))
        for delay in DELAYS_MS
        for exponent in EXPONENTS
    ]
    text = json.dumps(dict(nest=nest.__version__, **RULE, pre_ms=pre, post_ms=post, cases=cases), indent=1)
    (Path(__file__).parent.parent / "reference" / "stdp-nest.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
