"""A child process that ends when its parent does, even when the parent was killed and could tell nobody."""

import os
import signal
import threading
import time

BEAT = 0.2
PATIENCE = 6.0


def end_with_parent() -> None:
    """Watch the present parent from now on; when it is gone, end this process politely, then firmly."""
    parent = int(os.environ.get("SHUNIU_PARENT", 0)) or os.getppid()
    threading.Thread(target=_watch, args=(parent,), name="deathwatch", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(BEAT)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)
