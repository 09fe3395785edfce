"""A training through the Python package beside the command line's, on one core.

    pip install ./python && python benches/peers/python_training.py --data data/mnist

Both train 784-500-10 on the same images with one thread, in turns, each first in every other round. Printed are the ratios of the seconds of
the training, as both keep them in their learning curves, and of the whole processes with what starts them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGE = """
import sys, apical
data, images, out = sys.argv[1:]
apical.set_threads(1)
network = apical.Model.load("g17-784-500-10").build(seed=1)
network.train(data=data, examples=int(images), test_examples=10, record="none", out=out)
print(list(network.curve["seconds"])[-1])
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data/mnist")
    parser.add_argument("--images", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--apical", default=str(Path(__file__).parents[2] / "target/release/apical"))
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), "unknown")
    print(f"{arguments.images} images on one core of {processor}")

    def timed(command, seconds):
        began = time.perf_counter()
        printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        return seconds(printed.splitlines()[-1]), time.perf_counter() - began

    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.rounds):
            package = [sys.executable, "-c", PACKAGE, arguments.data, str(arguments.images), f"{folder}/package{number}.h5"]
            program = [
                arguments.apical, "train", "g17-784-500-10", "--seed", "1", "--examples", str(arguments.images), "--test-examples", "10",
                "--data", arguments.data, "--threads", "1", "--record", "none", "--quiet", "--json", "--out", f"{folder}/program{number}.h5",
            ]
            runs = [(package, float), (program, lambda line: json.loads(line)["learning"][-1]["seconds"])]
            ours, theirs = [timed(*runs[i]) for i in (0, 1)] if number % 2 else [timed(*runs[i]) for i in (1, 0)][::-1]
            ratios.append([a / b for a, b in zip(ours, theirs)])
            print(f"training {ratios[-1][0]:.3f}, whole process {ratios[-1][1]:.3f}", flush=True)
    for name, values in zip(("training", "whole process"), zip(*ratios)):
        print(f"{name}: {statistics.median(values):.3f} of the command line's ({min(values):.3f} to {max(values):.3f})")


if __name__ == "__main__":
    main()
