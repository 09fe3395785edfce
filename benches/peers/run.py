"""Times apical against NumPy, Brian2 and PyTorch on the same workload, and prints the ratios as Markdown.

    cargo build --release
    python3 benches/peers/run.py --blocks 11 --out peers.md

All programs share one core and take turns, a block of images each; a ratio compares blocks of the same round. The first
run makes a virtual environment in target/peers. The first block of each program, which fills caches, is not counted.
"""

import argparse
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORK = ROOT / "target" / "peers"
PYTHON = WORK / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
MODEL = "models/g17-784-500-10.toml"
QUIET = 0.95  # share of a block in which the core must have been the program's own to count as undisturbed
CHECK_BLOCKS, CHECK_TRAIN, CHECK_TEST = 5, 500, 100
CHECK_ERROR = 0.75  # chance is 0.9, with a standard deviation of 0.013 over a block


class Apical:
    """One call a block, which goes on from the checkpoint of the one before; the program times its own loops."""

    package = None

    def __init__(self, binary, train, test):
        self.binary, self.train, self.test = binary, train, test
        self.checkpoint = WORK / "apical.checkpoint.h5"
        self.seen = 0

    def start(self):
        if not pathlib.Path(self.binary).exists():
            sys.exit(f"{self.binary} is missing: build it by `cargo build --release`, or name it by --apical")

    def block(self):
        self.seen += self.train
        network = ["--resume", self.checkpoint] if self.seen > self.train else [MODEL]
        options = ["--threads", "1", "--record", "none", "--test-examples", self.test, "--examples", self.seen]
        command = [self.binary, "train", *network, *options, "--json", "--quiet", "--overwrite", "--out", WORK / "apical.h5"]
        cpu, wall = children_seconds(), time.perf_counter()
        ran = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True)
        cpu, wall = children_seconds() - cpu, time.perf_counter() - wall
        if ran.returncode != 0:
            sys.exit(f"apical failed:\n{ran.stderr}")
        said = json.loads(ran.stdout.splitlines()[-1])
        return {
            "train_ms": said["train_ms_per_example"],
            "test_ms": said["test_ms_per_example"],
            "share": cpu / wall,
            "test_error": said["test_error_percent"] / 100,
        }

    def stop(self):
        pass


