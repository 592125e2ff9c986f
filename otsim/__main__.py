"""The process of the command line: `otsim`, and `python -m otsim`, which is the same."""

import signal
import sys

from otsim.errors import INTERRUPTED

__all__ = ["run"]


def run() -> None:
    """Run the command line, and let Ctrl-C be one word from the first import to the last exit."""
    try:
        from otsim.cli import main

        main(prog_name="otsim")
    except KeyboardInterrupt:
        # only while the command line itself was being imported; afterwards it answers
        sys.stderr.write("interrupted\n")
        _leave_interrupted()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave_interrupted()
        raise


def _leave_interrupted() -> None:
    # a second Ctrl-C has nothing to stop any more, and would be told as a traceback
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(INTERRUPTED)


if __name__ == "__main__":
    run()
