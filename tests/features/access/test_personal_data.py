"""What of a person may be shown, how one person is recognised, and who has looked."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.access.identity import identity_digest
from app.access.masking import mask_account_number, mask_email, mask_identity_number, mask_name, mask_phone
from app.access.models import Person, Read
from app.access.reads import record_read
from tests.builders_access import a_person

NUMBER = "11010219900307001X"


@pytest.mark.parametrize(
    "mask, value, shown",
    [
        (mask_name, "张小明", "张**"),
        (mask_name, "欧阳", "欧*"),
        (mask_name, "张", "张*"),
        (mask_name, " ", ""),
        (mask_phone, "13800138000", "138****8000"),
        (mask_phone, "138 0013 8000", "138****8000"),
        (mask_phone, "12345678", "********"),
        (mask_identity_number, NUMBER, "1101************1X"),
        (mask_account_number, "6222 0210 0111 6245 702", "***************5702"),
        (mask_account_number, "123456", "******"),
        (mask_account_number, "", ""),
        (mask_email, "zhang@example.org", "z****@example.org"),
        (mask_email, "zhang", "z****"),
    ],
)
def test_enough_is_shown_to_recognise_and_too_little_to_use(mask, value, shown):
    assert mask(value) == shown


def test_one_identity_number_is_one_digest_however_it_is_typed():
    digest = identity_digest(NUMBER, key="k")

    assert digest == identity_digest(" 110102 19900307 001x ", key="k")
    assert digest == identity_digest("１１０１０２１９９００３０７００１Ｘ", key="k")
    assert digest != identity_digest(NUMBER, key="other")
    assert digest != identity_digest("110102199003070011", key="k")
    assert len(digest) == 32


def test_one_natural_person_is_one_row(session):
    a_person(session).identity_digest = identity_digest(NUMBER, key="k")
    session.flush()
    session.add(Person(name="同一人", identity_digest=identity_digest(NUMBER, key="k")))

    with pytest.raises(IntegrityError):
        session.flush()


def test_who_looked_at_what_is_kept(session, now):
    person = a_person(session)

    record_read(session, person_id=person.id, subject="case PAY-1", what="bundle", now=now, request_id="r1")

    row = session.scalars(select(Read)).one()
    assert (row.person_id, row.subject, row.what, row.at, row.request_id) == (
        person.id,
        "case PAY-1",
        "bundle",
        now,
        "r1",
    )


def test_what_was_read_cannot_be_unread(session, now):
    record_read(session, person_id=a_person(session).id, subject="case PAY-1", what="bundle", now=now)
    session.commit()
    session.scalars(select(Read)).one().what = "nothing"

    with pytest.raises(ProgrammingError):
        session.flush()
