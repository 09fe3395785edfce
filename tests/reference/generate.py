#!/usr/bin/env python3
"""Spike times of leaky integrate-and-fire neurons to 40 digits: the files that tests/physics compares the engine with.

    pip install mpmath gmpy2
    python tests/reference/generate.py            writes cell-*.json and network-*.json beside this file (some minutes)

Every state is a sum of decaying modes in mpmath's arithmetic, with times from the parameters as the floats they are. A crossing is
found by steps from the left, each as long as a parabola above V certifies that V stays below threshold, and closed in on by Newton's
method: no code and no idea is shared with the engine but the equation and the meaning of simultaneous events:

dV/dt = -(V - E_L)/tau_m + (I_e + I)/C_m; V >= V_th: spike, V = V_reset for t_ref, I goes on. Whatever reaches a neuron at one time is
applied before its threshold is looked at, the end of a refractory time before that. A delta synapse lets V jump by its weight [mV],
which is lost while V is held; an exponential one lets I jump [pA]; a double exponential one adds weight [pA ms] times
(exp(-t/tau_decay) - exp(-t/tau_rise))/(tau_decay - tau_rise).

Inputs are not kept in the files but drawn as `Draws` does, from a seed, with one rounding at most: the tests draw the same.
"""

import json
import sys
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 40
HERE = Path(__file__).parent
MASK = (1 << 64) - 1


class Draws:
    """splitmix64 (Steele, Lea & Flood 2014)."""

    def __init__(self, seed):
        self.state = seed

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def unit(self):
        return (self.bits() >> 11) * 2.0**-53

    def below(self, n):
        return (self.bits() * n) >> 64


class Cell:
    """What neurons of one kind share: rates of the modes, the membrane's first, and what each port adds to each."""

    def __init__(self, keys):
        tau_m, c_m, e_l = (mpf(keys[key]) for key in ("tau_m_ms", "c_m_pf", "e_l_mv"))
        self.threshold, self.reset, self.t_ref = (mpf(keys[key]) for key in ("v_th_mv", "v_reset_mv", "t_ref_ms"))
        self.rest = e_l + mpf(keys["i_e_pa"]) * tau_m / c_m
        self.start = mpf(keys.get("v_init_mv", keys["e_l_mv"]))
        taus, self.jumps, self.delta = [tau_m], [], []
        for port in keys["ports"]:
            kernel = port["kernel"]
            if kernel == "delta":
                parts = []
            elif kernel == "exponential":
                parts = [(mpf(port["tau_ms"]), mpf(1))]
            else:
                decay, rise = mpf(port["tau_decay_ms"]), mpf(port["tau_rise_ms"])
                parts = [(decay, 1 / (decay - rise)), (rise, -1 / (decay - rise))]
            jump = {0: mpf(1)} if kernel == "delta" else {0: mpf(0)}
            for tau, size in parts:
                # A current exp(-t/tau) gives tau_m tau/(C_m (tau_m - tau)) (exp(-t/tau_m) - exp(-t/tau)).
                gain = size * tau_m * tau / (c_m * (tau_m - tau))
                taus.append(tau)
                jump[0] += gain
                jump[len(taus) - 1] = -gain
            self.jumps.append(jump)
            self.delta.append(kernel == "delta")
        self.rates = [1 / tau for tau in taus]
        self.floats = [float(rate) for rate in self.rates]


