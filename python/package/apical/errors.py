"""What can go wrong, in the words of the command line.

Every exception of the package is an :class:`Error`, and one of Python's own beside it, so that both ``except apical.Error`` and
``except ValueError`` catch it. A message says what was found, what was expected, and where; causes follow, a line each.
"""

__all__ = ["DataError", "Error", "FileError", "ModelError", "RunError"]


class Error(Exception):
    """Any error of the package."""


class ModelError(Error, ValueError):
    """A model, a network or a rule is not as it should be: an unknown key, a value out of range, weights of another shape."""


class DataError(Error, ValueError):
    """Images, labels or other stimuli are not as they should be."""


class FileError(Error, OSError):
    """A run file or checkpoint cannot be written or read, or is closed."""


class RunError(Error, RuntimeError):
    """A run failed: weights or potentials beyond all numbers, activity that runs away, a network at work in another thread."""
