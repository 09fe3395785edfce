"""
The compiled part of the package.
"""

from _typeshed import SupportsGetItem
from collections.abc import Callable
from numpy import float32, float64, int64
from numpy.typing import ArrayLike, NDArray
from os import PathLike
from pathlib import Path
from typing import Any, SupportsFloat, SupportsIndex, final
from typing_extensions import disjoint_base

__all__ = ["Model", "Network", "Presented", "RunFile", "holds_checkpoint", "set_threads", "shipped_models", "threads"]

@disjoint_base
class Model:
    """
    A model: what a network is, how it learns, what it is shown and what is recorded.
    """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __new__(cls, /, path: str | PathLike[str] | None = None, *, text: str | None = None, origin: str = "the text", values: str | None = None, of: Model | None = None, overrides: SupportsGetItem[int, str] = ...) -> Model:
        """
        Reads the model of a file or name, of a text, or of values that a program wrote under a name; or takes that of another
        object.
        """
    def _populations(self, /) -> list[dict[str, Any]]:
        """
        Name, size, kind, compartments and unit of potentials of each population.
        """
    def _projections(self, /) -> list[dict[str, Any]]:
        """
        Name, ends, port and learning rate of each projection.
        """
    @property
    def about(self, /) -> str:
        """
        What it is, in a few words; empty: nothing.
        """
    @property
    def classes(self, /) -> int:
        """
        Classes that are decoded; 0 without an output population.
        """
    @property
    def is_continuous(self, /) -> bool:
        """
        Whether it runs without presentations, as circuits do.
        """
    @property
    def name(self, /) -> str:
        """
        Name of the model, after which files are called.
        """
    @property
    def sha256(self, /) -> str:
        """
        SHA-256 of all of it that results depend on.
        """
    @property
    def text(self, /) -> str:
        """
        The whole model as the text of a model file, with all keys.
        """

