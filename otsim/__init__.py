"""otsim: from a study file to the cyber risk of an industrial plant."""

__version__ = "0.1.0"
