"""Settings that must stand before JAX starts, in every test."""

import os

from otsim.simulate.cpu_settings import prepare_cpu

prepare_cpu()
os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
