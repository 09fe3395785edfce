"""NumPy with a loop over steps of 1 ms: one matrix product per phase for the input, then somata, spikes and feedback
step by step. Unlike `numpy_matrix.py` it would also do for feedback that drives somata.

Euler steps of 1 ms, kernel cut at 10 ms, as in the authors' code. float32.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from workload import *

F = np.float32
TAPS = 10
CARRY = TAPS - 1  # steps whose spikes are still felt in the next phase
NEWEST_LAST = kernel(np.arange(TAPS, 0.0, -1)).astype(F)
TWO_SPIKES = F(np.exp(-PHI_MAX) * (1 + PHI_MAX))  # the least draw that may mean more than one spike in a step
ONE, FREE, MINUS_PHI_MAX = F(1), F(1 - G_L - G_B), F(-PHI_MAX)


@cache
def trace_matrix(steps):
    """From the spikes of CARRY carried and `steps` steps to traces."""
    matrix = np.zeros((steps, CARRY + steps), F)
    for t in range(steps):
        matrix[t, t : t + TAPS] = NEWEST_LAST
    return matrix


def add_further_spikes(spikes, uniform, none):
    """Poisson counts by inversion: adds spikes beyond the first, for `none` = exp(-rate), that of no spike."""
    rate = -np.log(none)
    term = cumulated = none
    for n in range(1, 4):
        term = term * rate / F(n)
        cumulated = cumulated + term
        spikes += uniform > cumulated


class Network:
    def __init__(self, seed=1):
        self.rng = np.random.Generator(np.random.SFC64(seed))
        w0, self.b0, self.w1, self.b1, self.feedback = (a.astype(F) for a in initial_weights(self.rng))
        self.w0 = np.ascontiguousarray(w0.T)  # [784, 500], for its rows are gathered
        self.rest()

    def rest(self):
        self.inputs = np.zeros((CARRY, INPUT), F)
        self.hidden = np.zeros((CARRY, HIDDEN), F)
        self.outputs = np.zeros((CARRY + 1, OUTPUT), F)  # one more, for feedback comes a step later
        self.v, self.u = np.zeros(HIDDEN, F), np.zeros(OUTPUT, F)

    def input_traces(self, pixels, steps):
        """Pixels that are felt in this phase, and their traces [steps, pixels]."""
        felt = np.flatnonzero(self.inputs.any(0) | (pixels > 0))
        uniform = self.rng.random((steps, len(felt)), dtype=F)
        none = np.exp(pixels[felt] * F(-PHI_MAX / 255))
        spikes = np.empty((CARRY + steps, len(felt)), F)
        spikes[:CARRY] = self.inputs[:, felt]
        spikes[CARRY:] = uniform > none
        some = np.flatnonzero(uniform > TWO_SPIKES)
        further = np.zeros(len(some), F)
        add_further_spikes(further, uniform.reshape(-1)[some], none[some % len(felt)])
        spikes[CARRY:].reshape(-1)[some] += further
        self.inputs = np.zeros((CARRY, INPUT), F)
        self.inputs[:, felt] = spikes[-CARRY:]
        return felt, trace_matrix(steps) @ spikes

    def drive(self, pixels, steps):
        """What input adds to each hidden soma in each step; the pixels felt, and their mean traces."""
        felt, traces = self.input_traces(pixels, steps)
        drive = traces @ self.w0[felt]
        drive += self.b0
        drive *= F(G_B)
        return drive, felt, traces[SETTLE_MS:].mean(0)

    def phase(self, pixels, steps, teaching=None):
        drive, felt, inputs = self.drive(pixels, steps)
        rows = lambda n: np.empty((steps, n), F)
        hidden = np.concatenate([self.hidden, rows(HIDDEN)])
        outputs = np.concatenate([self.outputs, rows(OUTPUT)])
        draws, output_draws = Draws(self.rng, steps, HIDDEN), Draws(self.rng, steps, OUTPUT)
        v, apical, trace, u, phi = (rows(n) for n in (HIDDEN, HIDDEN, HIDDEN, OUTPUT, OUTPUT))
        decay = FREE if teaching is None else FREE - ONE
        constant = F(G_D) * self.b1 + (F(0) if teaching is None else teaching)
        weights = F(G_D) * self.w1
        for t in range(steps):
            np.dot(self.feedback, NEWEST_LAST @ outputs[t : t + TAPS], out=apical[t])
            np.add(drive[t], FREE * self.v, out=v[t])
            draws.fire(t, v[t], hidden[CARRY + t])
            np.dot(NEWEST_LAST, hidden[t : t + TAPS], out=trace[t])
            np.add(weights @ trace[t] + constant, decay * self.u, out=u[t])
            phi[t] = output_draws.fire(t, u[t], outputs[CARRY + 1 + t])
            self.v, self.u = v[t], u[t]
        self.hidden, self.outputs = hidden[-CARRY:], outputs[-CARRY - 1 :]
        return Phase(felt, inputs, *(rows[SETTLE_MS:].mean(0) for rows in (v, apical, trace, u, phi)))

    def train(self, pixels, label):
        teaching = np.full(OUTPUT, -TEACHING, F)
        teaching[label] = TEACHING
        f = self.phase(pixels, phase_steps(self.rng))
        t = self.phase(pixels, phase_steps(self.rng), teaching)
        e0, e1 = update_factors(ETA_CUT_KERNEL, f.v, f.apical, t.apical, f.u, t.phi)
        self.w0[f.felt] += np.outer(f.inputs, e0)
        self.b0 += e0
        self.w1 += np.outer(e1, f.hidden)
        self.b1 += e1
        return int(np.argmax(f.u))

    def test(self, pixels):
        """The class of the largest mean potential; the state of training is left as it was."""
        inputs, self.inputs = self.inputs, np.zeros((CARRY, INPUT), F)
        drive, *_ = self.drive(pixels, TEST_MS)
        self.inputs = inputs
        hidden = np.zeros((CARRY + TEST_MS, HIDDEN), F)
        draws = Draws(self.rng, TEST_MS, HIDDEN)
        constant, weights = F(G_D) * self.b1, F(G_D) * self.w1
        v, u, total = np.zeros(HIDDEN, F), np.zeros(OUTPUT, F), np.zeros(OUTPUT, F)
        for t in range(TEST_MS):
            v *= FREE
            v += drive[t]
            draws.fire(t, v, hidden[CARRY + t])
            u = weights @ (NEWEST_LAST @ hidden[t : t + TAPS]) + constant + FREE * u
            if t >= SETTLE_MS:
                total += u
        return int(np.argmax(total))


@dataclass
class Phase:
    """Means of a phase after settling: traces of the pixels felt, hidden somata, apical dendrites and traces, output
    somata and their sigmoid."""

    felt: np.ndarray
    inputs: np.ndarray
    v: np.ndarray
    apical: np.ndarray
    hidden: np.ndarray
    u: np.ndarray
    phi: np.ndarray


class Draws:
    """The random draws of a population for a phase, and which steps may see a second spike."""

    def __init__(self, rng, steps, n):
        self.uniform = rng.random((steps, n), dtype=F)
        self.doubtful = (self.uniform > TWO_SPIKES).any(1).tolist()

    def fire(self, t, potentials, spikes):
        """Sets the spikes of a step at phi_max sigmoid(V), and returns sigmoid(V)."""
        phi = np.negative(potentials)
        np.exp(phi, out=phi)
        phi += ONE
        np.reciprocal(phi, out=phi)
        none = np.exp(MINUS_PHI_MAX * phi)
        uniform = self.uniform[t]
        np.greater(uniform, none, out=spikes, casting="unsafe")
        if self.doubtful[t]:
            some = np.flatnonzero(uniform > TWO_SPIKES)
            further = spikes[some]
            add_further_spikes(further, uniform[some], none[some])
            spikes[some] = further
        return phi


if __name__ == "__main__":
    serve(Network())