class Peer:
    """A program that stays, and answers every line with a block; see `serve` in workload.py."""

    def __init__(self, package, script, train, test, *arguments):
        self.package = package
        self.command = [str(PYTHON), str(HERE / script), str(train), str(test), *arguments]
        self.log = WORK / ("-".join([script.removesuffix(".py"), *arguments]) + ".log")

    def start(self):
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment()
            )
        self.answer()

    def block(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{' '.join(self.command[1:])} failed:\n{self.log.read_text()[-3000:]}")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def programs(apical, sizes):
    """Name, label and program of all; `sizes` gives the images of a block from those of a full one."""
    return [
        ("apical", "apical", Apical(apical, *sizes(1000, 400))),
        ("numpy_matrix", "NumPy, matrix products", Peer("numpy", "numpy_matrix.py", *sizes(500, 200))),
        ("numpy_steps", "NumPy, steps of 1 ms", Peer("numpy", "numpy_steps.py", *sizes(150, 75))),
        ("brian_1ms", "Brian2, steps of 1 ms", Peer("brian2", "brian.py", *sizes(200, 100), "1")),
        ("brian_0.1ms", "Brian2, steps of 0.1 ms", Peer("brian2", "brian.py", *sizes(40, 15), "0.1")),
        ("torch", "PyTorch, steps of 1 ms", Peer("torch", "torch_batch1.py", *sizes(60, 25))),
    ]


def children_seconds():
    """Processor time of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def environment():
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    return os.environ | one | {"PYTHONDONTWRITEBYTECODE": "1"}


def install(packages):
    """Makes the virtual environment with these of requirements.txt, unless it is there."""
    wanted = [line for line in (HERE / "requirements.txt").read_text().split() if line.split("==")[0] in packages]
    stamp = WORK / "installed.txt"
    installed = stamp.read_text().split() if stamp.exists() else []
    if set(wanted) <= set(installed):
        return
    print(f"installing {', '.join(wanted)} into {PYTHON.parents[1].relative_to(ROOT)}", file=sys.stderr)
    if not PYTHON.exists():
        venv.create(PYTHON.parents[1], with_pip=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *wanted], check=True)
    stamp.write_text("\n".join(dict.fromkeys([*installed, *wanted])) + "\n")


def pin(core):
    """Keeps this process and all it starts on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    else:
        print("this system cannot pin a program to a core", file=sys.stderr)


def measure(chosen, blocks):
    """Lets the programs take turns; returns the replies of each to each round, without those of the first."""
    for name, _, program in chosen:
        print(f"starting {name}", file=sys.stderr)
        program.start()
    rounds = []
    for number in range(blocks + 1):
        rounds.append({name: program.block() for name, _, program in chosen})
        print(f"round {number} of {blocks}; ms per image trained, tested, share of the core:", file=sys.stderr)
        for name, reply in rounds[-1].items():
            print(f"  {name} {reply['train_ms']:.3g} {reply['test_ms']:.3g} {reply['share']:.0%}", file=sys.stderr)
    for *_, program in chosen:
        program.stop()
    return rounds[1:]


def check(chosen):
    """Shows every peer 2,500 images, and fails if one has not learned."""
    peers = [entry for entry in chosen if isinstance(entry[2], Peer)]
    rounds = measure(peers, CHECK_BLOCKS - 1)
    failed = False
    for name, _, _ in peers:
        error = rounds[-1][name]["train_error"]
        failed |= not error <= CHECK_ERROR
        print(f"{name}: error on training images 2,001 to 2,500: {100 * error:.1f} % (chance: 90 %)")
    sys.exit("not all peers learn" if failed else 0)


def spread(values):
    """Median and range, to three digits."""
    return f"{statistics.median(values):.3g} | {min(values):.3g} to {max(values):.3g}"


def table(chosen, rounds, key, title):
    """A row per program: milliseconds per image, and how many times ours."""
    lines = [
        f"| {title} | ms, median | range | times apical, median | range | in quiet rounds |",
        "|---|---|---|---|---|---|",
    ]
    for name, label, _ in chosen:
        row = f"| {label} | {spread([replies[name][key] for replies in rounds])} |"
        if "apical" not in rounds[0] or name == "apical":
            lines.append(row + " | | |")
            continue
        ratio = lambda replies: replies[name][key] / replies["apical"][key]
        quiet = [ratio(r) for r in rounds if min(r[name]["share"], r["apical"]["share"]) >= QUIET]
        undisturbed = f"{statistics.median(quiet):.3g} ({len(quiet)} of {len(rounds)})" if quiet else "none"
        lines.append(f"{row} {spread([ratio(r) for r in rounds])} | {undisturbed} |")
    return "\n".join(lines)


def machine():
    """The processor, its caches and what the programs were built with; nothing that names the machine."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines() if os.path.exists("/proc/cpuinfo") else []
    models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    caches = []
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        caches.append(f"L{level} {kind.lower()} {size}")
    versions = [f"Python {platform.python_version()}"]
    versions += [line.replace("==", " ") for line in (WORK / "installed.txt").read_text().split()]
    for command in (["g++", "--version"], ["rustc", "--version"], ["git", "rev-parse", "--short", "HEAD"]):
        try:
            versions.append(subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()[0])
        except (OSError, IndexError):
            pass
    return "\n".join(
        [
            f"- {models[0] if models else platform.processor()}, {os.cpu_count()} cores; {', '.join(caches)}",
            f"- {platform.system()} {platform.release()}",
            f"- {'; '.join(versions)}",
        ]
    )


def report(chosen, rounds):
    return f"""784-500-10, batch 1, one core. A training image is two phases of about 52 ms of model time with learning,
a test image 250 ms. {len(rounds)} rounds; read the milliseconds only as ratios. A round is quiet for a program if both
it and apical had the core to themselves for {100 * QUIET:.0f} % of their blocks.

{table(chosen, rounds, "train_ms", "training, per image")}

{table(chosen, rounds, "test_ms", "testing, per image")}

{machine()}
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--blocks", type=int, default=11, metavar="N", help="rounds that are counted (11)")
    add("--only", default="", metavar="NAMES", help="as in `numpy,apical`: beginnings of program names")
    add("--without", default="", metavar="NAMES", help="as in `torch`: neither installed nor run")
    add("--core", type=int, metavar="N", help="core to run on (1, or 0 if there is one only)")
    add("--quick", action="store_true", help="blocks of a fifth of the images")
    add("--check", action="store_true", help="check that the peers learn, in place of timing them")
    add("--out", type=pathlib.Path, metavar="FILE.md", help="write the tables there, too")
    add("--apical", default=ROOT / "target" / "release" / "apical", metavar="PATH", help="our program")
    return parser.parse_args()


def main():
    options = arguments()
    if options.check:
        sizes = lambda train, test: (CHECK_TRAIN, CHECK_TEST)
    else:
        sizes = lambda train, test: (train // 5, test // 5) if options.quick else (train, test)
    begins = lambda name, list_of: any(name.startswith(begin) for begin in list_of.split(",") if begin)
    chosen = [
        entry
        for entry in programs(options.apical, sizes)
        if (not options.only or begins(entry[0], options.only)) and not begins(entry[0], options.without)
    ]
    if not chosen or options.blocks < 1:
        sys.exit("expected at least one program and one block")
    WORK.mkdir(parents=True, exist_ok=True)
    install({"numpy"} | {program.package for *_, program in chosen})
    pin(options.core if options.core is not None else min(1, os.cpu_count() - 1))
    if options.check:
        check(chosen)
    text = report(chosen, measure(chosen, options.blocks))
    print(text, end="")
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
