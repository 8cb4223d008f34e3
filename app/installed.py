"""Does this environment hold exactly the releases that a lock file names? Run by `./run` before installing.

Only the standard library: it runs in environments where nothing is installed yet.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(\s*;[^\\]*)?", re.MULTILINE)


def missing(lock: Path) -> list[str]:
    """The pinned packages that are absent or of another release; those with a condition may be absent."""
    lacking = []
    for name, wanted, condition in PINNED.findall(lock.read_text()):
        try:
            found = version(name)
        except PackageNotFoundError:
            if not condition:
                lacking.append(name)
            continue
        if found != wanted:
            lacking.append(name)
    return lacking


if __name__ == "__main__":
    sys.exit(bool(missing(Path(sys.argv[1]))))
