"""The web application for a WSGI server: `granian --interface wsgi wsgi:app`, or gunicorn.

Under `./run` the supervisor has prepared the database and hands over the application's address only;
under any other server this process prepares it itself.
"""

import os
import signal

from app import create_app
from app.config import settings_from
from app.database.prepare import prepare
from app.deathwatch import end_with_parent

settings = settings_from(os.environ)
address = os.environ.get("SHUNIU_APP_DATABASE_URL")
if address is None:
    address = prepare(settings.instance, settings.database_url).app
else:
    end_with_parent()
    # A forked process has its parent's handler, which would swallow a SIGTERM that comes while we load.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

app = create_app(settings, address)
