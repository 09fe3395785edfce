"""The package itself: examples of its docs, its version, and what it needs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import apical

MODULES = ["apical", *(f"apical.{module.name}" for module in pkgutil.iter_modules(apical.__path__) if module.name != "_neo")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docs(name: str):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert not failed


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    assert sum(len(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name))) > 30


def test_the_version_is_that_of_the_program():
    manifest = Path(__file__).resolve().parents[2] / "Cargo.toml"
    assert version("apical") == re.search(r'^version = "(.*)"', manifest.read_text(), re.MULTILINE)[1]


def test_numpy_is_all_that_it_needs():
    """Without pandas, tqdm and neo everything but what they are for is there."""
    code = (
        "import sys\n"
        "for name in ('pandas', 'tqdm', 'tqdm.auto', 'neo', 'quantities'):\n"
        "    sys.modules[name] = None\n"
        "import apical\n"
        "run = apical.Model.load('recurrent-lif').build().run(100, record='exc', progress=True)\n"
        "assert isinstance(run.presentations, dict) and len(run.presentations['start_ms']) == 1\n"
        "table = apical.sweep('recurrent-lif', duration_ms=100)\n"
        "assert table['error'] == ['']\n"
        "try:\n"
        "    run.to_neo()\n"
        "except ImportError:\n"
        "    sys.exit(3)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 3
