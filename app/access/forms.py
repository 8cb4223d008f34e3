"""What do people type to come in, and what do administrators type to let others in?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.access.passwords import LONGEST, SHORTEST
from app.access.roles import ROLES
from app.language import localized

FILL_IN = _l("Fill this in.")


class SignInForm(FlaskForm):
    """Login and password; `next` is where the person wanted to go."""

    login = StringField(_l("Login"), [InputRequired(FILL_IN), Length(max=200)])
    password = PasswordField(_l("Password"), [InputRequired(FILL_IN)])
    next = HiddenField()


class AcceptForm(FlaskForm):
    """What an invited person says of themselves. The password's rules are checked with the account."""

    name = StringField(_l("Your name"), [InputRequired(FILL_IN), Length(max=80)])
    login = StringField(
        _l("Login"),
        [InputRequired(FILL_IN), Length(max=64)],
        description=_l("3 to 64 letters, digits, dots, hyphens or @. It is not shown to the public."),
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(FILL_IN)],
        description=_l(
            "%(least)s to %(most)s characters. Long is better than complicated.", least=SHORTEST, most=LONGEST
        ),
    )


class PasswordForm(FlaskForm):
    """The old password and the new one."""

    current = PasswordField(_l("Current password"), [InputRequired(FILL_IN)])
    new = PasswordField(_l("New password"), [InputRequired(FILL_IN)])


class RoleForm(FlaskForm):
    """A role on a node, named by its code, until a day or for good."""

    role = SelectField(_l("Role"), [InputRequired(FILL_IN)])
    node = StringField(
        _l("Place"),
        [InputRequired(FILL_IN), Length(max=40)],
        description=_l("The code of a division, or the credit code of an organization."),
    )

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.role.choices = [(role.code, localized(role.title)) for role in ROLES.values()]


class GrantForm(RoleForm):
    """A role for somebody who has an account already."""

    until = DateField(_l("Until, and not on"), [Optional()])


class InviteForm(RoleForm):
    """A role for somebody who has no account yet."""

    email = StringField(_l("Mail address"), [Optional(), Length(max=200)])
