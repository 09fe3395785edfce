#!/usr/bin/env python3
"""Tables of README.md, docs/results.md and docs/reproduction.md, each number from a file of docs/results or docs/reproduced.

    tools/results.py add NAME OUTPUT.json     keeps the results in the last line of `apical train --json`, a file per seed,
                                              of `apical compare --json`, a file per rule and seed, or of a comparison of
                                              `apical reproduce --json`, a file per network and seed; of the last, NAME begins
                                              with the figure's. Runs of `apical train` can stand in for those of a comparison
                                              (`apical reproduce --results`): their NAME is its row's, FIGURE-MODEL[-VARIANT]
    tools/results.py digests                  adds the digests of model and data that the commit of a result had in its tree to
                                              results that were kept before runs told them
    tools/results.py figure OUTPUT.json       keeps a figure of `apical reproduce`: this file and its SVG
    tools/results.py table                    writes all tables anew
    tools/results.py table --check            exits with 1 if that would change them

A file holds the name of its row, model, kind (spiking or rate), batch, seed, commit, digests of model and data, command,
presentations, test error and learning curve. A row is the mean and the standard deviation (n - 1) over its seeds. Rows of comparisons stand in a table of
their own, which tells differences between networks, seed by seed.
"""

import argparse
import functools
import gzip
import hashlib
import io
import json
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
FIGURES = ROOT / "docs" / "reproduced"
README = ROOT / "README.md"
TABLES = ROOT / "docs" / "results.md"
REPRODUCTION = ROOT / "docs" / "reproduction.md"
BEGIN, END = "<!-- {}: written by tools/results.py -->", "<!-- end of {} -->"


def add(name, output):
    """Keeps the runs of one output: all, or none where one cannot be."""
    summary = json.loads(Path(output).read_text().strip().splitlines()[-1])
    if summary["command"] == "compare":
        rows = {f"{name}-{rule['rule']}": list(compared(summary, rule)) for rule in summary["rules"]}
    elif summary["command"] == "reproduce":
        if summary["quick"]:
            sys.exit(f"{output}: of a quick look, which is no result")
        if not name.startswith(summary["figure"]):
            sys.exit(f"{output}: expected a name that begins with {summary['figure']}")
        rows = dict(networks(name, summary))
    else:
        rows = {name: summary.get("runs", [summary])}
    for runs in rows.values():
        check(runs, output)
    for row, runs in rows.items():
        keep(row, runs)


def networks(name, summary):
    """The runs of each network of a comparison by `apical reproduce`, with the name of its row."""
    runs = {run["name"]: run for run in summary["runs"]}
    for place, network in enumerate(summary["results"]):
        words = [name, network["model"], network["variant"]]
        told = {"command_line": summary["command_line"], "label": network["label"], "place": place}
        told |= {"comparison": name, "less": network["less"], "overrides": network["overrides"]}
        yield "-".join(filter(None, words)), [runs[run] | told for run in network["runs"]]


def compared(summary, rule):
    """The runs of one rule of `apical compare`, as `apical train` tells them."""
    sizes = "-".join(map(str, summary["sizes"]))
    shared = {key: summary[key] for key in ("kind", "commit", "command_line", "tested_on")}
    for run in rule["runs"]:
        seen = run["learning"][-1]["examples_seen"]
        yield run | shared | {"model": f"{sizes}, {rule['rule']}", "batch": rule["batch"], "examples_seen": seen}


def check(runs, output):
    """Refuses runs that are no results."""
    for run in runs:
        if "known" in run:
            if not (RESULTS / f"{run['name']}.json").exists():
                sys.exit(f"{output}: {run['name']} was taken from results that are not in {RESULTS.relative_to(ROOT)}")
            continue
        if run["tested_on"] != "test" or run["test_error_percent"] is None:
            sys.exit(f"{output}: seed {run['seed']} was not tested on the test set")
        if not run["commit"]:
            sys.exit(f"{output}: seed {run['seed']} left no run file, so that its commit is not known")


