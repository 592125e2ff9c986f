"""What is drawn in a study, under which name, and from what: streams or nets of Sobol points."""

from otsim.draws.designs import (
    Design,
    SobolNets,
    Streams,
    replicates_of,
    study_draws,
    weights_of,
)
from otsim.draws.tilted import TiltedStreams

__all__ = ["Design", "SobolNets", "Streams", "TiltedStreams", "replicates_of", "study_draws",
           "weights_of"]  # fmt: skip
