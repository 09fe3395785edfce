"""What tests share: a small network, small images, and the program."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import apical

ROOT = Path(__file__).resolve().parents[2]

SMALL = {
    "population.input.size": 16,
    "population.hidden.size": 24,
    "projection.input-hidden.weights.scale": 4,
}


@pytest.fixture
def model() -> apical.Model:
    """The network of Guerguiev et al. (2017), cut down to images of 4 x 4 pixels and 24 hidden cells."""
    return apical.Model.load("g17-784-500-10", **SMALL)


def bars(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images of 4 x 4 pixels with one bright row, their class, and noise."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 4, count)
    images = draw.integers(0, 60, (count, 4, 4))
    images[np.arange(count), labels] = 255
    return images.astype(np.uint8), labels


@pytest.fixture
def program():
    """Runs the program that APICAL names, or the one that was built for release; tests are skipped without."""
    path = Path(os.environ.get("APICAL", ROOT / "target" / "release" / "apical"))
    if "APICAL" not in os.environ and not path.exists():
        pytest.skip("no program: build it, or name it by APICAL")

    def run(*arguments: object, cwd: Path, status: int = 0) -> str:
        ended = subprocess.run([path, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)
        assert ended.returncode == status, ended.stderr
        return ended.stdout if status == 0 else ended.stderr

    return run


def write_idx(folder: Path, half: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Writes images and labels as IDX files."""
    folder.mkdir(exist_ok=True)
    for name, magic, array in (("images-idx3", 0x803, images), ("labels-idx1", 0x801, labels)):
        head = np.array([magic, *array.shape], ">u4").tobytes()
        (folder / f"{half}-{name}-ubyte").write_bytes(head + array.astype(np.uint8).tobytes())
