"""A circuit of lif cells in Brian2, compiled (standalone C++), beside apical on one core.

    python3 benches/peers/brian_circuit.py brunel-2000 --duration 500
    python3 benches/peers/brian_circuit.py potjans-diesmann-2014 --set scaling.factor=0.1 --duration 2000

Needs numpy, brian2 (requirements.txt), h5py and a C++ compiler. The circuit is built from the model text that a run file of apical
keeps; ends, weights and delays of synapses are drawn anew from the same distributions. Cells integrate exactly from step to step
(method "exact") and fire at its end. Times are of the run alone, without compiling and connecting, as Brian2 measures its main loop;
what is a warm-up in the model is part of it in both.
"""

import argparse
import json
import os
import platform
import subprocess
import tempfile
import tomllib
from pathlib import Path

import brian2 as b
import h5py
import numpy as np

EXPONENTIAL = """
dv/dt = (e_l - v)/tau_m + (i_exc + i_inh + i_e)/c_m : volt (unless refractory)
di_exc/dt = -i_exc/tau_exc : amp
di_inh/dt = -i_inh/tau_inh : amp
"""
DELTA = "dv/dt = (e_l - v)/tau_m + i_e/c_m : volt (unless refractory)"

# Pair STDP of all pairs, additive, with hard bounds.
STDP = """
dx/dt = -x/tau_plus : 1 (event-driven)
dy/dt = -y/tau_minus : 1 (event-driven)
"""
STDP_ARRIVAL = """
x += 1
w = clip(w - depression*y, w_min, w_max)
"""
STDP_SPIKE = """
y += 1
w = clip(w + potentiation*x, w_min, w_max)
"""


def stdp(rule, unit):
    """What the equations of STDP name."""
    if (rule["kind"], rule["pairing"], rule["bounds"]) != ("stdp", "all_to_all", "hard"):
        raise ValueError("only additive stdp of all pairs")
    span = (rule["w_max"] - rule["w_min"]) * unit
    return dict(
        tau_plus=rule["tau_plus_ms"] * b.ms, tau_minus=rule["tau_minus_ms"] * b.ms, potentiation=rule["a_plus"] * span,
        depression=rule["a_minus"] * span, w_min=rule["w_min"] * unit, w_max=rule["w_max"] * unit,
    )


def drawn(values, size, random, sign="any"):
    """Numbers by a distribution of the model; those of the wrong sign are drawn again."""
    if isinstance(values, (int, float)):
        return np.full(size, float(values))
    if values["from"] == "constant":
        return np.full(size, float(values["value"]))
    if values["from"] == "uniform":
        return random.uniform(values["low"], values["high"], size)
    found = random.normal(values["mean"], values["sd"], size)
    wrong = {"non-negative": lambda x: x < 0, "non-positive": lambda x: x > 0}.get(sign, lambda x: np.zeros(len(x), bool))
    while (again := wrong(found)).any():
        found[again] = random.normal(values["mean"], values["sd"], again.sum())
    return found


def group(population, random):
    """The neurons of a population, and what a synapse of each port adds to."""
    delta = population["ports"][0]["kernel"] == "delta"
    keys = dict(
        tau_m=population["tau_m_ms"] * b.ms, c_m=population["c_m_pf"] * b.pF, e_l=population["e_l_mv"] * b.mV,
        v_th=population["v_th_mv"] * b.mV, v_reset=population["v_reset_mv"] * b.mV, i_e=population["i_e_pa"] * b.pA,
    )
    if not delta:
        taus = [port["tau_ms"] for port in population["ports"]]
        keys |= dict(tau_exc=taus[0] * b.ms, tau_inh=taus[-1] * b.ms)
    neurons = b.NeuronGroup(
        population["size"], DELTA if delta else EXPONENTIAL, threshold="v >= v_th", reset="v = v_reset",
        refractory=population["t_ref_ms"] * b.ms, method="exact", namespace=keys,
    )
    neurons.v = drawn(population.get("v_init_mv", population["e_l_mv"]), population["size"], random) * b.mV
    return neurons, delta


def connected(projection, sizes, random):
    """Presynaptic and postsynaptic neurons of the synapses of a projection."""
    rule, pre, post = projection["connection"], sizes[projection["from"]], sizes[projection["to"]]
    if rule["kind"] == "fixed_total_number":
        return random.integers(pre, size=rule["total"]), random.integers(post, size=rule["total"])
    degree = rule["in_degree"]
    same = projection["from"] == projection["to"] and not rule.get("autapses", True)
    rows = np.empty((post, degree), np.int64)
    for neuron in range(post):
        row = random.choice(pre - same, degree, replace=rule.get("multapses", True))
        rows[neuron] = row + (same & (row >= neuron))
    return rows.ravel(), np.repeat(np.arange(post), degree)


