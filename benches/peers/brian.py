"""Brian2, compiled by its standalone mode: `brian.py TRAIN TEST DT_MS`.

Synapses act on spikes, everything else on a clock of DT_MS; the whole kernel, as a difference of two exponentials.
Phases last 52 ms each, the mean of 50 ms + Wald(2 ms, 1 ms), so that what happens once a phase costs nothing in other
steps. All of learning is done in Brian2. A block is one run of the compiled program, which trains one network and tests
another, both from the weights that the block before left; the two are timed within it.
"""

import pathlib
import re
import sys

import numpy as np
from brian2 import *

from workload import *

TRAIN, TEST, DT = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
TARGET_MS, PRESENTATION_MS = 52, 104
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "target" / "peers" / f"brian-{DT}-{TRAIN}-{TEST}"
CONSTANTS = dict(
    DT=DT,
    PHI_MAX=PHI_MAX,
    K=K,
    ETA_HIDDEN=ETA_WHOLE_KERNEL[0],
    ETA_OUTPUT=ETA_WHOLE_KERNEL[1],
    SETTLED=SETTLE_MS,
    TARGET=TARGET_MS,
    PRESENTATION=PRESENTATION_MS,
    TEST_LENGTH=TEST_MS,
    MEAN=DT / (TARGET_MS - SETTLE_MS),
)

set_device("cpp_standalone", directory=str(FOLDER), build_on_run=False)
prefs.devices.cpp_standalone.openmp_threads = 0
prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native"]
prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]  # by default as many compilers as there are files
defaultclock.dt = DT * ms

# One row more than there are images: an answer is read in the step after its image.
rates = TimedArray(np.zeros((TRAIN + 1, INPUT)), dt=PRESENTATION_MS * ms)
classes = TimedArray(np.zeros(TRAIN + 1), dt=PRESENTATION_MS * ms)
test_rates = TimedArray(np.zeros((TEST + 1, INPUT)), dt=TEST_MS * ms)
FIRES = "rand() < 1 - exp(-PHI_MAX * DT / (1 + exp(-V)))"


def trace(x):
    """The filtered train x, whose integral is 1 for each spike that adds 1 to y_x."""
    return f"d{x}/dt = -{x}/(10*ms) + y_{x}/(30*ms) : 1\ndy_{x}/dt = -y_{x}/(3*ms) : 1\n"


def neurons(n, equations, threshold=FIRES, reset=None):
    return NeuronGroup(n, equations, threshold=threshold, reset=reset, method="exact", namespace=CONSTANTS)


def synapses(source, target, trace):
    connections = Synapses(source, target, "w : 1", on_pre=f"y_{trace}_post += w", namespace=CONSTANTS)
    connections.connect()
    return connections


def each_step(group, code):
    group.run_regularly(code, dt=DT * ms, when="end")


def every(milliseconds, order, group, code):
    group.run_regularly(code, dt=milliseconds * ms, when="start", order=order)


class Training:
    """Forward and target phases, with plasticity at the start of the presentation that follows."""

    def __init__(self):
        means = "mean_V : 1\nmean_s : 1\nmean_A_forward : 1\nmean_A_target : 1\nupdate : 1"
        soma = "dV/dt = (-0.1*V + 0.6*(B + b - V))/ms : 1\nb : 1\n"
        taught = "dV/dt = (-0.1*V + 0.6*(D + b - V) + g*(E - V))/ms : 1\nb : 1\ng : 1\nE : 1\n"
        self.inputs = neurons(INPUT, trace("s") + "mean_s : 1\np : 1", "rand() < p", "y_s += 1")
        self.hidden = neurons(HIDDEN, trace("B") + trace("A") + trace("s") + soma + means, reset="y_s += 1")
        self.output = neurons(OUTPUT, trace("D") + taught + "mean_V : 1\nmean_sigmoid : 1\nupdate : 1")
        self.basal = synapses(self.inputs, self.hidden, "B")
        self.dendritic = synapses(self.hidden, self.output, "D")
        self.apical = synapses(self.output, self.hidden, "A")
        self.average()
        self.learn()
        self.answers = StateMonitor(
            self.output, "mean_V", record=True, dt=PRESENTATION_MS * ms, when="start", order=0
        )

    def average(self):
        # A quarter of a step keeps rounding from moving a step into the phase before.
        now = "now = (t/ms + 0.25*DT) % PRESENTATION\n"
        forward = now + "f = MEAN * int(now >= SETTLED) * int(now < TARGET)\n"
        both = forward + "g = MEAN * int(now >= TARGET + SETTLED)\n"
        each_step(self.inputs, forward + "mean_s += f * s")
        each_step(
            self.hidden, both + "mean_V += f * V\nmean_s += f * s\nmean_A_forward += f * A\nmean_A_target += g * A"
        )
        each_step(self.output, both.replace("g =", "h =") + "mean_V += f * V\nmean_sigmoid += h / (1 + exp(-V))")

    def learn(self):
        every(
            PRESENTATION_MS, 1, self.hidden,
            """S = 1 / (1 + exp(-mean_V))
            plateaus = 1 / (1 + exp(-mean_A_target)) - 1 / (1 + exp(-mean_A_forward))
            update = 20 * ETA_HIDDEN * K * plateaus * S * (1 - S)
            b += update""",
        )
        every(
            PRESENTATION_MS, 1, self.output,
            """S = 1 / (1 + exp(-mean_V))
            update = 20 * ETA_OUTPUT * K * int(t > 0*ms) * (mean_sigmoid - S) * S * (1 - S)
            b += update""",
        )
        every(PRESENTATION_MS, 2, self.basal, "w += update_post * mean_s_pre")
        every(PRESENTATION_MS, 2, self.dendritic, "w += update_post * mean_s_pre")
        every(PRESENTATION_MS, 3, self.inputs, "mean_s = 0\np = 1 - exp(-rates(t, i) * DT)")
        every(PRESENTATION_MS, 3, self.hidden, "mean_V = 0\nmean_s = 0\nmean_A_forward = 0\nmean_A_target = 0")
        every(PRESENTATION_MS, 3, self.output, "mean_V = 0\nmean_sigmoid = 0")
        every(
            TARGET_MS, 4, self.output,
            """g = int((t/ms + 0.25*DT) % PRESENTATION >= TARGET)
            E = 8 * (2 * int(i == int(classes(t))) - 1)""",
        )

    def run(self):
        everything = self.inputs, self.hidden, self.output, self.basal, self.dendritic, self.apical, self.answers
        Network(everything).run(TRAIN * PRESENTATION_MS * ms + defaultclock.dt)


