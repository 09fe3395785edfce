#!/usr/bin/env python3
"""Numbers quoted in the README, each from a file of docs/results.

    tools/results.py add NAME OUTPUT.json     keeps the results in the last line of `apical train --json`, a file per seed,
                                              or of `apical compare --json`, a file per rule and seed
    tools/results.py table                    writes the README's table anew
    tools/results.py table --check            exits with 1 if that would change it

A file holds the name of its row, model, kind (spiking or rate), batch, seed, commit, command, presentations, test error and
learning curve. A row is the mean and the standard deviation (n - 1) over its seeds.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
README = ROOT / "README.md"
BEGIN, END = "<!-- results: written by tools/results.py -->", "<!-- end of results -->"


def add(name, output):
    """Keeps the runs of one output of `apical train --json`."""
    summary = json.loads(Path(output).read_text().strip().splitlines()[-1])
    if summary["command"] == "compare":
        for rule in summary["rules"]:
            add_runs(f"{name}-{rule['rule']}", list(compared(summary, rule)), output)
    else:
        add_runs(name, summary.get("runs", [summary]), output)


def compared(summary, rule):
    """The runs of one rule of `apical compare`, as `apical train` tells them."""
    sizes = "-".join(map(str, summary["sizes"]))
    shared = {key: summary[key] for key in ("kind", "commit", "command_line", "tested_on")}
    for run in rule["runs"]:
        seen = run["learning"][-1]["examples_seen"]
        yield run | shared | {"model": f"{sizes}, {rule['rule']}", "batch": rule["batch"], "examples_seen": seen}


def add_runs(name, runs, output):
    """Keeps runs, a file for each."""
    for run in runs:
        if run["tested_on"] != "test" or run["test_error_percent"] is None:
            sys.exit(f"{output}: seed {run['seed']} was not tested on the test set")
        kept = {key: run[key] for key in ("model", "kind", "batch", "seed", "commit")}
        kept |= {"name": name, "command": run["command_line"], "examples_seen": run["examples_seen"]}
        kept |= {key: run[key] for key in ("test_examples", "test_error_percent")}
        kept["curve"] = [[point["examples_seen"], point["test_error"]] for point in run["learning"]]
        path = RESULTS / f"{name}-seed{run['seed']}.json"
        path.write_text(json.dumps(kept, indent=1) + "\n")
        print(path.relative_to(ROOT))


def rows():
    """The table, a row for each name."""
    named = {}
    for path in sorted(RESULTS.glob("*.json")):
        result = json.loads(path.read_text())
        named.setdefault(result["name"], []).append(result)
    yield "| network | kind | presentations | batch | test error | seeds |"
    yield "|---|---|---|---|---|---|"
    for name, runs in named.items():
        same = {(run["model"], run["kind"], run["examples_seen"], run["batch"], run["test_examples"]) for run in runs}
        if len(same) != 1:
            sys.exit(f"{name}: its runs differ in more than their seed: {sorted(same)}")
        runs.sort(key=lambda run: run["seed"])
        errors = [run["test_error_percent"] for run in runs]
        spread = f" ± {statistics.stdev(errors):.2f}" if len(errors) > 1 else ""
        each = ", ".join(f"{error:.2f}" for error in errors)
        model, kind, presentations, batch, _ = same.pop()
        yield f"| {model} | {kind} | {presentations:,} | {batch} | {statistics.mean(errors):.2f}{spread} % | {each} |"


def table(check):
    """Writes the table, or tells whether it is as it would be."""
    text = README.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit(f"README.md: expected one `{BEGIN}` and one `{END}`")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    new = before + BEGIN + "\n" + "\n".join(rows()) + "\n" + END + after
    if new == text:
        return
    if check:
        sys.exit("README.md: its table is not that of docs/results; run tools/results.py table")
    README.write_text(new)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    adding = commands.add_parser("add", help="keep results")
    adding.add_argument("name")
    adding.add_argument("output")
    writing = commands.add_parser("table", help="write the README's table")
    writing.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "add":
        add(arguments.name, arguments.output)
    else:
        table(arguments.check)


if __name__ == "__main__":
    main()