class Neuron:
    """V = rest + sum a_k exp(-rate_k (t - now)); while refractory, V is held and the membrane's amplitude is not used."""

    def __init__(self, cell):
        self.cell, self.now, self.held_until = cell, mpf(0), None
        self.a = [cell.start - cell.rest] + [mpf(0)] * (len(cell.rates) - 1)
        self.spikes = []  # (time, slope of V or None where a jump carried it over the threshold)

    def decay(self, time):
        step = time - self.now
        if step > 0:
            self.a = [a * mp.exp(-rate * step) if a else a for a, rate in zip(self.a, self.cell.rates)]
        self.now = time

    def fire(self, time, slope):
        self.decay(time)
        self.spikes.append((time, slope))
        self.held_until = time + self.cell.t_ref

    def release(self):
        self.decay(self.held_until)
        self.held_until = None
        self.a[0] = self.cell.reset - self.cell.rest - sum(self.a[1:])

    def advance(self, until):
        """To `until`, exclusive of what happens there, but for the end of a refractory time."""
        while True:
            if self.held_until is not None:
                if self.held_until > until:
                    return
                self.release()
            crossing = self.crossing(until - self.now)
            if crossing is None:
                return
            self.fire(self.now + crossing[0], crossing[1])

    def receive(self, time, synapses):
        """All (port, weight) that reach it at `time`, to which it has advanced."""
        self.decay(time)
        held = self.held_until is not None
        for port, weight in synapses:
            if held and self.cell.delta[port]:
                continue
            for mode, jump in self.cell.jumps[port].items():
                self.a[mode] += jump * weight
        if not held and self.cell.rest + sum(self.a) >= self.cell.threshold:
            self.fire(time, None)

    def crossing(self, length):
        """The first (t, V'(t)) with V >= threshold, 0 < t < length; the state is left at `now`."""
        c, rates = self.cell.rest - self.cell.threshold, self.cell.rates
        # In floats first, where the parabola clears the threshold by far more than their rounding.
        a = [float(x) for x in self.a]
        bound, slope, up = float(c) + sum(a), 0.0, 0.0
        for x, rate in zip(a, self.cell.floats):
            slope -= rate * x
            up += rate * rate * max(x, 0.0)
        span = float(length)
        if bound < -1e-6 and bound + slope * span + up * span * span / 2 < -1e-6:
            return None
        tolerance = mpf(10) ** -30
        t, value = mpf(0), c + sum(self.a)
        assert value < 0, "at threshold at the start of an interval"
        while True:
            terms = [x * mp.exp(-rate * t) for x, rate in zip(self.a, rates)]
            value = c + sum(terms)
            slope = -sum(x * rate for x, rate in zip(terms, rates))
            up = sum(x * rate * rate for x, rate in zip(terms, rates) if x > 0)
            down = -sum(x * rate * rate for x, rate in zip(terms, rates) if x < 0)
            if value > -tolerance:
                # V is at the threshold to 30 digits: it crosses if it rises enough for no bend to turn it back.
                assert slope > 0 and slope * slope > 4 * (down + 1) * tolerance, "a maximum at the threshold"
                return (t, slope) if t < length else None
            if t >= length:
                return None
            root = mp.sqrt(slope * slope - 2 * up * value)
            t += -2 * value / (slope + root) if slope > 0 else (root - slope) / up if up > 0 else length
            t = min(t, length)


def trains(draws, sources, spikes, duration):
    """(time, source) of all input spikes, in order of time."""
    drawn = []
    for _ in range(spikes):
        time = draws.unit() * duration
        drawn.append((time, draws.below(sources)))
    return sorted(drawn)


def run_cell(case):
    neuron = Neuron(Cell(case["cell"]))
    sources = case["sources"]
    for time, source in trains(Draws(case["seed"]), len(sources), case["input_spikes"], case["duration_ms"]):
        neuron.advance(mpf(time))
        neuron.receive(mpf(time), [(sources[source]["port"], mpf(sources[source]["weight"]))])
    neuron.advance(mpf(case["duration_ms"]))
    return neuron.spikes


def connect(case):
    """Per source population, per source, its (target population, target, port, weight, delay)."""
    draws, sizes = Draws(case["seed"]), case["sizes"]
    synapses = {name: [[] for _ in range(size)] for name, size in sizes.items()}
    for projection in case["projections"]:
        source, target = projection["source"], projection["target"]
        for post in range(sizes[target]):
            for _ in range(projection["in_degree"]):
                pre = draws.below(sizes[source])
                weight = projection["weight"] * (12 + draws.below(9)) / 16
                first, last = projection["delay_steps"]
                delay = (first + draws.below(last - first + 1)) * case["delay_step_ms"]
                synapses[source][pre].append((target, post, projection["port"], mpf(weight), mpf(delay)))
    return synapses, draws


