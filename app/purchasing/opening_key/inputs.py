"""What does an opening officer hand in? A passphrase that nobody else ever learns."""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import Input, declaration_field, row_choice_field, secret_field, text_field
from app.cases.kinds import input_for


@input_for("opening_key", "enrol")
class EnrolKey(Input):
    """A passphrase for one's own key; a new key replaces the old one for calls to come."""

    office = row_choice_field(_l("Buyer"), "offices_to_open_for")
    passphrase = secret_field(
        _l("Passphrase for opening bids"),
        help=_l("At least 12 characters. It is kept nowhere: who forgets it cannot open bids."),
    )
    declaration = declaration_field(_l("I keep this passphrase to myself."))


@input_for("opening_key", "rehearse")
class RehearseKey(Input):
    """The officer's own passphrase, to show that it opens."""

    passphrase = secret_field(_l("Passphrase for opening bids"))


@input_for("opening_key", "retire")
class RetireKey(Input):
    """Why the key is no longer used, if the officer wants to say."""

    reason = text_field(_l("Reason"), max=500, required=False, example="岗位调整。")
