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
TAIL = 20  # steps after which the state carried over is forgotten: 0.3^11 is left of the last spikes

FREE = 1 - G_L - G_B  # what a step of 1 ms leaves of a soma's potential
TAUGHT = FREE - 1  # the same under the teaching conductance
TWO_SPIKES = F(np.exp(-PHI_MAX) * (1 + PHI_MAX))  # the least draw that may mean more than one spike in a step


class Filters:
    """Matrices from the spikes of `steps` steps, after CARRY carried ones, to traces and to somata at rest before.

    A soma that steps by V <- decay V + G (D + b), with D = traces (W s), has
    V = soma (W s) + rest + start (V_before - rest).
    """

    def __init__(self, steps, decay):
        t = np.arange(steps)
        age = t[:, None] - t[None, :]
        left = np.where(age >= 0, decay ** np.maximum(age, 0), 0.0)
        left[abs(left) < 1e-12] = 0  # for products with denormal numbers are slow
        taps = kernel(np.arange(1.0, TAPS + 1))
        traces = np.zeros((steps, CARRY + steps))
        for k in range(TAPS):
            traces[t, CARRY + t - k] = taps[k]
        self.soma = (G_B * left @ traces).astype(F)
        self.start = decay * left[:, :1].astype(F)
        self.mean_trace = traces[SETTLE_MS:].mean(0).astype(F)


filters = cache(Filters)


def poisson_counts(uniform, none):
    """Poisson counts by inversion: `uniform` draws, and `none` = exp(-rate), the probability of no spike, for all or
    for a row."""
    spikes = (uniform > none).astype(F)
    some = np.flatnonzero(uniform > TWO_SPIKES)
    u, term = uniform.reshape(-1)[some], none.reshape(-1)[some % none.size]
    rate, cumulated = -np.log(term), term
    for n in range(1, 4):  # more than 4 spikes in a ms: less than one in 300,000 draws
        term = term * rate / F(n)
        cumulated = cumulated + term
        spikes.reshape(-1)[some] += u > cumulated
    return spikes


def firing(rng, potentials):
    """Spikes at phi_max sigmoid(V), and sigmoid(V)."""
    phi = np.negative(potentials)
    np.exp(phi, out=phi)
    phi += F(1)
    np.reciprocal(phi, out=phi)
    none = F(-PHI_MAX) * phi
    np.exp(none, out=none)
    return poisson_counts(rng.random(phi.shape, dtype=F), none), phi


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
        rest = F(K) * self.b0
        v += rest
        v[:TAIL] += self.tail + whole.start[:TAIL] * (self.soma - rest)
        fired, _ = firing(self.rng, v)
        hidden_spikes = np.concatenate([self.hidden_spikes, fired])
        dendrite = hidden_spikes @ self.w1.T  # [carried + steps, 10], before the kernel
        teaching = np.full(OUTPUT, -TEACHING, F)
        teaching[label] = TEACHING
        f = self.output_phase(forward, FREE, dendrite[: CARRY + forward], 0)
        t = self.output_phase(target, TAUGHT, dendrite[forward:], teaching)

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

    def output_phase(self, steps, decay, dendrite, teaching):
        phase = filters(steps, decay)
        rest = (F(G_D) * self.b1 + teaching) / F(1 - decay)
        u = phase.soma @ dendrite + rest + phase.start * (self.output_soma - rest)
        fired, phi = firing(self.rng, u)
        spikes = np.concatenate([self.output_spikes, fired])
        self.output_spikes, self.output_soma = spikes[-CARRY - 1 :], u[-1]
        return OutputPhase(u, phi, self.feedback @ (phase.mean_trace @ spikes[:-1]))

    def test(self, pixels):
        """The class of the largest mean potential; the state of training is left as it was."""
        active = np.flatnonzero(pixels)
        spikes = self.input_spikes(pixels[active], TEST_MS)
        whole = filters(TEST_MS, FREE)
        v = (whole.soma[:, CARRY:] @ spikes) @ self.w0[active]
        rest = F(K) * self.b0
        v += rest
        v[:TAIL] -= whole.start[:TAIL] * rest
        fired, _ = firing(self.rng, v)
        rest = F(K) * self.b1
        u = whole.soma[:, CARRY:] @ (fired @ self.w1.T) + rest - whole.start * rest
        return int(np.argmax(u[SETTLE_MS:].mean(0)))


class OutputPhase:
    """Means of a phase after settling: output somata, their sigmoid, and the apical potentials of the hidden cells."""

    def __init__(self, u, phi, apical):
        self.soma, self.sigmoid, self.apical = u[SETTLE_MS:].mean(0), phi[SETTLE_MS:].mean(0), apical


if __name__ == "__main__":
    serve(Network())
