"""The web server's own process under the supervisor: granian, a few processes with two threads each."""

import os

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from app.deathwatch import end_with_parent

THREADS = 2
# More than this waits in the kernel's queue rather than in ours; 64 requests are far more than two threads do
# in a second.
BACKPRESSURE = 64
SECONDS_TO_FINISH = 5


def serve(target: str) -> None:
    """Serve this WSGI application until SIGTERM; requests that run are answered first."""
    end_with_parent()
    # Granian's processes have this one as their parent, not the supervisor.
    os.environ.pop("SHUNIU_PARENT", None)
    Server(
        target,
        address=os.environ["HOST"],
        port=int(os.environ["PORT"]),
        interface=Interfaces.WSGI,
        workers=int(os.environ["SHUNIU_WEB_PROCESSES"]),
        blocking_threads=THREADS,
        backpressure=BACKPRESSURE,
        http=HTTPModes.http1,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=1.0,
        workers_kill_timeout=SECONDS_TO_FINISH,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    serve("wsgi:app")
