"""PyTorch on one processor core, batch 1, layer by layer and step by step, as its libraries for spiking networks run.

Steps of 1 ms, exact for a dendrite that is constant within a step; the whole kernel, as two exponential traces per
neuron. A neuron spikes at most once per step. float32.
"""

from math import exp

import numpy as np
import torch

from workload import *

torch.set_num_threads(1)
torch.set_flush_denormal(True)

KERNEL_DECAY = torch.tensor([[exp(-1 / TAU_L)], [exp(-1 / TAU_S)]])
FREE, TAUGHT = G_L + G_B, G_L + G_D + 1  # what a soma's potential decays with, without and with teaching [1/ms]


class Population:
    """Traces [2, n] of the spikes of n neurons; their difference is the filtered train."""

    def __init__(self, n):
        self.traces = torch.zeros(2, n)
        self.filtered = torch.zeros(n)

    def step(self, spikes):
        self.traces.add_(spikes, alpha=1 / (TAU_L - TAU_S)).mul_(KERNEL_DECAY)
        torch.sub(self.traces[0], self.traces[1], out=self.filtered)


class Neurons(Population):
    """A population with somata, which fires at phi_max sigmoid(V)."""

    def __init__(self, n):
        super().__init__(n)
        self.v = torch.zeros(n)

    def advance(self, drive, rate, draws):
        """dV/dt = drive - rate V for 1 ms, then spikes where a draw is below their probability; returns sigmoid(V)."""
        self.v.mul_(exp(-rate)).add_(drive, alpha=(1 - exp(-rate)) / rate)
        phi = torch.sigmoid(self.v)
        self.step(torch.lt(draws, phi))
        return phi


class Network:
    def __init__(self, seed=1):
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        weights = initial_weights(self.rng, scale=0.5)
        self.w0, self.b0, self.w1, self.b1, self.feedback = (torch.tensor(a, dtype=torch.float32) for a in weights)
        self.rest()

    def rest(self):
        self.input, self.hidden, self.output = Population(INPUT), Neurons(HIDDEN), Neurons(OUTPUT)

    def phase(self, pixels, steps, teaching=None):
        """Means after settling: input traces; hidden soma, apical dendrite, traces; output soma and its sigmoid."""
        spikes = (torch.rand(steps, INPUT) < torch.tensor(pixels) * (PHI_MAX / 255)).float()
        draws, output_draws = torch.rand(steps, HIDDEN) / PHI_MAX, torch.rand(steps, OUTPUT) / PHI_MAX
        input, hidden, output = self.input, self.hidden, self.output
        rate = FREE if teaching is None else TAUGHT
        means = None
        for t in range(steps):
            input.step(spikes[t])
            basal = torch.addmv(self.b0, self.w0, input.filtered)
            apical = torch.mv(self.feedback, output.filtered)
            hidden.advance(G_B * basal, FREE, draws[t])
            drive = torch.addmv(self.b1, self.w1, hidden.filtered, beta=G_D, alpha=G_D)
            phi = output.advance(drive if teaching is None else drive + teaching, rate, output_draws[t])
            if t >= SETTLE_MS:
                values = (input.filtered, hidden.v, apical, hidden.filtered, output.v, phi)
                if means is None:
                    means = [value.clone() for value in values]
                else:
                    torch._foreach_add_(means, values)
        torch._foreach_div_(means, steps - SETTLE_MS)
        return means

    @torch.inference_mode()
    def train(self, pixels, label):
        teaching = torch.full((OUTPUT,), -TEACHING)
        teaching[int(label)] = TEACHING
        inputs, v, apical, hidden, u, _ = self.phase(pixels, phase_steps(self.rng))
        _, _, apical_target, _, _, phi = self.phase(pixels, phase_steps(self.rng), teaching)
        factors = update_factors(ETA_WHOLE_KERNEL, *(a.numpy() for a in (v, apical, apical_target, u, phi)))
        e0, e1 = (torch.from_numpy(factor) for factor in factors)
        self.w0.addr_(e0, inputs)
        self.b0 += e0
        self.w1.addr_(e1, hidden)
        self.b1 += e1
        return int(u.argmax())

    @torch.inference_mode()
    def test(self, pixels):
        """The class of the largest mean potential; the state of training is left as it was."""
        state = self.input, self.hidden, self.output
        self.rest()
        *_, u, _ = self.phase(pixels, TEST_MS)
        self.input, self.hidden, self.output = state
        return int(u.argmax())


if __name__ == "__main__":
    with torch.inference_mode():
        serve(Network())
