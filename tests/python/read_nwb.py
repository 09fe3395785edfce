"""Exports a run file as NWB and checks that the readers of the field find the run in it.

    python -m pip install -r tests/python/requirements.txt
    python tests/python/read_nwb.py APICAL RUN.h5

pynwb validates the file, nwbinspector finds no violation, and pynwb, neo and elephant see the counts, times and rates that
`apical inspect --json` tells, neo with a segment for each stretch of presentations, or recorded time of a circuit, names and
epochs. One line per reader; exit code 1 at the first mismatch.
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
    grave = [f for f in findings if f.importance.name != "BEST_PRACTICE_SUGGESTION"]
    check(not grave, f"nwbinspector: {grave}")
    print(f"pynwb {pynwb.__version__} and nwbinspector {nwbinspector.__version__}: valid, {len(findings)} suggestions, no violation")


def stretches(run):
    """Start and end [s] and the rows of each unbroken stretch of recorded presentations, or recorded time of a circuit."""
    table = run["presentations"]
    start, ends = table["start_ms"][()], np.fmax(table["target_end_ms"][()], table["forward_end_ms"][()])
    rows = np.flatnonzero(table["recorded"][()] == 1)
    gap = (np.diff(rows) > 1) | (start[rows[1:]] > ends[rows[:-1]] + 1e-6)
    parts = np.split(rows, np.flatnonzero(gap) + 1) if len(rows) else []
    return [(start[part[0]] / 1e3, ends[part[-1]] / 1e3, part) for part in parts]


def is_continuous(run):
    """Whether the run is that of a circuit, without presentations."""
    return 'kind = "continuous"' in run.attrs["model"].decode()


def check_trials(file, run, told):
    if is_continuous(run):
        check(file.trials is None, "pynwb: trials of a circuit")
        return 0
    trials, shown = file.trials.to_dataframe(), run["presentations"]
    check(len(trials) == sum(told["presentations"].values()), f"pynwb: {len(trials)} trials")
    for column in ("label", "decoded", "image", "recorded"):
        check(np.array_equal(trials[column], shown[column][()]), f"pynwb: {column} of trials")
    return len(trials)


def read_pynwb(path, run, told):
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        file = io.read()
        units, spans = file.units.to_dataframe(), stretches(run)
        for population in told["spikes"]:
            own = units[units.population == population["population"]]
            check(len(own) == population["neurons"] * len(spans), f"pynwb: {len(own)} units of {population}")
            check(all(own["_name"] == own.population + " " + own.neuron.astype(str)), f"pynwb: names of {population}")
            count = sum(map(len, own.spike_times))
            check(count == population["spikes"], f"pynwb: {count} spikes of {population}")
            observed = [list(map(tuple, intervals)) for intervals in own.obs_intervals]
            expected = [[span[:2]] for span in spans for _ in range(population["neurons"])]
            check(np.allclose(observed, expected), f"pynwb: observation of {population}")
            group = run["spikes"][population["population"]]
            for neuron in (0, population["neurons"] - 1):
                expected = group["timestamps"][()][group["node_ids"][()] == neuron] / 1e3
                found = np.concatenate([times for times in own.spike_times[own.neuron == neuron]])
                check(np.array_equal(found, expected), f"pynwb: spikes of neuron {neuron} of {population}")
        trials = check_trials(file, run, told)
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
            for stretch in range(1, traces["stretches"] + 1):
                report = run["report"][traces["population"] + (f"@{stretch}" if stretch > 1 else "")]
                check_series(file, run, traces["population"], report, f"_{stretch}" if stretch > 1 else "")
        events = check_events(file, run, told)
    print(f"pynwb: the same {len(units)} units, {trials} trials, {count} plateaus, {events} events and samples")


def compartments_of(run, population):
    """Names of the compartments of a population's cells."""
    place = list(run.attrs["populations"]).index(population.encode())
    return [compartment["name"] for compartment in json.loads(run.attrs["cells"][place])["compartments"]]


def check_events(file, run, told):
    """A table of each population and kind of event, by their beginnings; the number of events."""
    for kind in told["events"]:
        name, own = f"events_{kind['population']}_{kind['event']}", run["events"][kind["population"]][kind["event"]]
        if not kind["events"]:
            check(name not in file.intervals, f"pynwb: an empty table {name}")
            continue
        table = file.intervals[name].to_dataframe()
        check(len(table) == kind["events"], f"pynwb: {len(table)} rows of {name}")
        columns = [own[column][()] for column in ("start", "stop", "node_ids", "compartment")]
        order = np.lexsort((columns[2], columns[0]))
        start, stop, neurons, places = (column[order] for column in columns)
        check(np.array_equal(table.start_time, start / 1e3) and np.array_equal(table.stop_time, stop / 1e3), f"pynwb: times of {name}")
        check(np.array_equal(table.neuron, neurons), f"pynwb: neurons of {name}")
        names = compartments_of(run, kind["population"])
        check(list(table.compartment) == [names[place] for place in places], f"pynwb: compartments of {name}")
    return sum(kind["events"] for kind in told["events"])


