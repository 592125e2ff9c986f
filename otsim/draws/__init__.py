"""What is drawn in a study, under which name, and from what: streams or nets of Sobol points."""

from otsim.draws.designs import Design, SobolNets, Streams, replicates_of, study_draws

__all__ = ["Design", "SobolNets", "Streams", "replicates_of", "study_draws"]