# By which a result is known to be of a model and data.
DIGESTS = ("model_sha256", "data_sha256")

# What a result tells of the comparison it stands in.
OF_COMPARISON = ("comparison", "label", "less", "place")


def keep(name, runs):
    """Keeps runs, a file for each."""
    for run in runs:
        # One that was taken from results stays as it was told there.
        told = json.loads((RESULTS / f"{run['name']}.json").read_text()) if "known" in run else of_training(run)
        kept = told | {"name": name} | {key: run[key] for key in OF_COMPARISON if key in run}
        path = RESULTS / f"{name}-seed{run['seed']}.json"
        path.write_text(json.dumps(kept, indent=1) + "\n")
        print(path.relative_to(ROOT))


def of_training(run):
    """The result of a run that was trained."""
    line = run["command_line"]
    kept = {key: run[key] for key in ("model", "kind", "batch", "seed", "commit")}
    kept |= {key: run[key] for key in DIGESTS if key in run}
    kept |= {"command": line, "examples_seen": run["examples_seen"]}
    # Images other than MNIST's are told by their folder.
    folder = values(line, "--data")
    kept["images"] = Path(folder[-1]).name if folder else "mnist"
    kept["overrides"] = run.get("overrides", values(line, "--set"))
    kept |= {key: run[key] for key in ("test_examples", "test_error_percent") if key in run}
    # Wall time with all tests, on a machine that other work may have shared.
    kept["seconds"] = run["learning"][-1].get("seconds")
    kept["curve"] = [[point["examples_seen"], point["test_error_percent"]] for point in run["learning"]]
    return kept


def values(line, option):
    """What an option is given in a command line, each time."""
    words = shlex.split(line)
    apart = [value for word, value in zip(words, words[1:]) if word == option]
    return apart + [word.removeprefix(f"{option}=") for word in words if word.startswith(f"{option}=")]


def digests():
    """Adds the digests of model and data that the commits of results had to those that lack them."""
    for path in sorted(RESULTS.glob("*.json")):
        result = json.loads(path.read_text())
        if result["kind"] != "spiking" or all(key in result for key in DIGESTS):
            continue
        commits = result["commit"].split(", ")
        keys = (*result.get("overrides", []), f"learning.epochs={len(result['curve'])}")
        found = {"model_sha256": {model_digest(commit, result["model"], keys) for commit in commits}}
        # Of other images there is but the name of a folder.
        if result.get("images", "mnist") == "mnist" and "--data" not in result["command"]:
            found["data_sha256"] = {mnist_digest(commit) for commit in commits}
        known = {key: each.pop() for key, each in found.items() if len(each) == 1}
        kept = {}
        for key, value in result.items():
            kept[key] = value
            if key == "commit":
                kept |= known
        path.write_text(json.dumps(kept, indent=1) + "\n")
        print(f"{path.relative_to(ROOT)}: {', '.join(known) or 'none'}")


def git(*words):
    """What a git command prints."""
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


