"""Recomputes a training run from its record: potentials, plateaus, learning and firing, from the run file alone.

    apical train g17-784-500-10 --examples 20 --record all --set recording.weights=1 --out RUN.h5
    python tests/python/record_closes.py RUN.h5

In float64, from recorded spikes, phases and weights (Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901, Methods):

(a) the sampled potentials and (b) the plateaus, as absolute errors;
(c) every change of a weight or bias: the error beyond half a unit in the last place of the stored f32, relative to the
    largest change expected of the same presynaptic neuron. A train below 1e-4 spikes per ms counts as one of 1e-4, for
    the program forgets carried traces below 1e-9;
(d) that spikes come at rate phi_max sigmoid(V), by two tests with a smallest p.

(a) to (c) fail when one spike of a run is lost, when a delay is wrong by 0.01 ms or a conductance by 1 %, or when
biases are taken up a presentation late. (d) alone sees spikes drawn from other potentials than those recorded: with 20
examples a rate of the hidden population wrong by 2 % (of the output 20 %), V 10 % too large or 5 ms late, a refractory
time of 0.1 ms (1 ms). For batches of 1 within the first epoch. One line per check; exit code 1 if any fails.
"""

import argparse
import sys
import tomllib
from collections import defaultdict

import h5py
import numpy as np
from scipy import stats
from scipy.integrate import cumulative_trapezoid, trapezoid
from scipy.sparse import csr_array
from scipy.special import expit as sigmoid

GRID_MS = 0.05  # for the integrals of sigmoid(V); potentials are exact on any grid
TOLERANCE = {"potential": 1e-3, "plateaus": 1e-4, "change": 1e-5}
SMALLEST_P = 1e-3


class Cells:
    """A population. Its state [rows, neurons] is V, then x_L and x_s of each dendrite, whose potential is x_L - x_s."""

    def __init__(self, table):
        self.__dict__.update(table)
        self.dendrites = ["basal", "apical"] if self.kind == "pyramidal" else ["dendrite"]
        self.g = np.array([table[f"g_{name[0]}_per_ms"] for name in self.dendrites])
        self.gamma = self.g_l_per_ms + self.g.sum()
        self.jump = 1 / (self.tau_l_ms - self.tau_s_ms)
        self.state = np.zeros((1 + 2 * len(self.g), self.size))
        self.clock, self.rescaled, self.counts = np.zeros(self.size), [], np.zeros((2, 20))

    def input(self, phase, label, bias):
        """gamma and the constant current: g_d b, and where an output is taught g_E (E_E - U) + g_I (E_I - U)."""
        if self.kind != "output" or phase == 0:
            return self.gamma, self.g[0] * bias
        g, e_exc, e_inh = (self.teaching[key] for key in ("g_per_ms", "e_exc", "e_inh"))
        taught = np.arange(self.size) // self.group == label
        return self.gamma + g, self.g[0] * bias + g * np.where(taught, e_exc, e_inh)

    def propagator(self, h, gamma):
        """exp(G h) of dV/dt = -gamma V + sum_d g_d (x_L - x_s)_d and dx/dt = -x/tau, as [h, rows, rows]."""
        m = np.zeros((len(h), len(self.state), len(self.state)))
        m[:, 0, 0] = np.exp(-gamma * h)
        for dendrite, g in enumerate(self.g):
            for row, g, tau in [(1 + 2 * dendrite, g, self.tau_l_ms), (2 + 2 * dendrite, -g, self.tau_s_ms)]:
                m[:, row, row] = np.exp(-h / tau)
                m[:, 0, row] = g * (m[:, row, row] - m[:, 0, 0]) / (gamma - 1 / tau)
        return m

    def run(self, grid, gamma, current, afferents):
        """States on a grid [time, rows, neurons]. A spike adds w/(tau_L - tau_s) to x_L and x_s when it arrives."""
        m = self.propagator(np.diff(grid), gamma)
        push = np.zeros((len(m), *self.state.shape))
        push[:, 0] = (1 - m[:, :1, 0]) / gamma * current
        for row, weights, times, nodes in afferents:
            k = np.searchsorted(grid, times) - 1
            effect = self.jump * self.propagator(grid[k + 1] - times, gamma)[:, :, row : row + 2].sum(axis=2)
            for r in (0, row, row + 1):
                push[:, r] += csr_array((effect[:, r], (k, nodes)), shape=(len(m), weights.shape[1])) @ weights.T
        y = np.array([self.state] * len(grid))
        for k in range(len(m)):
            y[k + 1] = m[k] @ y[k] + push[k]
        self.state = y[-1]
        return y

    def means(self, fall, ms, gamma, current, afferents):
        """Means of V and dendrites: what a state fell is what leaked, gamma or 1/tau by its mean, less what came."""
        for row, weights, _, nodes in afferents:
            fall[row : row + 2] += self.jump * (weights @ np.bincount(nodes, minlength=weights.shape[1]))
        x = (self.tau_l_ms * fall[1::2] - self.tau_s_ms * fall[2::2]) / ms
        return (fall[0] / ms + self.g @ x + current) / gamma, x

    def mean_trains(self, times, nodes, size, a, b):
        """Means over [a, b] of s_j = sum_k kappa(t - t_jk); of kappa, `rest` is the integral from an age on."""
        def rest(age):
            tau_l, tau_s = self.tau_l_ms, self.tau_s_ms
            return self.jump * (tau_l * np.exp(-age / tau_l) - tau_s * np.exp(-age / tau_s))

        gained = rest(np.maximum(a - times, 0)) - rest(np.maximum(b - times, 0))
        return np.bincount(nodes, gained / (b - a), size)

    def fire(self, grid, v, times, nodes):
        """Takes spikes to their neuron's own time Lambda = int phi_max sigmoid(V) dt, and counts them in bins: tenths
        of sigmoid(V), V falling or rising."""
        p = sigmoid(v)
        clock = self.clock + self.phi_max_hz / 1000 * cumulative_trapezoid(p, grid, axis=0, initial=0)
        k = np.searchsorted(grid, times) - 1
        part = (times - grid[k]) / (grid[k + 1] - grid[k])
        self.rescaled += zip(nodes, clock[k, nodes] * (1 - part) + clock[k + 1, nodes] * part)
        rising = np.diff(v, axis=0, prepend=v[:1]) > 0
        bins = (np.minimum(10 * p, 9).astype(int) + 10 * rising)[:-1]
        self.counts[0] += np.bincount(bins[k, nodes], minlength=20)
        self.counts[1] += np.bincount(bins.ravel(), np.diff(clock, axis=0).ravel(), minlength=20)
        self.clock = clock[-1]

    def tests_of_firing(self):
        """p of two tests. In its own time a neuron is a Poisson process of rate 1. All neurons laid end to end are one
        as well, with exponential intervals of mean 1 (to leave out the last, unfinished interval of every neuron would
        favour short ones). And a bin has as many spikes as Lambda was spent in it."""
        starts = np.cumsum(self.clock) - self.clock
        line = np.sort([starts[node] + time for node, time in self.rescaled])
        yield "intervals, Kolmogorov-Smirnov", stats.kstest(np.diff(line, prepend=0), "expon").pvalue
        spikes, expected = self.counts[:, self.counts[1] > 5]
        yield "spikes by potential, chi-square", stats.chi2.sf(((spikes - expected) ** 2 / expected).sum(), len(spikes))


