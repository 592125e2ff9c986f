"""The command line: `main` finds the command, turns every error into one line and an exit code."""

from otsim.cli.group import Command, OtsimGroup, build_main

__all__ = ["COMMANDS", "main"]

# Modules are imported when their command is called, so the help text stands here too.
COMMANDS: dict[str, Command] = {
    "init": Command(target="otsim.cli.init:init", about="Write a commented study to start from."),
    "check": Command(
        target="otsim.cli.check:check", about="Check a study and say what it will simulate."
    ),
    "run": Command(target="otsim.cli.run:run", about="Run a study and write its risk report."),
    "report": Command(target="otsim.cli.report:report", about="Make the report of a run again."),
    "replay": Command(
        target="otsim.cli.replay:replay", about="Live one twin of a run again, recorded."
    ),
    "simulate": Command(
        target="otsim.cli.simulate:simulate", about="Simulate one plant under given actions."
    ),
    "tree": Command(target="otsim.cli.tree:tree", about="Answer questions about an attack tree."),
    "export": Command(target="otsim.cli.export:export", about="Write the tables of a run as CSV."),
    "plants": Command(
        target="otsim.cli.plants:plants", about="List plants, their signals, units and limits."
    ),
    "schema": Command(
        target="otsim.cli.schema:schema", about="Print the JSON Schema of a file format."
    ),
    "doctor": Command(
        target="otsim.cli.doctor:doctor", about="Show versions, devices and the route in use."
    ),
    "completion": Command(
        target="otsim.cli.completion:completion", about="Print a shell completion script."
    ),
}

main: OtsimGroup = build_main(COMMANDS)
