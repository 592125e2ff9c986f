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
    "merge": Command(
        target="otsim.cli.merge:merge", about="Join parts of a run, computed by a job array."
    ),
    "sweep": Command(
        target="otsim.cli.sweep:sweep", about="Run a study at many values of its keys."
    ),
    "compare": Command(
        target="otsim.cli.compare:compare", about="Compare studies or runs with the first of them."
    ),
    "report": Command(target="otsim.cli.report:report", about="Make the report of a run again."),
    "replay": Command(
        target="otsim.cli.replay:replay", about="Live one twin of a run again, recorded."
    ),
    "simulate": Command(
        target="otsim.cli.simulate:simulate", about="Simulate one plant under given actions."
    ),
    "runs": Command(target="otsim.cli.runs:runs", about="List, show and compare the runs made."),
    "status": Command(target="otsim.cli.status:status", about="Say how far a run is."),
    "verify": Command(
        target="otsim.cli.verify:verify", about="Check every committed byte of a run."
    ),
    "tree": Command(target="otsim.cli.tree:tree", about="Answer questions about an attack tree."),
    "review": Command(
        target="otsim.cli.review:review", about="Find the weak spots of a network, priced."
    ),
    "export": Command(
        target="otsim.cli.export:export", about="Write the tables of a run for other programs."
    ),
    "sql": Command(target="otsim.cli.sql:sql", about="Ask the tables of a run in SQL."),
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
