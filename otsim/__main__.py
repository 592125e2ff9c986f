"""`python -m otsim` is the same as `otsim`."""

from otsim.cli import main

if __name__ == "__main__":
    main(prog_name="otsim")
