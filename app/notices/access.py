"""Which words does a notice of somebody's access have? It is of no case: what it says was written with it."""

from collections.abc import Mapping
from typing import Any

from app.notices.templates import NoticeTemplate
from workflows.definition import Text

HREF = "/account"
"""Where its reader looks: what they hold, and where they end sessions."""
PLACEHOLDERS = ("role", "place", "by", "from", "until", "login", "code")

_ALL = (
    NoticeTemplate(
        "role_given",
        Text("获得角色：%(role)s", "A role for you: %(role)s"),
        Text(
            "%(by)s授予您角色：%(role)s（%(place)s），自%(from)s起有效。下次打开页面即可使用；如有疑问，请联系管理员。",
            "%(by)s gave you the role %(role)s (%(place)s), from %(from)s on. It counts with the next page you open;"
            " if it surprises you, ask an administrator.",
        ),
    ),
    NoticeTemplate(
        "role_ended",
        Text("角色已终止：%(role)s", "A role of yours has ended: %(role)s"),
        Text(
            "%(by)s已终止您的角色：%(role)s（%(place)s），自%(until)s起不再有效。您办理过的事项仍有记录；如有疑问，请联系管理员。",
            "%(by)s ended your role %(role)s (%(place)s); from %(until)s it no longer counts. What you did stays on"
            " record; if it surprises you, ask an administrator.",
        ),
    ),
    NoticeTemplate(
        "role_to_give",
        Text("请授予角色：%(role)s（%(place)s）", "A role to give: %(role)s (%(place)s)"),
        Text(
            "%(by)s准予变更：%(place)s（%(code)s）换了%(role)s，原任的角色已经终止。新任的还没有为该单位登录的账号：请在“人员与角色”中邀请，"
            "或者授予其已有的账号，地点填写该单位的统一社会信用代码。",
            "As %(by)s decided, %(place)s (%(code)s) has a new holder of the role %(role)s; that of the one before has"
            " ended. The new one does not sign in for it yet: invite them on the page People and roles, or give their"
            " account the role; as place write the organization's unified social credit code.",
        ),
    ),
    NoticeTemplate(
        "password_link_issued",
        Text("已为您的账号签发重设密码链接：%(login)s", "A link for a new password was issued: %(login)s"),
        Text(
            "%(by)s为您的账号%(login)s签发了重设密码的链接，%(until)s前有效，只能使用一次。原密码在链接使用前仍然有效。"
            "如果不是您要求的，请立即联系管理员停用该账号，并修改密码。",
            "%(by)s issued a link to set a new password for your account %(login)s. It works once, until %(until)s;"
            " until then your password stays as it is. If you did not ask for it, tell an administrator at once and"
            " change your password, which ends the link.",
        ),
    ),
)

TEMPLATES: Mapping[str, NoticeTemplate] = {template.name: template for template in _ALL}


def told_words(template: str, told: Mapping[str, Any], locale: str) -> tuple[str, str]:
    """Return subject and body of a notice of access, in the language of `locale`."""
    language = "zh" if locale.startswith("zh") else "en"
    words = {name: value[language] if isinstance(value, dict) else str(value) for name, value in told.items()}
    return TEMPLATES[template].written(words, locale)
