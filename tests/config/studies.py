"""Studies that the tests of this folder start from."""

from __future__ import annotations

from pathlib import Path

MALFORMED = Path(__file__).parent / "malformed"
SOUND = MALFORMED / "base" / "sound.yaml"
STARTER = Path(__file__).parents[2] / "otsim" / "cli" / "starter_study.yaml"
SHIPPED = sorted((Path(__file__).parents[2] / "configs" / "studies").glob("*.yaml"))


def faults(call, *args) -> list[str]:
    """Return the faults that a reading raises, in full."""
    import pytest

    from otsim.errors import ConfigError

    with pytest.raises(ConfigError) as caught:
        call(*args)
    return list(caught.value.problems)
