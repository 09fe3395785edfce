"""NumPy without a loop over time: every linear step is a matrix product over a whole presentation, active pixels only.

Possible because nothing feeds back into a soma at g_a = 0: the potentials of a layer are one linear filter of its input
spikes, and only firing is not linear. Euler steps of 1 ms, kernel cut at 10 ms, as in the authors' code. float32.
"""

from functools import cache

import numpy as np

from workload import *

F = np.float32
TAPS = 10
CARRY = TAPS - 1  # steps whose spikes are still felt in the next phase
TAIL = 20  # steps after which the spikes carried over are forgotten: 0.3^11 of them is left


class Filters:
    """Matrices that take the spikes of `steps` steps, after CARRY carried ones, to traces and potentials.

    A soma that steps by V <- decay V + G (D + b) has V = soma (D + b) + start V_before, with D = traces (W s).
    """

    def __init__(self, steps, decay):
        t = np.arange(steps)
        age = t[:, None] - t[None, :]
        soma = G_B * np.where(age >= 0, decay ** np.maximum(age, 0), 0.0)
        taps = kernel(np.arange(1.0, TAPS + 1))
        traces = np.zeros((steps, CARRY + steps))
        for k in range(TAPS):
            traces[t, CARRY + t - k] = taps[k]
        self.soma = (soma @ traces).astype(F)
        self.bias = soma.sum(1, keepdims=True).astype(F)
        self.start = (decay ** (t + 1.0))[:, None].astype(F)
        self.traces = traces.astype(F)
        self.mean_trace = traces[SETTLE_MS:].mean(0).astype(F)


FREE = 1 - G_L - G_B  # what is left of a soma's potential after a step
TAUGHT = FREE - 1  # the same under the teaching conductance
filters = cache(Filters)


def poisson_counts(uniform, none):
    """Poisson counts by inversion: `uniform` draws, and `none` = exp(-rate), the probability of no spike, for all or a row."""
    fired = uniform > none
    spikes = fired.astype(F)
    some = np.flatnonzero(fired)
    u, term = uniform.reshape(-1)[some], none.reshape(-1)[some % none.size]
    rate, cumulated = -np.log(term), term
    for n in range(1, 4):  # more than 4 spikes in a ms: less than one in 300,000 draws
        term = term * rate / F(n)
        cumulated = cumulated + term
        more = np.flatnonzero(u > cumulated)
        some, u, rate, term, cumulated = some[more], u[more], rate[more], term[more], cumulated[more]
        spikes.reshape(-1)[some] += 1
    return spikes


def firing(rng, potentials):
    """Spikes at phi_max sigmoid(V), and sigmoid(V)."""
    phi = np.exp(-potentials)
    phi += F(1)
    np.divide(F(1), phi, out=phi)
    return poisson_counts(rng.random(phi.shape, dtype=F), np.exp(F(-PHI_MAX) * phi)), phi


class Network:
    def __init__(self, seed=1):
        self.rng = np.random.Generator(np.random.SFC64(seed))
        w0, self.b0, self.w1, self.b1, self.feedback = (a.astype(F) for a in initial_weights(self.rng))
        self.w0 = np.ascontiguousarray(w0.T)  # [784, 500], for its rows are gathered
        self.tail = np.zeros((TAIL, HIDDEN), F)  # what the input spikes of the last steps will still do to the somata
        self.hidden_spikes = np.zeros((CARRY, HIDDEN), F)
        self.output_spikes = np.zeros((CARRY + 1, OUTPUT), F)  # one more, for feedback comes a step later
        self.soma = np.zeros(HIDDEN, F)
        self.output_soma = np.zeros(OUTPUT, F)

    def input_spikes(self, active, steps):
        none = np.exp(active.astype(F) * F(-PHI_MAX / 255))
        return poisson_counts(self.rng.random((steps, len(none)), dtype=F), none)

    def train(self, pixels, label):
        forward, target = phase_steps(self.rng), phase_steps(self.rng)
        steps = forward + target
        active = np.flatnonzero(pixels)
        spikes = self.input_spikes(pixels[active], steps)
        weights = self.w0[active]

        whole = filters(steps, FREE)
        v = (whole.soma[:, CARRY:] @ spikes) @ weights
        v[:TAIL] += self.tail
        v += whole.bias * self.b0
        v[:TAIL] += whole.start[:TAIL] * self.soma
        fired, _ = firing(self.rng, v)
        hidden_spikes = np.concatenate([self.hidden_spikes, fired])
        dendrite = hidden_spikes @ self.w1.T  # [carried + steps, 10], before the kernel
        teaching = np.full(OUTPUT, -TEACHING, F)
        teaching[label] = TEACHING
        f = self.output_phase(filters(forward, FREE), dendrite[: CARRY + forward], 0)
        t = self.output_phase(filters(target, TAUGHT), dendrite[forward:], teaching)

        first = filters(forward, FREE)
        e0, e1 = update_factors(
            ETA_CUT_KERNEL, v[SETTLE_MS:forward].mean(0), f.apical, t.apical, f.soma, t.sigmoid
        )
        weights += np.outer(first.mean_trace[CARRY:] @ spikes[:forward], e0)
        self.w0[active] = weights
        self.b0 += e0
        self.w1 += np.outer(e1, first.mean_trace @ hidden_spikes[: CARRY + forward])
        self.b1 += e1

        self.tail = (filters(PHASE_MS, FREE).soma[:TAIL, :CARRY] @ spikes[-CARRY:]) @ weights
        self.hidden_spikes, self.soma = hidden_spikes[-CARRY:], v[-1]
        return int(np.argmax(f.soma))

    def output_phase(self, filters, dendrite, teaching):
        u = filters.soma @ dendrite + filters.bias * (self.b1 + teaching / F(G_D)) + filters.start * self.output_soma
        fired, phi = firing(self.rng, u)
        spikes = np.concatenate([self.output_spikes, fired])
        self.output_spikes, self.output_soma = spikes[-CARRY - 1 :], u[-1]
        return OutputPhase(u, phi, self.feedback @ (filters.mean_trace @ spikes[:-1]))

    def test(self, pixels):
        """The class of the largest mean potential; the state of training is left as it was."""
        active = np.flatnonzero(pixels)
        spikes = self.input_spikes(pixels[active], TEST_MS)
        whole = filters(TEST_MS, FREE)
        v = (whole.soma[:, CARRY:] @ spikes) @ self.w0[active]
        v += whole.bias * self.b0
        fired, _ = firing(self.rng, v)
        u = whole.soma[:, CARRY:] @ (fired @ self.w1.T) + whole.bias * self.b1
        return int(np.argmax(u[SETTLE_MS:].mean(0)))


class OutputPhase:
    """Means of a phase after settling: output somata, their sigmoid, and the apical potentials of the hidden cells."""

    def __init__(self, u, phi, apical):
        self.soma, self.sigmoid, self.apical = u[SETTLE_MS:].mean(0), phi[SETTLE_MS:].mean(0), apical


if __name__ == "__main__":
    serve(Network())
