"""Opens a run file in h5py, libsonata and bmtk, and checks that they find the same things in it.

    python -m pip install -r tests/python/requirements.txt
    python tests/python/read_run.py APICAL RUN.h5

h5py checks that every object of the table at the head of src/record/hdf5/mod.rs is there with its type and shape, and
that the counts and rates are those that `apical inspect --json` tells; the other two see what h5py sees. One line per
reader; exit code 1 at the first mismatch.
"""

import json
import subprocess
import sys

import bmtk.utils.reports.compartment as compartment
import bmtk.utils.reports.spike_trains as spike_trains
import h5py
import libsonata
import numpy as np

TEXTS = ["format", "name", "model", "apical_version", "git_commit", "command_line", "data_sha256", "start_time", "kind"]
SORTING = {"none": 0, "by_id": 1, "by_time": 2}
PHASES = {"forward": 0, "target": 1}
KINDS = {"train": 0, "test": 1}
PRESENTATIONS = {
    "start_ms": "f8",
    "forward_end_ms": "f8",
    "target_end_ms": "f8",
    "index": "u8",
    "image": "u4",
    "label": "i2",
    "decoded": "u1",
    "kind": KINDS,
    "recorded": "u1",
}
LEARNING = {"examples_seen": "u8", "test_error": "f8", "train_error": "f8", "loss": "f8", "seconds": "f8"}
PLATEAUS = {"timestamps": "f8", "node_ids": "u8", "alpha": "f4", "phase": PHASES}


class Mismatch(Exception):
    """A file or a reader's view of it is not as documented."""


def check(condition, message):
    if not condition:
        raise Mismatch(message)


def typed(dataset, expected, shape=None):
    """Checks the type of a dataset, a name of numpy or the members of an enumeration, and its shape."""
    if isinstance(expected, dict):
        check(h5py.check_enum_dtype(dataset.dtype) == expected, f"{dataset.name}: members {dataset.dtype.metadata}")
        expected = "u1"
    check(dataset.dtype == np.dtype(expected), f"{dataset.name}: {dataset.dtype}, expected {expected}")
    check(shape is None or dataset.shape == shape, f"{dataset.name}: shape {dataset.shape}, expected {shape}")
    return dataset


def table(group, columns):
    """Checks the columns of a table and returns the number of its rows."""
    check(set(group) == set(columns), f"{group.name}: {sorted(group)}, expected {sorted(columns)}")
    rows = {len(typed(group[name], kind)) for name, kind in columns.items()}
    check(len(rows) == 1, f"{group.name}: columns of lengths {rows}")
    return rows.pop()


def text(owner, name):
    """The text of an attribute: of fixed length, but for units of spike times, which bmtk compares with a `str`."""
    info = h5py.check_string_dtype(owner.attrs.get_id(name).dtype)
    check(info and info.encoding == "utf-8", f"{owner.name}@{name}: not UTF-8 text: {info}")
    variable = owner.name.startswith("/spikes/") and name == "units"
    check((info.length is None) == variable, f"{owner.name}@{name}: of the wrong kind of text: {info}")
    value = owner.attrs[name]
    return value if variable else value.decode()


def spikes_h5py(group):
    typed_sorting = h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)
    check(typed_sorting == SORTING and group.attrs["sorting"] == 2, f"{group.name}: sorting {typed_sorting}")
    rows = table(group, {"timestamps": "f8", "node_ids": "u8"})
    check(text(group["timestamps"], "units") == "ms", f"{group.name}: units of the times")
    times, nodes = group["timestamps"][()], group["node_ids"][()]
    check(np.all(np.diff(times) >= 0), f"{group.name}: not sorted by time")
    check(rows == 0 or nodes.max() < group.attrs["size"], f"{group.name}: a neuron beyond the population")
    return times, nodes


def report_h5py(group):
    mapping, data = group["mapping"], typed(group["data"], "f4")
    nodes = typed(mapping["node_ids"], "u8")
    pointers = typed(mapping["index_pointers"], "u8", (len(nodes) + 1,))[()]
    width = data.shape[1]
    check(pointers[0] == 0 and pointers[-1] == width, f"{group.name}: pointers {pointers}")
    check(np.array_equal(mapping["index_pointer"][()], pointers), f"{group.name}: index_pointer")
    typed(mapping["element_ids"], "u4", (width,))
    typed(mapping["element_pos"], "f4", (width,))
    check(text(data, "units") in ("dimensionless", "mV"), f"{group.name}: units of the data")
    check(nodes.attrs["sorted"] == 1, f"{group.name}: sorted")
    start, stop, dt = typed(mapping["time"], "f8", (3,))[()]
    check(text(mapping["time"], "units") == "ms", f"{group.name}: units of the times")
    check(abs(stop - start - len(data) * dt) < 1e-5, f"{group.name}: {len(data)} rows from {start} to {stop} by {dt}")
    return data


