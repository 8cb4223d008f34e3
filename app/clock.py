"""What time is it? The only place that asks the machine.

Two clocks: real time (sign-in, tokens, throttles, checkpoints) and the business clock (cases, history,
due dates). They differ only in a demo or test whose clock somebody moved; production cannot move it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session, scoped_session

from app.database.connections import rows
from app.database.one_look import remembered

SHANGHAI = ZoneInfo("Asia/Shanghai")


def real_now() -> datetime:
    """Return the machine's time in UTC."""
    return datetime.now(UTC)


@remembered
def business_now(session: "Session | scoped_session[Any]") -> datetime:
    """Return the time of cases and clocks in UTC: real time plus what a demo moved it ahead."""
    ahead = rows(session, ("SELECT ahead_seconds FROM business_clock", {}))
    return real_now() + timedelta(seconds=ahead[0][0] if ahead else 0)