@functools.cache
def model_digest(commit, model, keys):
    """The digest of a model as it was at a commit, with these keys set."""
    with tempfile.TemporaryDirectory() as folder:
        tarfile.open(fileobj=io.BytesIO(git("archive", commit, "models"))).extractall(folder, filter="data")
        program = ["cargo", "run", "--quiet", "--example", "model_digest", "--", f"{folder}/models/{model}.toml"]
        return subprocess.run([*program, *keys], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


@functools.cache
def mnist_digest(commit):
    """The digests of the images and labels that a commit has, as run files list them."""
    lines = []
    for name in (f"{half}-{part}" for half in ("train", "t10k") for part in ("images-idx3-ubyte", "labels-idx1-ubyte")):
        content = gzip.decompress(git("show", f"{commit}:data/mnist/{name}.gz"))
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    return "".join(lines)


def results():
    """All results by the name of their row, in order of their names, and each name's by seed."""
    named = {}
    for path in sorted(RESULTS.glob("*.json")):
        result = json.loads(path.read_text())
        named.setdefault(result["name"], []).append(result)
    for name, runs in named.items():
        alike = ("model", "kind", "examples_seen", "batch", "test_examples", "images", "label")
        same = {tuple(run.get(key) for key in alike) for run in runs}
        if len(same) != 1:
            sys.exit(f"{name}: its runs differ in more than their seed: {sorted(same)}")
        runs.sort(key=lambda run: run["seed"])
    return named


def mean_and_spread(values):
    """Mean and standard deviation, as far as there is one."""
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{spread}"


def rows(named):
    """The table of networks, a row for each name."""
    yield "| network | kind | images | presentations | batch | test error | seeds |"
    yield "|---|---|---|---|---|---|---|"
    for runs in named.values():
        errors = [run["test_error_percent"] for run in runs]
        each = ", ".join(f"{error:.2f}" for error in errors)
        run = runs[0]
        shown = f"{run['model']} | {run['kind']} | {run.get('images', 'mnist')} | {run['examples_seen']:,} | {run['batch']}"
        yield f"| {shown} | {mean_and_spread(errors)} % | {each} |"


# Within these multiples of its standard error a mean of 2, 3, ... values lies in 95 of 100 cases (Student's t).
T = dict(zip(range(2, 11), (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)))


def interval(values):
    """Mean of differences and its 95 % interval, as far as there is one."""
    mean = statistics.mean(values)
    if len(values) not in T:
        return f"{mean:+.2f}"
    half = T[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    return f"{mean:+.2f} ({mean - half:+.2f} to {mean + half:+.2f})"


def best(named):
    """The spiking network of the least mean error on each set of images."""
    yield "| images | network | presentations | test error |"
    yield "|---|---|---|---|"
    least = {}
    for runs in named.values():
        images = runs[0].get("images", "mnist")
        errors = [run["test_error_percent"] for run in runs]
        if runs[0]["kind"] == "spiking" and (images not in least or statistics.mean(errors) < least[images][0]):
            least[images] = statistics.mean(errors), runs[0], mean_and_spread(errors)
    for images, (_, run, error) in sorted(least.items(), key=lambda entry: entry[1][0]):
        yield f"| {images} | [{run['model']}](models/{run['model']}.toml) | {run['examples_seen']:,} | {error} % |"


def differences(named):
    """The table of comparisons, a row for each network."""
    yield "| comparison | images | network | presentations | test error | difference, 95 % interval | seeds |"
    yield "|---|---|---|---|---|---|---|"
    compared = {}
    for runs in named.values():
        compared.setdefault(runs[0]["comparison"], []).append(runs)
    for name, networks in compared.items():
        networks.sort(key=lambda runs: runs[0]["place"])
        errors = {runs[0]["label"]: {run["seed"]: run["test_error_percent"] for run in runs} for runs in networks}
        for runs in networks:
            first, own = runs[0], errors[runs[0]["label"]]
            told = []
            for less in first["less"]:
                other = errors.get(less, {})
                if other.keys() != own.keys():
                    sys.exit(f"{name}: {first['label']} and {less} have other seeds")
                told.append(f"{interval([own[seed] - other[seed] for seed in own])} to {less}")
            shown = f"{name} | {first['images']} | {first['label']} | {first['examples_seen']:,}"
            yield f"| {shown} | {mean_and_spread(list(own.values()))} % | {'; '.join(told)} | {len(runs)} |"


def figure(output):
    """Keeps a figure, without the numbers of single images and neurons, which its runs have."""
    kept = json.loads(Path(output).read_text())
    if kept["quick"]:
        sys.exit(f"{output}: of a quick look, which is no result")
    unknown = [run["name"] for run in kept["runs"] if not run["commit"]]
    if unknown:
        sys.exit(f"{output}: {', '.join(unknown)} left no run file, so that its commit is not known")
    of_run = ("name", "model", "kind", "seed", "commit", "examples_seen", "model_time_ms")
    kept["runs"] = [{key: run[key] for key in of_run if run.get(key) is not None} for run in kept["runs"]]
    kept = {key: kept[key] for key in ("figure", "about", "command_line", "commit", "seeds", "runs", "numbers")}
    FIGURES.mkdir(exist_ok=True)
    path = FIGURES / f"{kept['figure']}.json"
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    shutil.copyfile(Path(output).with_suffix(".svg"), path.with_suffix(".svg"))
    print(path.relative_to(ROOT))


def short(commit):
    """A commit as it is usually told; that its tree had been changed is never left out."""
    return commit[:12] + commit[40:]


def history(runs):
    """How long networks were trained, or circuits run, and at which commits."""
    commits = dict.fromkeys(short(part) for run in runs for part in run["commit"].split(", "))
    trained = [run["examples_seen"] for run in runs if "examples_seen" in run]
    lengths = sorted(set(trained or (run["model_time_ms"] for run in runs)))
    what, done = ("presentations", "trained") if trained else ("ms of model time", "run")
    return f", {' and '.join(f'{length:,.0f}' for length in lengths)} {what}, {done} at {', '.join(commits)}"


def reproduced(name):
    """A figure with its numbers."""
    path = FIGURES / f"{name}.json"
    if not path.exists():
        sys.exit(f"docs/reproduction.md: there is no {path.relative_to(ROOT)}")
    kept = json.loads(path.read_text())
    trained = history(kept["runs"]) if kept.get("runs") else ""
    seeds = ", ".join(map(str, kept["seeds"]))
    yield f"`{kept['command_line']}`, seeds {seeds}{trained}, drawn at {short(kept['commit'])}"
    yield ""
    yield "| quantity | published | measured |"
    yield "|---|---|---|"
    for number in kept["numbers"]:
        cells = (number[key].replace("|", "\\|") for key in ("quantity", "published", "measured"))
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield f"![{kept['about']}](reproduced/{name}.svg)"


def table(check):
    """Writes the tables, or tells whether they are as they would be."""
    named = results()
    of_comparisons = {name: runs for name, runs in named.items() if "place" in runs[0]}
    of_networks = {name: runs for name, runs in named.items() if name not in of_comparisons}
    blocks = {"results": rows(of_networks), "comparisons": differences(of_comparisons)}
    figures = re.findall("<!-- (figure ([^:]+)): written", REPRODUCTION.read_text())
    for path, lines in (
        (README, {"best": best(named)}),
        (TABLES, blocks),
        (REPRODUCTION, {what: reproduced(name) for what, name in figures}),
    ):
        text = new = path.read_text()
        for what, block in lines.items():
            new = written(path, new, what, block)
        if new != text and check:
            sys.exit(f"{path.name}: its tables are not those of docs; run tools/results.py table")
        path.write_text(new)


def written(path, text, what, lines):
    """The text with these lines between the marks of a block."""
    begin, end = BEGIN.format(what), END.format(what)
    if text.count(begin) != 1 or text.count(end) != 1:
        sys.exit(f"{path.name}: expected one `{begin}` and one `{end}`")
    before, rest = text.split(begin)
    return before + begin + "\n" + "\n".join(lines) + "\n" + end + rest.split(end)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("add", help="keep results")
    adding.add_argument("name")
    adding.add_argument("output")
    commands.add_parser("digests", help="add digests to results that lack them")
    keeping = commands.add_parser("figure", help="keep a figure")
    keeping.add_argument("output")
    writing = commands.add_parser("table", help="write all tables")
    writing.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "add":
        add(arguments.name, arguments.output)
    elif arguments.command == "digests":
        digests()
    elif arguments.command == "figure":
        figure(arguments.output)
    else:
        table(arguments.check)


if __name__ == "__main__":
    main()
