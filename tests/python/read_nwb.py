"""Exports a run file as NWB and checks that the readers of the field find the run in it.

    python -m pip install -r tests/python/requirements.txt
    python tests/python/read_nwb.py APICAL RUN.h5

pynwb validates the file, nwbinspector finds nothing critical, and pynwb, neo and elephant see the counts, times and
rates that `apical inspect --json` tells. One line per reader; exit code 1 at the first mismatch.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import elephant.statistics
import h5py
import neo
import nwbinspector
import numpy as np
import pynwb


class Mismatch(Exception):
    """A reader's view is not that of the run."""


def check(condition, message):
    if not condition:
        raise Mismatch(message)


def validate(path):
    found = pynwb.validate(path=str(path))
    errors = found[0] if isinstance(found, tuple) else found
    check(not errors, f"pynwb: {errors}")
    findings = list(nwbinspector.inspect_nwbfile(nwbfile_path=str(path)))
    grave = [f for f in findings if f.importance.name in ("CRITICAL", "ERROR", "PYNWB_VALIDATION")]
    check(not grave, f"nwbinspector: {grave}")
    print(f"pynwb {pynwb.__version__} and nwbinspector {nwbinspector.__version__}: valid, {len(findings)} remarks, none critical")


def read_pynwb(path, run, told):
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        file = io.read()
        units = file.units.to_dataframe()
        for population in told["spikes"]:
            own = units[units.population == population["population"]]
            check(len(own) == population["neurons"], f"pynwb: {len(own)} units of {population}")
            count = sum(map(len, own.spike_times))
            check(count == population["spikes"], f"pynwb: {count} spikes of {population}")
            span = sum(stop - start for start, stop in own.obs_intervals.iloc[0])
            check(np.isclose(count / span / len(own), population["rate_hz"]), f"pynwb: rate of {population}")
            group = run["spikes"][population["population"]]
            for neuron in (0, population["neurons"] - 1):
                expected = group["timestamps"][()][group["node_ids"][()] == neuron] / 1e3
                check(np.array_equal(own.spike_times.iloc[neuron], expected), f"pynwb: spikes of neuron {neuron} of {population}")
        trials, shown = file.trials.to_dataframe(), run["presentations"]
        check(len(trials) == sum(told["presentations"].values()), f"pynwb: {len(trials)} trials")
        for column in ("label", "decoded", "image", "recorded"):
            check(np.array_equal(trials[column], shown[column][()]), f"pynwb: {column} of trials")
        count = 0
        for population in told["plateaus"]:
            if not population["plateaus"]:
                continue
            plateaus, group = file.intervals["plateaus_" + population["population"]], run["plateaus"][population["population"]]
            check(np.array_equal(np.ravel(plateaus["alpha"].data[()]), group["alpha"][()]), f"pynwb: {population}")
            rows, neurons = plateaus["alpha"].data.shape
            times = np.ravel(plateaus["time"].data[()])
            check(np.allclose(times, group["timestamps"][()] / 1e3), f"pynwb: times of {population}")
            late = plateaus["stop_time"].data[()][:, None] - plateaus["time"].data[()]
            check(np.all(late > -1e-9), "pynwb: plateaus after the end of their phase")
            check(np.all(plateaus["stop_time"].data[()] > plateaus["start_time"].data[()]), "pynwb: plateaus over no time")
            count += rows * neurons
        for traces in told["traces"]:
            own = {name: series for name, series in file.acquisition.items() if name.startswith(traces["population"] + "_")}
            check(sum(s.data.shape[1] for s in own.values()) == traces["traces"], f"pynwb: {traces}")
            data = run["report"][traces["population"]]["data"][()]
            for element, series in enumerate(own.values()):
                name = series.name.removeprefix(traces["population"] + "_")
                element = ["soma", "basal" if "basal" in name else "dendrite", "apical"].index(name)
                check(np.array_equal(series.data[()], data[:, element :: len(own)]), f"pynwb: samples of {series.name}")
                check(np.isclose(series.starting_time, traces["start_ms"] / 1e3), f"pynwb: start of {series.name}")
                check(np.isclose(series.rate, 1e3 / traces["dt_ms"]), f"pynwb: rate of {series.name}")
    print(f"pynwb: the same {len(units)} units, {len(trials)} trials, {count} plateaus and samples")


def read_neo(path, told):
    block = neo.io.NWBIO(str(path), mode="r").read_all_blocks()[0]
    trains = [train for segment in block.segments for train in segment.spiketrains]
    check(len(trains) == sum(p["neurons"] for p in told["spikes"]), f"neo: {len(trains)} spike trains")
    first = 0
    for population in told["spikes"]:
        own = trains[first : first + population["neurons"]]
        first += population["neurons"]
        count = sum(map(len, own))
        check(count == population["spikes"], f"neo: {count} spikes of {population}")
        seconds = told["recorded_ms"] / 1e3
        start = min(float(train[0].rescale("s")) for train in own if len(train)) if count else 0.0
        start = min(start, told["traces"][0]["start_ms"] / 1e3) if told["traces"] else start
        # elephant knows no rate of a train without spikes.
        span = lambda train: {"t_start": start * train.units, "t_stop": (start + seconds) * train.units}
        rates = [elephant.statistics.mean_firing_rate(t, **span(t)).rescale("Hz").item() for t in own if len(t)]
        rate = sum(rates) / len(own)
        check(np.isclose(rate, population["rate_hz"], rtol=1e-6), f"elephant: {rate} Hz, {population}")
    print(f"neo {neo.__version__} and elephant {elephant.__version__}: the same spikes and rates")


def main(apical, run):
    with tempfile.TemporaryDirectory(dir=Path(run).parent) as folder, h5py.File(run) as file:
        path = Path(folder) / "run.nwb"
        subprocess.run([apical, "export", "--nwb", str(path), run], check=True, stdout=subprocess.DEVNULL)
        told = json.loads(subprocess.run([apical, "inspect", "--json", run], check=True, capture_output=True).stdout)
        validate(path)
        read_pynwb(path, file, told)
        read_neo(path, told)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: read_nwb.py APICAL RUN.h5")
    warnings.filterwarnings("ignore")
    try:
        main(*sys.argv[1:])
    except Mismatch as problem:
        sys.exit(f"{sys.argv[2]}: {problem}")
