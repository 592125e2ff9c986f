"""Settings that must stand before JAX starts, in every test."""

import os
from pathlib import Path

from otsim.simulate.cpu_settings import prepare_cpu

# compiled loops and warm states of the tests, apart from the user's
os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parents[1] / ".test_cache")
prepare_cpu()
os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