def check_series(file, run, population, report, suffix):
    data, (start, _, dt) = report["data"][()], report["mapping/time"][()]
    elements = report["mapping/element_ids"][()]
    compartments = compartments_of(run, population)
    for element in np.unique(elements) if len(data) else []:
        series = file.acquisition[f"{population}_{compartments[element]}{suffix}"]
        check(np.array_equal(series.data[()], data[:, elements == element]), f"pynwb: samples of {series.name}")
        millivolts = report["data"].attrs["units"] == b"mV"
        expected = ("volts", 1e-3) if millivolts else (series.unit, 1.0)
        check((series.unit, series.conversion) == expected, f"pynwb: {series.name} in {series.unit} times {series.conversion}")
        check(np.isclose(series.starting_time, start / 1e3), f"pynwb: start of {series.name}")
        check(np.isclose(series.rate, 1e3 / dt), f"pynwb: rate of {series.name}")


def read_neo(path, run, told):
    blocks, spans = neo.io.NWBIO(str(path), mode="r").read_all_blocks(), stretches(run)
    check([block.name for block in blocks] == [told["name"]], f"neo: blocks {[block.name for block in blocks]}")
    segments = sorted(blocks[0].segments, key=lambda segment: segment.spiketrains[0].t_start)
    check(len(segments) == len(spans), f"neo: {len(segments)} segments, expected {len(spans)}")
    for population in told["spikes"]:
        trains = [[t for t in segment.spiketrains if t.name.rsplit(" ", 1)[0] == population["population"]] for segment in segments]
        check({len(own) for own in trains} == {population["neurons"]}, f"neo: spike trains of {population}")
        count = sum(len(train) for own in trains for train in own)
        check(count == population["spikes"], f"neo: {count} spikes of {population}")
        # elephant knows no rate of a train without spikes.
        of = lambda train: elephant.statistics.mean_firing_rate(train).rescale("Hz").item() if len(train) else 0.0
        rates = [sum(map(of, own)) / len(own) for own in trains]
        rate = np.average(rates, weights=[stop - start for start, stop, _ in spans])
        check(np.isclose(rate, population["rate_hz"], rtol=1e-6), f"elephant: {rate} Hz, {population}")
    labels = run["presentations/label"][()]
    target = ~np.isnan(run["presentations/target_end_ms"][()])
    for segment, (start, stop, rows) in zip(segments, spans):
        ends = {(float(train.t_start), float(train.t_stop)) for train in segment.spiketrains}
        check(np.allclose(list(ends), [(start, stop)]), f"neo: {segment.name} from and to {ends}, expected {start}, {stop}")
        signals = sum(signal.shape[1] for signal in segment.analogsignals)
        check(signals == sum(traces["traces"] for traces in told["traces"]), f"neo: {signals} signals in {segment.name}")
        if is_continuous(run):
            check(segment.name == f"{1e3 * start:g} to {1e3 * stop:g} ms", f"neo: a segment {segment.name}")
            units = {str(signal.units.dimensionality) for signal in segment.analogsignals}
            check(units <= {"mV"}, f"neo: signals in {units}")
            continue
        phases = {epoch.name.split()[0]: epoch for epoch in segment.epochs}
        check(len(phases["forward"]) == len(rows), f"neo: epochs of {segment.name}")
        check(len(phases.get("target", [])) == np.count_nonzero(target[rows]), f"neo: target phases of {segment.name}")
        found = [str(np.ravel(label)[0]) for label in phases["forward"].labels]
        expected = [f"label {label}" if label >= 0 else "no label" for label in labels[rows]]
        check(found == expected, f"neo: labels of {segment.name}: {found}")
    print(f"neo {neo.__version__} and elephant {elephant.__version__}: the same spikes, rates and epochs in {len(spans)} segments")


def main(apical, run):
    with tempfile.TemporaryDirectory(dir=Path(run).parent) as folder, h5py.File(run) as file:
        path = Path(folder) / "run.nwb"
        subprocess.run([apical, "export", "--nwb", str(path), run], check=True, stdout=subprocess.DEVNULL)
        told = json.loads(subprocess.run([apical, "inspect", "--json", run], check=True, capture_output=True).stdout)
        validate(path)
        read_pynwb(path, file, told)
        read_neo(path, file, told)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: read_nwb.py APICAL RUN.h5")
    warnings.filterwarnings("ignore")
    try:
        main(*sys.argv[1:])
    except Mismatch as problem:
        sys.exit(f"{sys.argv[2]}: {problem}")