@final
class Network:
    """
    A network.
    """
    def __new__(cls, /, model: Model, seed: SupportsIndex) -> Network:
        """
        The initial network of a model: what is random in it is drawn from the streams of the seed.
        """
    def biases(self, /, population: str) -> NDArray[float32]:
        """
        Biases of a population, [n], as a view.
        """
    @property
    def clock_ms(self, /) -> float:
        """
        The clock of the run [ms].
        """
    @property
    def curve(self, /) -> dict[str, Any]:
        """
        The learning curve so far: columns of the evaluations.
        """
    @property
    def edited(self, /) -> bool:
        """
        Whether weights or biases were changed by hand.
        """
    @property
    def examples_seen(self, /) -> int:
        """
        Training presentations so far; of a circuit, slices of 100 ms.
        """
    @property
    def model(self, /) -> Model:
        """
        The model.
        """
    @staticmethod
    def open(path: str | PathLike[str], accept_edited: bool = False) -> Network:
        """
        The network of a checkpoint file.
        """
    def present(self, /, images: ArrayLike, *, index: SupportsIndex = 0, label: SupportsIndex | None = None, every_ms: SupportsFloat | SupportsIndex | None = None) -> Presented:
        """
        Shows one image from rest, in a forward phase and, with a label, a target phase. Nothing is learnt.
        """
    def run(self, /, duration_ms: SupportsFloat | SupportsIndex | None, out: str | PathLike[str], *, heed: Callable[[str, float, float, float], object], command: str, record: str | None = None, rules: SupportsGetItem[int, tuple[str, Any]] = ...) -> None:
        """
        Runs a circuit for so much more model time, that of the model unless given, after the warm-up of a run that begins, and
        records it in a run file. Reports progress to `heed`. Errors of `heed` and signals stop the run, which is whole up to then; one
        whose rule fails leaves the network as it was.
        """
    def save(self, /, path: str | PathLike[str]) -> None:
        """
        Writes a checkpoint, in place of an older one once it is complete and on the disk.
        """
    @property
    def seed(self, /) -> int:
        """
        Seed of all that is random.
        """
    def set_biases(self, /, population: str, biases: NDArray[float32]) -> None:
        """
        Sets the biases of a population, [n].
        """
    def set_synapse_weights(self, /, projection: str, weights: NDArray[float32]) -> None:
        """
        Sets the weights of a projection with sparse synapses, in the order of storage.
        """
    def set_weights(self, /, projection: str, weights: NDArray[float32]) -> None:
        """
        Sets the weights of a projection with dense synapses, [post, pre].
        """
    def synapses(self, /, projection: str) -> dict[str, Any] | None:
        """
        Synapses of a projection with sparse ones, in the order of storage: columns source, target, `delay_ms` and weight; none of
        dense ones.
        """
    def test(self, /, images: ArrayLike | None, labels: ArrayLike | None, *, heed: Callable[[str, float, float, float], object], command: str, out: str | PathLike[str] | None = None, folder: str | PathLike[str] | None = None, passes: SupportsIndex = 1, examples: SupportsIndex | None = None, seed: SupportsIndex | None = None, record: str | None = None, rate: str | None = None) -> dict[str, Any]:
        """
        Tests the network: examples, wrong answers of each pass, and answers by label and class. `out` names a run file.
        """
    def train(self, /, images: ArrayLike | None, labels: ArrayLike | None, out: str | PathLike[str], *, heed: Callable[[str, float, float, float], object], command: str, test_images: ArrayLike | None = None, test_labels: ArrayLike | None = None, folder: str | PathLike[str] | None = None, epochs: SupportsIndex | None = None, examples: SupportsIndex | None = None, test_examples: SupportsIndex | None = None, record: str | None = None, rate: str | None = None, rules: SupportsGetItem[int, tuple[str, Any]] = ...) -> None:
        """
        Trains the network and records it in a run file. Without images, those that the model names are shown, from `folder`.

        Reports to `heed`: ("train" | "test", done, total, error in percent), and ("evaluated", presentations, planned, error in
        percent) at the end of each epoch. Errors of `heed` and signals stop the training, which is whole up to then. One that
        diverges, or whose rule fails, leaves the network as it was.
        """
    def weights(self, /, projection: str) -> NDArray[float32] | None:
        """
        Weights of a projection with dense synapses, [post, pre], as a view; none of sparse ones.
        """

@final
class Presented:
    """
    What happened while an image was shown.
    """
    @property
    def decoded(self, /) -> int | None:
        """
        The class decoded from the forward phase; none of a network without classes.
        """
    @property
    def phases_ms(self, /) -> list[float]:
        """
        Lengths of the phases [ms].
        """
    def plateaus(self, /, population: str, phase: str = "forward") -> NDArray[float32]:
        """
        Plateaus of a population at the end of a phase, [n]; empty where it makes none.
        """
    def spikes(self, /, population: str) -> tuple[NDArray[float64], NDArray[int64]]:
        """
        Spikes of a population: times from the start [ms], ascending, and neurons.
        """
    def traces(self, /, population: str) -> tuple[NDArray[float64], NDArray[float32]]:
        """
        Sampled potentials of a population: times [samples] [ms], and values [samples, neurons, compartments].
        """

