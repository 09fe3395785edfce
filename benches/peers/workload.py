"""What every peer computes, and how it is timed.

The network of Guerguiev, Lillicrap & Richards (2017), eLife 6:e22901: 784-500-10, batch 1. A presentation is a forward
and a target phase of 50 ms + Wald(2 ms, 1 ms) each, after which the weights change; a test is 250 ms from rest. Times
are in ms, rates per ms, potentials without a unit. dt = 1 ms but for Brian2, which is also run at 0.1 ms.
"""

import gzip
import json
import pathlib
import sys
import time

import numpy as np

MNIST = pathlib.Path(__file__).resolve().parents[2] / "data" / "mnist"

INPUT, HIDDEN, OUTPUT = 784, 500, 10
PHI_MAX = 0.2  # largest rate [1/ms]
TAU_L, TAU_S = 10.0, 3.0  # time constants of the PSP kernel [ms]
G_L, G_B, G_D = 0.1, 0.6, 0.6  # conductances [1/ms]: leak, basal to soma, dendrite to soma
K = G_B / (G_L + G_B)  # what reaches the soma of a constant dendritic potential; k_b and k_d are the same
TEACHING = 8.0  # reversal potential of the teaching conductance, which is 1 per ms: + for the label, - for the others
PHASE_MS, SETTLE_MS, TEST_MS = 50, 30, 250

# Learning rates of the hidden and the output layer. The kernel cut at 10 ms, as in the authors' code: theirs. The whole
# kernel: those of models/g17-784-500-10.toml, whose initial weights are halved too.
ETA_CUT_KERNEL = (0.21, 0.21)
ETA_WHOLE_KERNEL = (0.6, 0.05)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def kernel(t):
    """The postsynaptic potential of a spike after t ms [1/ms]; its integral is 1."""
    return (np.exp(-t / TAU_L) - np.exp(-t / TAU_S)) / (TAU_L - TAU_S)


def mnist(part):
    """Images [n, 784] of bytes and labels [n] of `train` or `t10k`."""
    read = lambda kind, head: np.frombuffer(gzip.open(MNIST / f"{part}-{kind}-ubyte.gz").read()[head:], np.uint8)
    return read("images-idx3", 16).reshape(-1, INPUT), read("labels-idx1", 8)


def initial_weights(rng, scale=1.0):
    """Weights [post, pre] and biases of both layers, and the feedback [hidden, output], which has the statistics of the
    output weights. Uniform, from the wanted moments of a dendritic potential at half the largest rate of the inputs."""
    wanted, spread, bias, nu = 3.0, 3.0, 0.8, PHI_MAX / 4
    uniform = lambda mean, sd, *shape: mean + 3.465 * sd * rng.uniform(-1, 1, shape)

    def moments(n):
        mean = (wanted - bias) / (nu * n * wanted)
        v2 = wanted**2 + spread**2
        w2 = v2 + nu**2 * (n - n**2) * mean**2 * wanted**2 - 2 * n * nu * bias * wanted * mean - bias**2
        return mean, (w2 / (n * nu**2 * v2) - mean**2) ** 0.5

    return (
        scale * uniform(*moments(INPUT), HIDDEN, INPUT),
        uniform(bias, 0.001, HIDDEN),
        scale * uniform(*moments(HIDDEN), OUTPUT, HIDDEN),
        uniform(bias, 0.001, OUTPUT),
        scale * uniform(*moments(HIDDEN), HIDDEN, OUTPUT),
    )


def update_factors(eta, soma_hidden, apical_forward, apical_target, soma_output, teaching_sigmoid):
    """The postsynaptic factors of both updates, for phase means of potentials and of the output's sigmoid.

    hidden: 20 eta k_b (alpha_t - alpha_f) sigmoid'(V);
    output: 20 eta k_d (mean_t sigmoid(U) - sigmoid(U_f)) sigmoid'(U_f).
    """
    hidden, output = sigmoid(soma_hidden), sigmoid(soma_output)
    plateaus = sigmoid(apical_target) - sigmoid(apical_forward)
    return (
        20 * eta[0] * K * plateaus * hidden * (1 - hidden),
        20 * eta[1] * K * (teaching_sigmoid - output) * output * (1 - output),
    )


def phase_steps(rng):
    """Length of a phase in steps of 1 ms."""
    return PHASE_MS + round(rng.wald(2.0, 1.0))


class Block:
    """Times a part of a block: wall time per image [ms], and the processor time that the program got of it."""

    def __init__(self, images):
        self.images = images

    def __enter__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.wall, self.cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        self.ms = 1e3 * self.wall / self.images


def reply(**values):
    print(json.dumps(values), flush=True)


def serve(network):
    """PROGRAM TRAIN TEST: says it is ready, then answers each line of its input with a block of TRAIN and TEST images.

    `network` has train(pixels, label) and test(pixels), which return the class decoded. It goes on learning from block
    to block.
    """
    train, test = (int(argument) for argument in sys.argv[1:3])
    images, labels = mnist("train")
    test_images, test_labels = mnist("t10k")
    for i in range(20):
        network.train(images[-1 - i], labels[-1 - i])
    network.test(test_images[0])
    reply(ready=True)
    seen = 0
    for _ in sys.stdin:
        shown = [(seen + i) % len(labels) for i in range(train)]
        with Block(train) as training:
            wrong = sum(network.train(images[i], labels[i]) != labels[i] for i in shown)
        tested = [(seen + i) % len(test_labels) for i in range(test)]
        with Block(test) as testing:
            test_wrong = sum(network.test(test_images[i]) != test_labels[i] for i in tested)
        seen += train
        reply(
            train_ms=training.ms,
            test_ms=testing.ms,
            share=(training.cpu + testing.cpu) / (training.wall + testing.wall),
            train_error=wrong / train,
            test_error=test_wrong / test,
        )
