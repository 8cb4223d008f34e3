"""What do people type to come in, and what do administrators type to let others in?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from app.access.passwords import LONGEST, SHORTEST
from app.access.roles import ROLES
from app.language import localized

FILL_IN = _l("Fill this in.")
TYPED_TWICE = _l("The two do not agree. Type it twice the same way.")
PASSWORD_RULE = _l(
    "%(least)s to %(most)s characters. Long is better than complicated.", least=SHORTEST, most=LONGEST
)


class SignInForm(FlaskForm):
    """Login and password; `next` is where the person wanted to go."""

    login = StringField(_l("Login"), [InputRequired(FILL_IN), Length(max=200)])
    password = PasswordField(_l("Password"), [InputRequired(FILL_IN)])
    next = HiddenField()

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.login.autocomplete = "username"


class AcceptForm(FlaskForm):
    """What an invited person says of themselves. The password's rules are checked with the account."""

    name = StringField(_l("Your name"), [InputRequired(FILL_IN), Length(max=80)])
    login = StringField(
        _l("Login"),
        [InputRequired(FILL_IN), Length(max=64)],
        description=_l("3 to 64 letters, digits, dots, hyphens or @. It is not shown to the public."),
    )
    password = PasswordField(_l("Password"), [InputRequired(FILL_IN)], description=PASSWORD_RULE)
    again = PasswordField(_l("Password again"), [InputRequired(FILL_IN), EqualTo("password", TYPED_TWICE)])

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.name.autocomplete, self.login.autocomplete = "name", "username"
        self.password.autocomplete = self.again.autocomplete = "new-password"


class NewPasswordForm(FlaskForm):
    """A new password twice, of somebody who came by a link."""

    new = PasswordField(_l("New password"), [InputRequired(FILL_IN)], description=PASSWORD_RULE)
    again = PasswordField(_l("New password again"), [InputRequired(FILL_IN), EqualTo("new", TYPED_TWICE)])

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.new.autocomplete = self.again.autocomplete = "new-password"


class PasswordForm(FlaskForm):
    """The old password, and the new one twice."""

    current = PasswordField(_l("Current password"), [InputRequired(FILL_IN)])
    new = PasswordField(_l("New password"), [InputRequired(FILL_IN)], description=PASSWORD_RULE)
    again = PasswordField(_l("New password again"), [InputRequired(FILL_IN), EqualTo("new", TYPED_TWICE)])

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.new.autocomplete = self.again.autocomplete = "new-password"


class TokenForm(FlaskForm):
    """A token for a program."""

    name = StringField(
        _l("What is it for?"),
        [InputRequired(FILL_IN), Length(max=80)],
        description=_l("It may do all that you may, and ends after 90 days."),
    )


class RoleForm(FlaskForm):
    """A role on a node, named by its code."""

    role = SelectField(_l("Role"), [InputRequired(FILL_IN)])
    place = StringField(
        _l("Place or organization"),
        [InputRequired(FILL_IN), Length(max=40)],
        description=_l("The code of a division, or the credit code of an organization."),
    )

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.role.choices = [SelectChoice(role.code, localized(role.title)) for role in ROLES.values()]


class InviteForm(RoleForm):
    """A role for somebody who has no account yet."""

    email = StringField(_l("Mail address"), [Optional(), Length(max=200)])


class GrantForm(RoleForm):
    """A role for somebody who has an account already, from today until a day or for good."""

    login = StringField(_l("Login of the person"), [InputRequired(FILL_IN), Length(max=200)])
    to_on = DateField(_l("Ends on (that day no longer counts)"), [Optional()])


def problems_of(form: FlaskForm) -> list[tuple[str, str]]:
    """Return what must be mended, as (anchor of the field, words), in the order of the fields."""
    return [
        (field.id, str(words)) for field in form if field.type != "CSRFTokenField" for words in field.errors
    ]
