"""`./run bench moves`: each subcommand is one measure and prints its rounds, its median and its verdict."""

import argparse

from benchmarks import exports, http, lists, moves, register, verifying


def main() -> None:
    """Run the measure that the command line names."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    measures = parser.add_subparsers(dest="measure", required=True)
    moves.add_arguments(measures.add_parser("moves", help="a full move beside the bare psycopg floor"))
    http.add_arguments(measures.add_parser("http", help="moves and pages over HTTP, signed in (B3, B12)"))
    exports.add_arguments(measures.add_parser("export", help="downloads beside psql and openpyxl (B6, B10)"))
    lists.add_arguments(measures.add_parser("lists", help="B7-B9: pages at depth, a worklist, a search, on a city"))
    register.add_arguments(measures.add_parser("import", help="B11: a checked import of a register beside COPY"))
    verifying.add_arguments(measures.add_parser("verify", help="B13: checking what is recorded beside reading it"))
    measures.add_parser("all", help="every measure with its defaults, one after the other").set_defaults(run=every)
    arguments = parser.parse_args()
    arguments.run(arguments)


def every(_arguments: argparse.Namespace) -> None:
    """Run all measures as their own defaults say; each prints its lines of the table."""
    for measure in (moves, http, exports, lists, register, verifying):
        alone = argparse.ArgumentParser()
        measure.add_arguments(alone)
        defaults = alone.parse_args([])
        defaults.run(defaults)


if __name__ == "__main__":
    main()