class Record:
    """A run file, with the largest deviation from it that each check found."""

    def __init__(self, file):
        model = tomllib.loads(file.attrs["model"].decode())
        self.file, self.protocol, self.worst = file, model["protocol"], defaultdict(float)
        self.cells = {table["name"]: Cells(table) for table in model["population"] if table["kind"] != "poisson"}
        self.projections = dict(zip((name.decode() for name in file.attrs["projections"]), model["projection"]))
        self.spikes = {name: (g["timestamps"][()], g["node_ids"][()].astype(int)) for name, g in file["spikes"].items()}
        self.plateaus = {name: g["alpha"][()] for name, g in file["plateaus"].items()}
        self.shown = {key: column[()] for key, column in file["presentations"].items()}

    def snapshot(self, kind, n):
        name = f"presentation-{n}" if n else "initial"
        return {owner: group[name][()].astype(float) for owner, group in self.file[kind].items()}

    def compare(self, check, deviation):
        self.worst[check] = np.maximum(self.worst[check], np.max(deviation))

    def arrivals(self, projection, start, end):
        """Times and presynaptic neurons of the spikes that arrive in (start, end]."""
        times, nodes = self.spikes[projection["from"]]
        times = times + projection["delay_ms"]
        within = slice(*np.searchsorted(times, [start, end], side="right"))
        return times[within], nodes[within]

    def afferents(self, to, weights, start, end):
        """Of each projection to a population the state's row of its x_L, weights and arrivals."""
        for name, projection in self.projections.items():
            if projection["to"] == to:
                row = 1 + 2 * self.cells[to].dendrites.index(projection["port"])
                yield row, weights[name], *self.arrivals(projection, start, end)

    def presentation(self, n):
        """Recomputes presentation n and what was learnt from it."""
        weights, biases = self.snapshot("weights", n), self.snapshot("biases", n)
        start, middle, end = (self.shown[key][n] for key in ("start_ms", "forward_end_ms", "target_end_ms"))
        settled = start + self.protocol["settle_ms"]
        forward = self.phase(n, 0, (start, settled, middle), weights, biases)
        target = self.phase(n, 1, (middle, middle + self.protocol["target_settle_ms"], end), weights, biases)
        later_weights, later_biases = self.snapshot("weights", n + 1), self.snapshot("biases", n + 1)
        for name, projection in self.projections.items():
            to, eta = projection["to"], projection["learning_rate"]
            (v, alpha, _), (_, alpha_t, sigmoid_t) = forward[to], target[to]
            # dW_ij = 20 eta k e_i sigmoid'(mean_f V_i) mean_f s_j, k = g_b/gamma or g_d/gamma; s = 1 for the bias
            cell = self.cells[to]
            error = sigmoid_t - sigmoid(v) if cell.kind == "output" else alpha_t - alpha
            post = 20 * eta * cell.g[0] / cell.gamma * error * sigmoid(v) * sigmoid(-v)
            pre = cell.mean_trains(*self.arrivals(projection, -np.inf, middle), weights[name].shape[1], settled, middle)
            self.change(name, weights[name], later_weights[name], post, pre)
            if eta > 0:
                self.change(f"{to}'s biases", biases[to][:, None], later_biases[to][:, None], post, np.ones(1))

    def change(self, name, old, new, post, pre):
        """Compares stored weights [post, pre] with old + post pre."""
        error = np.abs(old + np.outer(post, pre) - new) - np.spacing(np.abs(new).astype("f4")) / 2
        scale = np.abs(post).max() * np.maximum(pre, 1e-4)
        self.compare(f"change of {name}", np.maximum(error, 0) / np.maximum(scale, 1e-300))

    def phase(self, n, phase, span, weights, biases):
        """Runs a phase; returns the mean of V, the plateau and the mean of sigmoid(V) of each population's neurons."""
        start, settled, end = span
        found = {}
        for name, cell in self.cells.items():
            report = self.file[f"report/{name}"]
            first, _, every = report["mapping/time"]
            rows = np.arange(*np.ceil((np.array([start, end]) - first) / every), dtype=int)
            grid = np.unique(np.concatenate([span, first + every * rows, np.arange(start, end, GRID_MS)]))
            gamma, current = cell.input(phase, self.shown["label"][n], biases[name])
            y = cell.run(grid, gamma, current, self.afferents(name, weights, start, end))
            x = y[:, 1::2] - y[:, 2::2]
            x[:, 0] += biases[name]
            sampled = np.searchsorted(grid, first + every * rows)
            for element, compartment in enumerate(["soma", *cell.dendrites]):
                potential = x[:, element - 1] if element else y[:, 0]
                recorded = report["data"][rows[0] : rows[-1] + 1, report["mapping/element_ids"][()] == element]
                self.compare(f"potential of {name} {compartment}", np.abs(potential[sampled] - recorded))
            times, nodes = self.spikes[name]
            own = slice(*np.searchsorted(times, [start, end]))
            cell.fire(grid, y[:, 0], times[own], nodes[own])
            s = np.searchsorted(grid, settled)
            late = self.afferents(name, weights, settled, end)
            v, x = cell.means(y[s] - y[-1], end - settled, gamma, current, late)
            alpha = sigmoid(x[-1])
            if name in self.plateaus:
                recorded = self.plateaus[name].reshape(-1, 2, cell.size)[n, phase]
                self.compare(f"plateaus of {name}", np.abs(alpha - recorded))
            found[name] = v, alpha, trapezoid(sigmoid(y[s:, 0]), grid[s:], axis=0) / (end - settled)
        return found


def main(path):
    with h5py.File(path) as file:
        record = Record(file)
        trained = np.flatnonzero(record.shown["kind"] == 0)
        if len(trained) == 0:
            raise KeyError("no training presentation")
        for n in trained:
            record.presentation(n)
    passed = True
    for check, deviation in record.worst.items():
        tolerance = TOLERANCE[check.split()[0]]
        passed &= bool(deviation <= tolerance)
        print(f"{check}: largest deviation {deviation:.2g}, tolerance {tolerance:g}")
    for name, cell in record.cells.items():
        for test, p in cell.tests_of_firing():
            passed &= bool(p > SMALLEST_P)
            print(f"firing of {name}, {len(cell.rescaled)} {test}: p = {p:.2g}, smallest {SMALLEST_P:g}")
    return 0 if passed else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="a run file with all spikes, plateaus, traces and a snapshot per presentation")
    path = parser.parse_args().run
    try:
        sys.exit(main(path))
    except (KeyError, OSError) as problem:
        sys.exit(f"{path}: {problem}")