def run_network(case, moved=None):
    """Spikes (time, population, neuron, slope) in order of time; `moved` is an input spike that comes 1e-12 ms later."""
    synapses, draws = connect(case)
    neurons = {
        name: [Neuron(Cell(case["cells"][name])) for _ in range(size)]
        for name, size in case["sizes"].items()
        if name != "input"
    }
    waiting = {name: [[] for _ in group] for name, group in neurons.items()}

    def send(time, population, neuron):
        for target, post, port, weight, delay in synapses[population][neuron]:
            waiting[target][post].append((time + delay, port, weight))

    drawn = trains(draws, case["sizes"]["input"], case["input_spikes"], case["duration_ms"])
    inputs = [
        (mpf(time) + (mpf(10) ** -12 if number == moved else 0), source) for number, (time, source) in enumerate(drawn)
    ]
    least = min(p["delay_steps"][0] for p in case["projections"] if p["source"] != "input") * case["delay_step_ms"]
    spikes, start = [], 0.0
    while start < case["duration_ms"]:
        end = min(start + least, case["duration_ms"])
        while inputs and inputs[0][0] < end:
            time, source = inputs.pop(0)
            send(time, "input", source)
        for name, group in neurons.items():
            for index, neuron in enumerate(group):
                queue = sorted(waiting[name][index], key=lambda arrival: arrival[0])
                known = [arrival for arrival in queue if arrival[0] < end]
                waiting[name][index] = queue[len(known) :]
                before = len(neuron.spikes)
                while known:
                    time = known[0][0]
                    together = [arrival for arrival in known if arrival[0] == time]
                    known = known[len(together) :]
                    neuron.advance(time)
                    neuron.receive(time, [(port, weight) for _, port, weight in together])
                neuron.advance(mpf(end))
                spikes += [(time, name, index, slope) for time, slope in neuron.spikes[before:]]
                for time, _ in neuron.spikes[before:]:
                    send(time, name, index)
        start = end
    return sorted(spikes, key=lambda spike: spike[0])


def divergence(spikes, others):
    """How many spikes are the same in both, and the time of the last of these."""
    same = 0
    for (time, *who, _), (other, *other_who, _) in zip(spikes, others):
        if who != other_who or abs(time - other) > mpf("1e-6"):
            break
        same += 1
    return same, float(spikes[same - 1][0]) if same else 0.0


def port(kernel, **taus):
    return {"kernel": kernel, **taus}


def lif(ports, **keys):
    default = dict(tau_m_ms=10.0, c_m_pf=250.0, e_l_mv=-70.0, v_th_mv=-55.0, v_reset_mv=-70.0, t_ref_ms=2.0, i_e_pa=0.0)
    names = [{"name": f"port{n}", **keys} for n, keys in enumerate(ports)]
    return {**default, **keys, "ports": names}


def sources(*groups):
    return [{"port": port, "weight": weight} for port, *weights in groups for weight in weights]


