"""May this person represent an organization, with all that they represent already?"""

from app.access.nodes import AnySession
from app.organizations.steps import represented_by
from workflows.engine import Refused
from workflows.kinds.registration import representative_barred


def demand_free_representative(
    session: AnySession, key: bytes | None, *, legal_class: str, organization_id: int
) -> None:
    """Raise Refused if who stands behind the key represents what they may not represent beside this organization.

    Asked one after the other: of two cases that are decided at once no guard sees the other one registered.
    """
    if key is None:
        return
    reason = representative_barred(legal_class, represented_by(session, key, except_id=organization_id))
    if reason is not None:
        raise Refused(reason)
