#!/usr/bin/env python3
"""NEST beside apical: the same cells, the same circuits, the same clock.

    python3 -m venv nest && nest/bin/pip install -r tests/nest/requirements.txt
    nest/bin/python tests/nest/compare.py cells
    nest/bin/python tests/nest/compare.py circuit brunel-2000 --neuron iaf_psc_delta_ps --seeds 10
    nest/bin/python tests/nest/compare.py circuit potjans-diesmann-2014 --set scaling.factor=0.1 --neuron iaf_psc_exp --seeds 10
    nest/bin/python tests/nest/compare.py speed brunel-2000 --neuron iaf_psc_delta_ps iaf_psc_delta

`cells` gives NEST's precise-time neurons the input of tests/reference and compares their spikes with those to 40 digits, which
tests/physics holds ours against. `circuit` runs a model over seeds in both and compares mean rates, CVs of inter-spike intervals and
correlations of counts by 99.9 % intervals (Welch), all of them together (Holm). `speed` times both on one core, one after the other.

A circuit is built in NEST from the text of the model that a run file of apical holds (model.py), so that both have the same numbers.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from scipy import stats

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "reference")]

# Families of comparisons together give a false alarm once in a thousand runs.
LEVEL = 0.001
# Neurons whose counts are correlated, and the bins they are counted in [ms].
CORRELATED, BIN_MS = 200, 10.0


def apical(program, *arguments):
    """The results of a command, which it prints as JSON."""
    done = subprocess.run([program, *arguments, "--quiet", "--json"], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measures(trains, size, span):
    """Mean rate [Hz], mean CV of inter-spike intervals and mean correlation of counts of a population."""
    start, end = span
    rate = 1e3 * sum(map(len, trains)) / (size * (end - start))
    intervals = [np.diff(train) for train in trains if len(train) > 3]
    cv = np.mean([np.std(i) / np.mean(i) for i in intervals]) if intervals else np.nan
    edges = np.arange(start, end + BIN_MS / 2, BIN_MS)
    counts = np.array([np.histogram(train, edges)[0] for train in trains[:CORRELATED] if len(train) > 0])
    if len(counts) < 2:
        return dict(rate_hz=rate, cv=cv, correlation=np.nan)
    pairs = np.corrcoef(counts)[np.triu_indices(len(counts), 1)]
    return dict(rate_hz=rate, cv=cv, correlation=np.nanmean(pairs))


def split(times, neurons, size):
    order = np.lexsort((times, neurons))
    times, neurons = times[order], neurons[order]
    bounds = np.searchsorted(neurons, np.arange(size + 1))
    return [times[a:b] for a, b in zip(bounds, bounds[1:])]


def of_run(path):
    """Measures of each population of a run file."""
    with h5py.File(path) as run:
        rows = run["presentations"]
        span = float(rows["start_ms"][0]), float(rows["forward_end_ms"][-1])
        found = {}
        for name, group in run["spikes"].items():
            size = int(group.attrs["size"])
            trains = split(group["timestamps"][()], group["node_ids"][()].astype(int), size)
            found[name] = measures(trains, size, span)
        return found


def cells(_):
    import generate
    import nest

    print("| reference | NEST neuron | spikes | missed | extra | largest difference [ms] |")
    print("|---|---|---|---|---|---|")
    for name in ["one-delta", "one-exponential", "two-ports-above-threshold", "two-ports-sparse"]:
        case = json.loads((HERE.parent / "reference" / f"cell-{name}.json").read_text())
        cell, sources = case["cell"], case["sources"]
        delta = cell["ports"][0]["kernel"] == "delta"
        taus = [port.get("tau_ms") for port in cell["ports"]] * 2
        draws = generate.Draws(case["seed"])
        drawn = generate.trains(draws, len(sources), case["input_spikes"], case["duration_ms"])
        expected = np.array([row[0] for row in case["spikes"]])
        for neuron in ["iaf_psc_delta_ps"] if delta else ["iaf_psc_exp_ps", "iaf_psc_exp_ps_lossless"]:
            try:
                found = cell_in_nest(nest, neuron, cell, sources, drawn, taus, case["duration_ms"])
            except Exception as error:  # NEST makes the types of its errors as they happen.
                print(f"| {name} | {neuron} | {len(expected)} | | | refused or stopped: {type(error).__name__} |")
                continue
            missed, extra, largest = matched(expected, found)
            print(f"| {name} | {neuron} | {len(expected)} | {missed} | {extra} | {largest:.1e} |")


    print("\n| tau_m, tau_syn [ms] | V - E_L [mV], current [pA] | true crossing [ms] | iaf_psc_exp_ps | iaf_psc_exp_ps_lossless |")
    print("|---|---|---|---|---|")
    for state in LIFTED:
        tau_m, tau_syn, v, current, crossing = state
        found = [lifted(nest, neuron, state) for neuron in ("iaf_psc_exp_ps", "iaf_psc_exp_ps_lossless")]
        print(f"| {tau_m}, {tau_syn} | {v}, {current} | {crossing} | {found[0]} | {found[1]} |")


# Cells just below threshold (15 mV above E_L, C_m = 250 pF) that their current lifts over it for a moment, and the times to 50 digits
# (tests named after NEST in src/engine/crossing/tests).
LIFTED = [
    (10.0, 2.0, 13.5, 873.133, 1.4407928376713295),
    (20.0, 5.0, 14.9995, 312.528, 0.0010000010082773977),
    (10.0, 0.5, 13.5, 1688.641, 0.6178992968283591),
]


def lifted(nest, neuron, state):
    """What NEST makes of such a state in one step of 10 ms."""
    tau_m, tau_syn, v, current, _ = state
    nest.ResetKernel()
    nest.resolution = 10.0
    keys = dict(tau_m=tau_m, tau_syn_ex=tau_syn, tau_syn_in=tau_syn, C_m=250.0, E_L=-70.0, V_th=-55.0, V_reset=-70.0)
    cell = nest.Create(neuron, params=keys | dict(V_m=v - 70.0, I_syn_ex=current))
    recorder = nest.Create("spike_recorder")
    nest.Connect(cell, recorder, syn_spec=dict(delay=10.0))
    try:
        nest.Simulate(10.0)
    except Exception as error:  # As above.
        return f"stops: {type(error).__name__}"
    times = recorder.get("events", "times")
    return f"{times[0]} ms" if len(times) else "no spike"


def cell_in_nest(nest, neuron, cell, sources, drawn, taus, duration):
    """Spikes of a cell; input comes a delay of one step late, and so does the start of the cell."""
    step = 0.1
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = step
    tau_m, c_m, e_l = cell["tau_m_ms"], cell["c_m_pf"], cell["e_l_mv"]
    # V is at rest when the clock of the reference begins.
    before = e_l + cell["i_e_pa"] * tau_m / c_m * -np.expm1(step / tau_m)
    keys = dict(tau_m=tau_m, C_m=c_m, E_L=e_l, V_th=cell["v_th_mv"], V_reset=cell["v_reset_mv"], t_ref=cell["t_ref_ms"])
    keys |= dict(I_e=cell["i_e_pa"], V_m=before)
    if "exp" in neuron:
        keys |= dict(tau_syn_ex=taus[0], tau_syn_in=taus[1])
    target = nest.Create(neuron, params=keys)
    for number, source in enumerate(sources):
        times = [time for time, index in drawn if index == number and time > 0.0]
        train = nest.Create("spike_generator", params=dict(precise_times=True, spike_times=times))
        nest.Connect(train, target, syn_spec=dict(weight=source["weight"], delay=step))
    recorder = nest.Create("spike_recorder")
    nest.Connect(target, recorder, syn_spec=dict(delay=step))
    nest.Simulate(duration + step)
    return np.sort(recorder.get("events", "times")) - step


def matched(expected, found, within=0.05):
    """Spikes missed, spikes too many, and the largest difference of those matched [ms]."""
    nearest = lambda a, b: np.min(np.abs(a[:, None] - b[None, :]), axis=1) if len(b) else np.full(len(a), np.inf)
    there, back = nearest(expected, found), nearest(found, expected)
    hits = there[there < within]
    return int(np.sum(there >= within)), int(np.sum(back >= within)), float(hits.max(initial=0.0))


def circuit(arguments):
    import model

    quantities = {"apical": [], "NEST": []}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, arguments.seeds + 1):
            path = f"{folder}/run{seed}.h5"
            overrides = [text for key in arguments.overrides for text in ("--set", key)]
            ran = apical(
                arguments.apical, "simulate", arguments.model, *overrides, "--seed", str(seed), "--record", "spikes",
                "--duration", str(arguments.duration), "--out", path,
            )
            quantities["apical"].append(of_run(path))
            trains, span = model.run(model.text_of(path), arguments.neuron, arguments.resolution, seed, ran["warmup_ms"], arguments.duration)
            sizes = {name: len(own) for name, own in trains.items()}
            quantities["NEST"].append({name: measures(own, sizes[name], span) for name, own in trains.items()})
            print(f"seed {seed}", file=sys.stderr)
    rows = []
    for population in quantities["apical"][0]:
        for quantity in ["rate_hz", "cv", "correlation"]:
            ours, theirs = (np.array([one[population][quantity] for one in quantities[of]]) for of in ("apical", "NEST"))
            test = stats.ttest_ind(ours, theirs, equal_var=False)
            low, high = test.confidence_interval(1.0 - LEVEL)
            rows.append([population, quantity, ours.mean(), theirs.mean(), low, high, test.pvalue])
    different = holm([row[-1] for row in rows])
    print(f"| population | quantity | apical | NEST {arguments.neuron}, {arguments.resolution} ms | difference, 99.9 % | verdict |")
    print("|---|---|---|---|---|---|")
    for (population, quantity, ours, theirs, low, high, _), differs in zip(rows, different):
        verdict = "differs" if differs else "same"
        print(f"| {population} | {quantity} | {ours:.4g} | {theirs:.4g} | {low:.2g} to {high:.2g} | {verdict} |")


def holm(p_values):
    """Which of several hypotheses are rejected together at LEVEL (Holm 1979)."""
    rejected, open_ = [False] * len(p_values), True
    for rank, index in enumerate(np.argsort(p_values)):
        open_ = open_ and p_values[index] <= LEVEL / (len(p_values) - rank)
        rejected[index] = bool(open_)
    return rejected


def speed(arguments):
    import model

    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    with tempfile.TemporaryDirectory() as folder:
        overrides = [text for key in arguments.overrides for text in ("--set", key)]
        began = time.perf_counter()
        ran = apical(
            arguments.apical, "simulate", arguments.model, *overrides, "--seed", "1", "--record", "none", "--threads", "1",
            "--duration", str(arguments.duration), "--out", f"{folder}/run.h5",
        )
        whole = time.perf_counter() - began
        processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), platform.processor())
        print(f"{arguments.model} on one core of {processor}, {arguments.duration} ms after {ran['warmup_ms']} ms")
        print(f"apical: real-time factor {ran['real_time_factor']:.3f}, {whole - ran['seconds']:.1f} s before")
        text = model.text_of(f"{folder}/run.h5")
    for neuron in arguments.neuron:
        seconds, built = model.timed(text, neuron, arguments.resolution, ran["warmup_ms"], arguments.duration)
        factor = 1e3 * seconds / arguments.duration
        ratio = ran["real_time_factor"] / factor
        print(f"NEST {neuron} at {arguments.resolution} ms: real-time factor {factor:.3f}, {built:.1f} s before; apical takes {ratio:.3f} of its time")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    commands.add_parser("cells").set_defaults(run=cells)
    for name, run, several in [("circuit", circuit, None), ("speed", speed, "+")]:
        command = commands.add_parser(name)
        command.add_argument("model")
        command.add_argument("--set", dest="overrides", action="append", default=[])
        command.add_argument("--neuron", required=True, nargs=several)
        command.add_argument("--resolution", type=float, default=0.1)
        command.add_argument("--duration", type=float, default=1000.0)
        command.add_argument("--seeds", type=int, default=10)
        command.add_argument("--apical", default=str(HERE.parents[1] / "target/release/apical"))
        command.set_defaults(run=run)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