EXPONENTIAL, DOUBLE, DELTA = "exponential", "double_exponential", "delta"
CELLS = {
    # Weights have 24 bits at most: they are floats of single precision, too.
    "one-delta": dict(
        cell=lif([port(DELTA)], tau_m_ms=20.0, i_e_pa=128.0, v_reset_mv=-62.5),
        sources=sources((0, 0.25, 0.375, 0.5, 0.125, 0.25, 0.5, -0.75, -0.5)),
    ),
    "one-exponential": dict(
        cell=lif([port(EXPONENTIAL, tau_ms=2.0)], i_e_pa=160.0),
        sources=sources((0, 80.0, 64.0, 48.0, 96.0, 72.0, -128.0, -96.0, 56.0)),
    ),
    "two-ports-above-threshold": dict(
        cell=lif([port(EXPONENTIAL, tau_ms=0.5), port(EXPONENTIAL, tau_ms=5.0)], i_e_pa=420.0, t_ref_ms=1.0),
        sources=sources((0, 128.0, 96.0, 160.0, 192.0), (1, -16.0, -24.0, -8.0)),
    ),
    "two-ports-sparse": dict(
        cell=lif([port(EXPONENTIAL, tau_ms=2.0), port(EXPONENTIAL, tau_ms=7.5)], tau_m_ms=12.5),
        sources=sources((0, 1200.0, 800.0, 1600.0), (1, -100.0, -150.0)),
        input_spikes=2_000,
    ),
    "three-ports": dict(
        cell=lif([port(DELTA), port(EXPONENTIAL, tau_ms=1.7), port(DOUBLE, tau_decay_ms=4.0, tau_rise_ms=0.7)], tau_m_ms=15.0, i_e_pa=150.0),
        sources=sources((0, 0.25, 0.375), (1, 40.0, 60.0, 80.0), (2, -80.0, -40.0, -60.0)),
    ),
    "four-ports": dict(
        cell=lif(
            [
                port(EXPONENTIAL, tau_ms=0.7),
                port(DOUBLE, tau_decay_ms=35.0, tau_rise_ms=1.3),
                port(EXPONENTIAL, tau_ms=6.0),
                port(DELTA),
            ],
            i_e_pa=300.0,
            v_reset_mv=-65.0,
        ),
        sources=sources((0, 90.0, 120.0), (1, 160.0, 240.0), (2, -20.0, -30.0), (3, 0.25, -0.25)),
    ),
}


def projection(source, target, port, in_degree, weight, delay_steps):
    return dict(source=source, target=target, port=port, in_degree=in_degree, weight=weight, delay_steps=delay_steps)


def network(cells, weights, input_weight, **keys):
    excitatory, inhibitory = weights
    ends = [("e", "e"), ("e", "i"), ("i", "e"), ("i", "i")]
    recurrent = [
        projection(source, target, 0 if source == "e" else 1, 8 if source == "e" else 2, excitatory if source == "e" else inhibitory, [4, 24])
        for source, target in ends
    ]
    inputs = [projection("input", target, 0, 4, input_weight, [1, 1]) for target in ("e", "i")]
    return dict(
        sizes=dict(input=40, e=80, i=20), delay_step_ms=0.125, cells=dict(e=cells, i=cells), projections=recurrent + inputs, **keys
    )


NETWORKS = {
    "exponential": network(
        lif([port(EXPONENTIAL, tau_ms=2.0), port(EXPONENTIAL, tau_ms=6.0)], i_e_pa=200.0),
        (120.0, -100.0),
        180.0,
        input_spikes=4_000,
    ),
    "delta": network(
        lif([port(DELTA), port(DELTA)], tau_m_ms=20.0, i_e_pa=100.0, v_reset_mv=-60.0),
        (0.5, -2.0),
        0.75,
        input_spikes=4_000,
    ),
}


def written(spike):
    """A time as the nearest float, and the slope of V [mV/ms] to 4 digits, or null where a jump crossed."""
    time, slope = spike
    return [float(time), None if slope is None else float(mp.nstr(slope, 4))]


def write(name, case, rows):
    head = json.dumps(case, indent=1).removesuffix("\n}")
    text = ",\n".join("  " + json.dumps(row) for row in rows)
    (HERE / f"{name}.json").write_text(f'{head},\n "spikes": [\n{text}\n ]\n}}\n')
    print(f"{name}: {len(rows)} spikes")


def main():
    wanted = sys.argv[1:]
    for number, (name, case) in enumerate(CELLS.items()):
        if not wanted or f"cell-{name}" in wanted:
            case = {"seed": 24_000 + number, "duration_ms": 2000.0, "input_spikes": 10_000, **case}
            write(f"cell-{name}", case, [written(spike) for spike in run_cell(case)])
    for number, (name, case) in enumerate(NETWORKS.items()):
        if not wanted or f"network-{name}" in wanted:
            case = {"seed": 24_100 + number, "duration_ms": 1000.0, **case}
            spikes = run_network(case)
            same, until = divergence(spikes, run_network(case, moved=10))
            case["same_with_an_input_moved"] = dict(spikes=same, until_ms=until)
            rows = [[*written((time, slope)), population, neuron] for time, population, neuron, slope in spikes]
            write(f"network-{name}", case, rows)


if __name__ == "__main__":
    main()
