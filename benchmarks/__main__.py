"""`./run bench moves`: each subcommand is one measure and prints its rounds, its median and its verdict."""

import argparse

from benchmarks import exports, lists, moves


def main() -> None:
    """Run the measure that the command line names."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    measures = parser.add_subparsers(dest="measure", required=True)
    moves.add_arguments(measures.add_parser("moves", help="a full move beside the bare psycopg floor"))
    exports.add_arguments(measures.add_parser("export", help="downloads beside psql and openpyxl (B6, B10)"))
    lists.add_arguments(measures.add_parser("lists", help="B7-B9: pages at depth, a worklist, a search, on a city"))
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
