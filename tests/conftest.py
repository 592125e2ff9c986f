"""Settings that must stand before JAX starts, in every test."""

import os
import tempfile
from pathlib import Path

from hypothesis import settings

from otsim.simulate.cpu_settings import prepare_cpu

# compiled loops and warm states of the tests, apart from the user's
os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parents[1] / ".test_cache")
# ... and their index over runs
_state = tempfile.TemporaryDirectory(prefix="otsim-state-")
os.environ["XDG_STATE_HOME"] = _state.name
prepare_cpu()
os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")

# no test is timed: what takes 10 ms takes half a second on a busy machine; and a change is judged
# by the same examples each time, while `make test-all` looks for new ones
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("searching", deadline=None, print_blob=True)
settings.load_profile("steady")
