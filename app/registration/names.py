"""Does a name still belong to nobody else at the moment of the decision?"""

from sqlalchemy import text

from app.access.nodes import AnySession
from app.organizations.queries import name_holder
from workflows.engine import Refused
from workflows.kinds.registration import name_taken

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('shuniu.name'), hashtext(:name))")


def demand_free_name(session: AnySession, name: str, *, organization_id: int) -> None:
    """Raise Refused if another registered organization is called so; two who are given one name at once wait here.

    A lock and no constraint: the register also holds what was imported, and there two may have one name.
    """
    session.execute(ONE_AT_A_TIME, {"name": name})
    holder = name_holder(session, name, except_id=organization_id)
    if holder is not None:
        raise Refused(name_taken(holder))
