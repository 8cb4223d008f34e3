"""What did the holder of the key sign last? A signer remembers it beside the key, where no restore of a database comes.

The file `signed` holds the last checkpoint, as it was signed. Before anything else is signed, the log must be the one
of that checkpoint, grown or not: a database that was set back, or put together anew, is refused. A log that lost moves
for good goes on in a new epoch, under a new origin: `shuniu/2` has never promised what `shuniu/1` did.
"""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cases.notes import Checkpoint, NoteError, parse_checkpoint, verify_note
from app.database.places import write_private
from app.documents.store import fsync_folder

EPOCH = re.compile(r"shuniu/([1-9][0-9]{0,8})")


class LogWasChanged(Exception):
    """The log no longer contains what was signed before; nothing is signed until a person looks."""


class KeyNotHere(Exception):
    """The log was signed with a key that is not on this machine; a second key must not be made."""


class NothingWasLost(Exception):
    """A new epoch is for a log that lost what was signed; this one holds it."""


def epoch_of(origin: str) -> int:
    """Return 2 of `shuniu/2`; NoteError for what is no origin of this log."""
    found = EPOCH.fullmatch(origin)
    if found is None:
        raise NoteError(f"{origin!r} is no origin of this log")
    return int(found.group(1))


def told_by(note: str, public_key: bytes | None) -> Checkpoint:
    """Return what a checkpoint says; NoteError unless it is one of this log, of any epoch, signed with this key.

    Without the key the signature is not checked.
    """
    told = parse_checkpoint(note.partition("\n\n")[0] + "\n")
    epoch_of(told.origin)
    if public_key is not None:
        verify_note(note, told.origin, public_key)
    return told


class Memory:
    """What was signed last with the key in this folder; for whoever holds it open, alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self) -> str | None:
        """Return the checkpoint as it was signed, None if nothing was."""
        return self.path.read_text() if self.path.exists() else None

    def last(self, public_key: bytes) -> Checkpoint | None:
        """Return what it says; raise LogWasChanged if it is not what this key signed."""
        note = self.note()
        try:
            return None if note is None else told_by(note, public_key)
        except NoteError as error:
            raise LogWasChanged(f"{self.path} is no checkpoint that the key beside it has signed: {error}") from None

    def keep(self, note: str) -> None:
        """Remember it; on return it is on the disk."""
        write_private(self.path, note)
        fsync_folder(self.path.parent)

    def put_away(self, epoch: int) -> None:
        """Keep what was signed before this epoch, for good, under a name of its own."""
        if self.path.exists():
            self.path.rename(self.path.with_name(f"{self.path.name}.before-{epoch}"))


@contextmanager
def remembering(key_path: Path) -> Iterator[Memory]:
    """Open the memory beside the key, one process at a time."""
    key_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with key_path.with_name("signed.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Memory(key_path.with_name("signed"))