class Testing:
    """Each image from rest; nothing reads apical dendrites, so there are none."""

    def __init__(self):
        soma = "dV/dt = (-0.1*V + 0.6*({x} + b - V))/ms : 1\nb : 1\n"
        self.inputs = neurons(INPUT, "p : 1", "rand() < p")
        self.hidden = neurons(HIDDEN, trace("B") + soma.format(x="B"))
        self.output = neurons(OUTPUT, trace("D") + soma.format(x="D") + "mean_V : 1")
        self.basal = synapses(self.inputs, self.hidden, "B")
        self.dendritic = synapses(self.hidden, self.output, "D")
        each_step(self.output, "mean_V += int((t/ms + 0.25*DT) % TEST_LENGTH >= SETTLED) * V")
        every(TEST_MS, 1, self.inputs, "p = 1 - exp(-test_rates(t, i) * DT)")
        every(TEST_MS, 1, self.hidden, "V = 0\nB = 0\ny_B = 0")
        every(TEST_MS, 1, self.output, "V = 0\nD = 0\ny_D = 0\nmean_V = 0")
        self.answers = StateMonitor(self.output, "mean_V", record=True, dt=TEST_MS * ms, when="start", order=0)

    def run(self):
        everything = self.inputs, self.hidden, self.output, self.basal, self.dendritic, self.answers
        Network(everything).run(TEST * TEST_MS * ms + defaultclock.dt)


def learnt(network):
    """The variables that learning changes."""
    return network.basal.w, network.dendritic.w, network.hidden.b, network.output.b


def print_time():
    device.insert_code(
        "main",
        """{ timespec now; clock_gettime(CLOCK_MONOTONIC, &now); std::cout.precision(15);
        double wall = now.tv_sec + 1e-9 * now.tv_nsec, cpu = 1.0 * std::clock() / CLOCKS_PER_SEC;
        std::cout << "TIME " << wall << " " << cpu << "\\n"; }""",
    )


w0, b0, w1, b1, feedback = initial_weights(np.random.default_rng(1), scale=0.5)
weights = [w0.T.ravel(), w1.T.ravel(), b0, b1]
training, testing = Training(), Testing()
training.apical.w = feedback.T.ravel()
device.apply_run_args()
print_time()
training.run()
print_time()
testing.run()
print_time()
device.build(directory=str(FOLDER), compile=True, run=False, with_output=False)
images, labels = mnist("train")
test_images, test_labels = mnist("t10k")


def block(seen, weights):
    """Runs the compiled program on the next images from these weights; returns the reply and the weights it left."""
    shown = np.arange(seen, seen + TRAIN + 1) % len(labels)
    tested = np.arange(seen, seen + TEST + 1) % len(test_labels)
    arguments = {
        rates: images[shown] * (PHI_MAX / 255),
        classes: labels[shown].astype(float),
        test_rates: test_images[tested] * (PHI_MAX / 255),
    }
    arguments |= dict(zip(learnt(training) + learnt(testing), weights * 2))
    device.run(results_directory="results", with_output=False, run_args=arguments)
    for written in (FOLDER / "static_arrays").glob("init_*"):
        written.unlink()
    times = re.findall(r"TIME (\S+) (\S+)", (FOLDER / "results" / "stdout.txt").read_text())
    start, middle, end = np.array(times, float)
    wrong = lambda network, truth: np.mean(np.argmax(network.answers.mean_V[:, 1:], axis=0) != truth[:-1])
    values = dict(
        train_ms=1e3 * (middle - start)[0] / TRAIN,
        test_ms=1e3 * (end - middle)[0] / TEST,
        share=(end - start)[1] / (end - start)[0],
        train_error=wrong(training, labels[shown]),
        test_error=wrong(testing, test_labels[tested]),
    )
    return values, [np.array(variable[:]) for variable in learnt(training)]


reply(ready=True)
for number, _ in enumerate(sys.stdin):
    values, weights = block(number * TRAIN, weights)
    reply(**values)
