"""The errors that a user may see: each says where, what, and what to do."""

from __future__ import annotations

INTERRUPTED = 130  # what shells tell of a process that Ctrl-C ended
TERMINATED = 143  # and of one that was asked to end by the system or a scheduler


class Terminated(KeyboardInterrupt):
    """Asked to end by the system or a scheduler (SIGTERM); handled as Ctrl-C is."""


class OtsimError(Exception):
    """Base of every error that is the user's to mend; `exit_code` is what the command returns."""

    exit_code = 2


class ConfigError(OtsimError):
    """One or more faults in a study, tree or action file, a line `file:line:col: what` each."""

    def __init__(self, *problems: str) -> None:
        """Keep each fault on a line of its own; more than 20 are cut to 20 and a count."""
        shown = list(problems[:20])
        if len(problems) > len(shown):
            shown.append(f"... and {len(problems) - len(shown)} more")
        super().__init__("\n".join(shown))
        self.problems = problems


class ModelError(OtsimError):
    """A plant, signal or attack model that cannot be built as asked."""


class SimulationError(OtsimError):
    """A run that cannot start or go on."""


class StorageError(OtsimError):
    """The run folder cannot be written or read (disk full, no permission, damaged file)."""

    exit_code = 4


class ReportError(OtsimError):
    """A run folder from which no report can be made."""


class GateError(OtsimError):
    """The run finished, but a promised bound does not hold (too many diverged twins)."""

    exit_code = 3


class DeviceMemoryError(OtsimError):
    """Not even the smallest part of the work fits into memory."""

    exit_code = 5