def built(text, step_ms, duration_ms, folder):
    """The circuit as a compiled program of Brian2."""
    described = tomllib.loads(text)
    random = np.random.default_rng(1)
    b.device.reinit()
    b.set_device("cpp_standalone", directory=None, build_on_run=False)
    b.defaultclock.dt = step_ms * b.ms
    sizes = {population["name"]: population["size"] for population in described["population"]}
    objects, groups = [], {}
    for population in described["population"]:
        neurons, delta = groups[population["name"]] = group(population, random)
        objects.append(neurons)
        for source in population.get("poisson_input", []):
            target = "v" if delta else {"exc": "i_exc", "inh": "i_inh"}[source["port"]]
            weight = source["weight"] * (b.mV if delta else b.pA)
            objects.append(b.PoissonInput(neurons, target, int(source["count"]), source["rate_hz"] * b.Hz, weight))
    for projection in described["projection"]:
        i, j = connected(projection, sizes, random)
        if len(i) == 0:
            continue
        (source, _), (target, delta) = groups[projection["from"]], groups[projection["to"]]
        unit, variable = (b.mV, "v") if delta else (b.pA, {"exc": "i_exc", "inh": "i_inh"}[projection["port"]])
        weights, delays = projection["weights"], projection["delay_ms"]
        rule = projection.get("plasticity")
        constant = isinstance(weights, dict) and weights["from"] == "constant" and rule is None
        model = "" if constant else "w : amp" if not delta else "w : volt"
        names = dict(w=weights["value"] * unit) if constant else {}
        at_arrival, at_spike = f"{variable}_post += w", None
        if rule is not None:
            model, at_arrival, at_spike, names = model + STDP, at_arrival + STDP_ARRIVAL, STDP_SPIKE, stdp(rule, unit)
        synapses = b.Synapses(source, target, model, on_pre=at_arrival, on_post=at_spike, namespace=names)
        synapses.connect(i=i, j=j)
        if not constant:
            synapses.w = drawn(weights, len(i), random, projection.get("sign", "any")) * unit
        if isinstance(delays, dict):
            synapses.delay = np.maximum(drawn(delays, len(i), random), step_ms) * b.ms
        else:
            synapses.delay = delays * b.ms
        objects.append(synapses)
    network = b.Network(objects)
    network.run(duration_ms * b.ms)
    b.device.build(directory=folder, compile=True, run=False, with_output=False)
    return b.device


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--step", type=float, default=0.1, help="Brian2's step [ms]")
    parser.add_argument("--duration", type=float, default=500.0, help="[ms]")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turns")
    parser.add_argument("--apical", default=str(Path(__file__).parents[2] / "target/release/apical"))
    arguments = parser.parse_args()
    b.prefs.devices.cpp_standalone.openmp_threads = 0
    b.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{len(os.sched_getaffinity(0))}"]
    with tempfile.TemporaryDirectory() as folder:
        overrides = [text for key in [*arguments.overrides, "protocol.warmup_ms=0"] for text in ("--set", key)]
        command = [
            arguments.apical, "simulate", arguments.model, *overrides, "--seed", "1", "--record", "none", "--threads", "1",
            "--duration", str(arguments.duration), "--out", f"{folder}/run.h5", "--overwrite", "--quiet", "--json",
        ]

        def simulate():
            ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            return json.loads(ran.splitlines()[-1])["real_time_factor"]

        simulate()
        with h5py.File(f"{folder}/run.h5") as run:
            text = run.attrs["model"]
        text = text.decode() if isinstance(text, bytes) else text
        peer = built(text, arguments.step, arguments.duration, f"{folder}/brian")
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), platform.processor())
        print(f"{arguments.model} on one core of {processor}, {arguments.duration} ms; Brian2 {b.__version__} at {arguments.step} ms", flush=True)
        for _ in range(arguments.rounds):
            ours = simulate()
            peer.run(f"{folder}/brian", with_output=False)
            theirs = 1e3 * peer._last_run_time / arguments.duration
            print(f"real-time factors: apical {ours:.3f}, Brian2 {theirs:.3f}; apical takes {ours / theirs:.3f} of its time", flush=True)


if __name__ == "__main__":
    main()