@final
class RunFile:
    """
    An open run file.
    """
    def __new__(cls, /, path: str | PathLike[str]) -> RunFile:
        """
        Opens a run file.
        """
    def biases(self, /, population: str, snapshot: str) -> NDArray[float32]:
        """
        Biases of a population in a snapshot, [n].
        """
    def check_unchanged(self, /) -> None:
        """
        Refuses a file that was replaced or written to since it was opened.
        """
    def close(self, /) -> None:
        """
        Closes the file.
        """
    def curve(self, /) -> dict[str, Any]:
        """
        The learning curve.
        """
    def event_kinds(self, /, population: str) -> list[str]:
        """
        Kinds of events with a beginning and an end that were recorded of a population.
        """
    def events(self, /, population: str, kind: str, from_ms: SupportsFloat | SupportsIndex, to_ms: SupportsFloat | SupportsIndex) -> dict[str, Any]:
        """
        Events of one kind of a population of which a part lies in a span of the run's clock: columns `start_ms`, `stop_ms`, neurons
        and compartments.
        """
    def export_nwb(self, /, to: str | PathLike[str]) -> None:
        """
        Writes the run as an NWB file.
        """
    def learning_svg(self, /) -> str:
        """
        The learning curve, as SVG.
        """
    @property
    def model(self, /) -> Model:
        """
        The model.
        """
    def page(self, /) -> str:
        """
        The explorer with all of the run in it, one page of HTML that loads nothing from elsewhere.
        """
    @property
    def path(self, /) -> Path:
        """
        The file.
        """
    def plateaus(self, /, population: str, from_ms: SupportsFloat | SupportsIndex, to_ms: SupportsFloat | SupportsIndex) -> dict[str, Any]:
        """
        Plateaus of a population in a span of the run's clock: columns `times_ms`, neurons, alpha and phase (0 forward, 1 target).
        """
    def presentations(self, /) -> dict[str, Any]:
        """
        The table of presentations.
        """
    def provenance(self, /) -> dict[str, Any]:
        """
        Seed, command, digest of the data and versions; and the snapshots of the weights of each projection.
        """
    def raster_svg(self, /, populations: SupportsGetItem[int, str], from_ms: SupportsFloat | SupportsIndex, to_ms: SupportsFloat | SupportsIndex) -> str:
        """
        Spikes of populations in a span of the run's clock [ms] over their events, as SVG.
        """
    def recorded(self, /, group: str) -> list[str]:
        """
        Populations of which something is kept under "spikes", "report" (traces), "plateaus", "events" or "biases".
        """
    def spikes(self, /, population: str, from_ms: SupportsFloat | SupportsIndex, to_ms: SupportsFloat | SupportsIndex) -> dict[str, Any]:
        """
        Spikes of a population in a span of the run's clock: columns `times_ms` and neurons.
        """
    def spiking(self, /, population: str) -> tuple[int, int]:
        """
        The first neuron of a population of which spikes are kept, where those of any are, and the one after the last.
        """
    def traces(self, /, population: str, neurons: tuple[SupportsIndex, SupportsIndex], from_ms: SupportsFloat | SupportsIndex, to_ms: SupportsFloat | SupportsIndex) -> list[dict[str, Any]]:
        """
        Traces of neurons of a population in a span of the run's clock, a block for each unbroken stretch: `start_ms`, `dt_ms`,
        neurons and elements of the columns, and values [samples, columns].
        """
    def traces_svg(self, /, population: str, neurons: tuple[SupportsIndex, SupportsIndex], from_ms: SupportsFloat | SupportsIndex, to_ms: SupportsFloat | SupportsIndex) -> str:
        """
        Potentials of neurons of a population in a span of the run's clock [ms], with spikes, plateaus and events, as SVG.
        """
    def weights(self, /, projection: str, snapshot: str) -> NDArray[float32]:
        """
        Weights of a projection with dense synapses in a snapshot, [post, pre].
        """

def holds_checkpoint(path: str | PathLike[str]) -> bool:
    """
    Whether a file is a checkpoint; the error of a file that is neither a checkpoint nor a run file says what it is.
    """

def set_threads(number: SupportsIndex) -> None:
    """
    Sets the number of threads that runs of this process use; results do not depend on it.

    Without it: `RAYON_NUM_THREADS`, or `SLURM_CPUS_PER_TASK`, or all cores.
    """

def shipped_models() -> dict[str, str]:
    """
    The models that come with the package: the text of each by its name.
    """

def threads() -> int:
    """
    The number of threads that runs of this process use.
    """