SYNAPSES = {"source_node_id": "u4", "target_node_id": "u4", "delay_steps": "u2", "weight": "f4"}


def snapshots_h5py(group, dimensions):
    for owner in group.values():
        for snapshot in owner.values():
            if isinstance(snapshot, h5py.Group):
                check(table(snapshot, SYNAPSES) > 0 and snapshot.attrs["resolution_ms"] > 0, f"{snapshot.name}: no synapses")
                continue
            typed(snapshot, "f4")
            check(snapshot.ndim == dimensions, f"{snapshot.name}: shape {snapshot.shape}")
            check(snapshot.attrs["examples_seen"].dtype == np.uint64, f"{snapshot.name}: examples_seen")
    return sum(len(owner) for owner in group.values())


def read_h5py(file):
    """Checks the whole table of the format; returns spikes and reports by population."""
    check(file.attrs["magic"] == 0x0A7A and file.attrs["magic"].dtype == np.uint32, "magic")
    check(list(file.attrs["version"]) == [0, 1] and file.attrs["version"].dtype == np.uint32, "version")
    check(file.attrs["seed"].dtype == np.uint64, "seed")
    for name in TEXTS:
        text(file, name)
    populations, projections = ([text.decode() for text in file.attrs[name]] for name in ("populations", "projections"))
    spikes = {name: spikes_h5py(group) for name, group in file["spikes"].items()}
    reports = {name: report_h5py(group) for name, group in file["report"].items()}
    plateaus = sum(table(group, PLATEAUS) for group in file["plateaus"].values())
    named = {*spikes, *(name.split("@")[0] for name in reports), *file["plateaus"], *file["biases"]}
    check(named <= set(populations), "an unknown population")
    check(set(file["weights"]) <= set(projections), "an unknown projection")
    presentations, evaluations = table(file["presentations"], PRESENTATIONS), table(file["learning"], LEARNING)
    weights = snapshots_h5py(file["weights"], 2) + snapshots_h5py(file["biases"], 1)
    print(
        f"h5py {h5py.__version__}: {presentations} presentations, {evaluations} evaluations, "
        f"{sum(len(times) for times, _ in spikes.values())} spikes, {plateaus} plateaus, "
        f"{sum(len(data) for data in reports.values())} samples, {weights} snapshots"
    )
    return spikes, reports


def check_told(file, spikes, reports, told):
    """Checks counts and rates against those of `apical inspect --json`."""
    kinds, shown = file["presentations/kind"][()], told["presentations"]
    found = {name: int(np.count_nonzero(kinds == code)) for name, code in KINDS.items()}
    check(found == shown, f"{found} presentations, told {shown}")
    check(len(file["learning/examples_seen"]) == len(told["learning"]), "evaluations told")
    kept = file["presentations/recorded"][()] == 1
    ends = np.fmax(file["presentations/target_end_ms"][()], file["presentations/forward_end_ms"][()])
    recorded_ms = (ends - file["presentations/start_ms"][()])[kept].sum()
    check(np.isclose(recorded_ms, told["recorded_ms"]), f"{recorded_ms} ms recorded, told {told['recorded_ms']}")
    for population in told["spikes"]:
        count = len(spikes[population["population"]][0])
        check(count == population["spikes"], f"{count} spikes, told {population}")
        if recorded_ms:
            rate = 1e3 * count / recorded_ms / population["neurons"]
            check(np.isclose(rate, population["rate_hz"]), f"{rate} Hz, told {population}")
    for population in told["plateaus"]:
        count = len(file["plateaus"][population["population"]]["alpha"])
        check(count == population["plateaus"], f"{count} plateaus, told {population}")
    for traces in told["traces"]:
        own = [data for name, data in reports.items() if name.split("@")[0] == traces["population"]]
        check(len(own) == traces["stretches"], f"{len(own)} stretches, told {traces}")
        check(sum(map(len, own)) == traces["samples"], f"{sum(map(len, own))} samples, told {traces}")
        check({data.shape[1] for data in own} == {traces["traces"]}, f"widths of {own}, told {traces}")
    stretches = sum(traces["stretches"] for traces in told["traces"])
    check(len(told["spikes"]) == len(spikes) and stretches == len(reports), "populations told")
    print("inspect --json: the same counts, times and rates")


def deflated(file):
    datasets = [group["timestamps"] for group in file["spikes"].values()]
    return any(d.compression for d in [*datasets, *(group["data"] for group in file["report"].values())])


def read_libsonata(path, spikes, reports):
    reader = libsonata.SpikeReader(path)
    check(set(reader.get_population_names()) == set(spikes), "libsonata: populations with spikes")
    for name, (times, nodes) in spikes.items():
        found = reader[name].get()
        check(reader[name].sorting == "by_time", f"libsonata: sorting of {name}")
        check([(int(n), t) for n, t in zip(nodes, times)] == list(found), f"libsonata: spikes of {name}")
        if len(times):
            middle, node = (times[0] + times[-1]) / 2, int(nodes[0])
            found = reader[name].get(node_ids=[node], tstart=times[0], tstop=middle)
            expected = np.count_nonzero((nodes == node) & (times <= middle))
            check(len(found) == expected, f"libsonata: {len(found)} spikes of neuron {node}, expected {expected}")
    reader = libsonata.ElementReportReader(path)
    check(set(reader.get_population_names()) == set(reports), "libsonata: populations with reports")
    for name, data in reports.items():
        if len(data):
            report_libsonata(reader[name], data)
    print(f"libsonata {libsonata.version}: the same spikes and samples, also by neuron and time")


def report_libsonata(report, data):
    check(report.sorted and report.time_units == "ms", f"libsonata: mapping of {data.name}")
    whole = report.get()
    check(np.array_equal(whole.data, data[()]), f"libsonata: samples of {data.name}")
    check(len(whole.times) == len(data), f"libsonata: {len(whole.times)} times, expected {len(data)}")
    last = len(data) // 2
    node = int(report.get_node_ids()[-1])
    part = report.get(node_ids=[node], tstart=whole.times[0], tstop=whole.times[last])
    elements = part.data.shape[1]
    check(np.array_equal(part.data, data[: last + 1, -elements:]), f"libsonata: samples of {data.name} by neuron")
    check(set(part.ids[:, 0]) == {node}, f"libsonata: elements of {data.name}")


def read_bmtk(path, spikes, reports):
    if spikes:
        trains = spike_trains.SpikeTrains.load(path)
        check(set(trains.populations) == set(spikes), "bmtk: populations with spikes")
    for name, (times, nodes) in spikes.items():
        check(trains.n_spikes(name) == len(times), f"bmtk: {trains.n_spikes(name)} spikes of {name}")
        check(trains.units(name) == "ms", f"bmtk: units of {name}")
        for node in np.unique(nodes)[:5]:
            found = np.sort(trains.get_times(int(node), population=name))
            check(np.array_equal(found, times[nodes == node]), f"bmtk: spikes of neuron {node} of {name}")
    report = compartment.CompartmentReport.load(path) if reports else None
    for name, data in reports.items():
        found = report[name]
        # Millions of samples at a dt such as 0.1 ms: libsonata's sum of dt falls behind, and stop is cut to suit it.
        rows = found.n_steps()
        check(len(data) - rows in (0, 1), f"bmtk: {rows} samples of {name}, expected {len(data)}")
        check(np.array_equal(found.data(), data[:rows]), f"bmtk: samples of {name}")
        node = found.node_ids()[-1]
        elements = found.n_elements(node)
        check(np.array_equal(found.data(node_id=node), data[:rows, -elements:]), f"bmtk: samples of neuron {node} of {name}")
    print("bmtk: the same spikes and samples, also by neuron")


def main(apical, path):
    told = json.loads(subprocess.run([apical, "inspect", "--json", path], check=True, capture_output=True).stdout)
    with h5py.File(path) as file:
        spikes, reports = read_h5py(file)
        check_told(file, spikes, reports, told)
        if deflated(file):
            print("libsonata: not asked, its wheel cannot read deflated data")
        else:
            read_libsonata(path, spikes, reports)
        read_bmtk(path, spikes, reports)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: read_run.py APICAL RUN.h5")
    try:
        main(*sys.argv[1:])
    except (Mismatch, KeyError, OSError) as problem:
        sys.exit(f"{sys.argv[2]}: {problem}")
