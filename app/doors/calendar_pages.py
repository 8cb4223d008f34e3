"""The calendar of deadlines (期限日历): a month, a list with what is overdue first, and a file for one's own calendar.

Every clock stands here with the law it comes from, statutory and promised apart; days off and make-up days are those
by which the clocks are counted.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.access.declare import allow
from app.access.roles import ROLES
from app.cases.deadlines import COUNTED_TO, Choice, OpenClock, clocks_by_day, count_overdue, last_day, open_clocks
from app.cases.titles import title_of_case
from app.doors.caller import actor, held, now, today
from app.doors.case_json import cite
from app.doors.icalendar import Event, calendar_file
from app.doors.list_pages import kind_titles
from app.doors.markup import due_words
from app.extensions import db
from app.formats import MONTHS, day, language
from app.language import localized
from workflows.loader import library
from workflows.policy import PolicyNumber
from workflows.rules.working_days import holiday_of, months_on, official_calendar

blueprint = Blueprint("calendar", __name__)
ROWS = 50
A_DAY_SHOWS = 3
MOST_IN_A_FILE = 1000
WEEK = timedelta(days=7)
FIRST_YEAR, LAST_YEAR = 2004, 2100


def register(app: Flask) -> None:
    """Add the calendar."""
    app.register_blueprint(blueprint)


@blueprint.get("/calendar")
@allow("signed_in")
def month_page() -> str:
    """Show a month of deadlines. The same few queries however many there are."""
    choice, first = _choice(), _month()
    start = first - timedelta(days=first.weekday())
    weeks = ((months_on(first, 1) - start).days + 6) // 7
    found = clocks_by_day(
        db.session, held(), _me(), choice, first=start, days=weeks * 7, most=A_DAY_SHOWS
    )
    late = count_overdue(db.session, held(), _me(), choice, now())
    return render_template(
        "pages/calendar.html", views=_views("month"), filters=_filters("/calendar"), overdue=_overdue(late),
        month={
            "title": month_title(first),
            "previous": _address("/calendar", month=_named(first - timedelta(days=1))),
            "next": _address("/calendar", month=_named(months_on(first, 1))),
            "now": _address("/calendar"),
            "provisional": not official_calendar().published(first.year),
        },
        weekdays=_weekdays(), busy=bool(found),
        weeks=[
            [_day(start + WEEK * week + timedelta(days=n), first, found) for n in range(7)] for week in range(weeks)
        ],
        file_href=_address("/calendar.ics"), count="",
    )


@blueprint.get("/calendar/list")
@allow("signed_in")
def list_page() -> str:
    """Show the deadlines by key, what is overdue longest first; of one day when a day is chosen."""
    on = _date(request.args.get("on"))
    page = open_clocks(
        db.session, held(), _me(), _choice(), on=on, after=request.args.get("after"), limit=ROWS
    )
    here = _address("/calendar/list", on=on.isoformat() if on else None)
    return render_template(
        "pages/calendar_list.html", views=_views("list"), filters=_filters("/calendar/list", on),
        groups=_groups(page.rows), on=on, unverified=any(not _number(row).verified for row in page.rows),
        count=ngettext("%(num)d deadline", "%(num)d deadlines", len(page.rows)),
        pages={
            "words": "", "previous": here if request.args.get("after") else None,
            "next": f"{here}{'&' if '?' in here else '?'}{urlencode({'after': page.after})}" if page.after else None,
        },
        file_href=_address("/calendar.ics"), most=MOST_IN_A_FILE,
    )


@blueprint.get("/calendar.ics")
@allow("signed_in")
def file() -> Response:
    """Send the next deadlines as a file for one's own calendar; what is not due before them is left for later."""
    rows = open_clocks(db.session, held(), _me(), _choice(), limit=MOST_IN_A_FILE).rows
    lines = b"".join(calendar_file(_("Deadlines · Shuniu"), _events(rows), now()))
    headers = {"Content-Disposition": 'attachment; filename="deadlines.ics"', "Cache-Control": "no-store"}
    return Response(lines, content_type="text/calendar; charset=utf-8", headers=headers)


def month_title(month: date) -> str:
    """Return a month with its year, as the reader writes it."""
    return f"{month.year} 年 {month.month} 月" if language() == "zh" else f"{MONTHS[month.month - 1]} {month.year}"


def shown(clock: OpenClock) -> dict[str, Any]:
    """Return a deadline as the templates show it: its name, its case, whom it waits for, and the law it comes from."""
    number = _number(clock)
    paused = clock.paused_since is not None
    role = ROLES.get(clock.waits_role or "")
    return {
        "title": localized(number.title), "number": clock.number, "href": f"/cases/{clock.number}",
        "subject": title_of_case(clock), "kind_title": kind_titles().get(clock.kind, clock.kind),
        "organization": clock.organization_name, "place": clock.place(language()),
        "waits_for": localized(role.title) if role else _("nobody"),
        "cite": cite(number), "source": localized(number.source),
        "verified": number.verified,
        "promised": clock.promised, "provisional": clock.provisional,
        "paused": _("paused since %(day)s", day=day(clock.paused_since, "short")) if clock.paused_since else None,
        "late": not paused and clock.due_at <= now(),
        "on": last_day(clock.due_at),
        "due": due_words(clock.due_at, now(), official_calendar(), paused=paused, provisional=clock.provisional),
        "tone": "late" if not paused and clock.due_at <= now() else "",
    }


def _number(clock: OpenClock) -> PolicyNumber:
    return library().policy_pinned(clock.policy).number(clock.name)


def _events(rows: list[OpenClock]) -> Iterator[Event]:
    for clock in rows:
        each = shown(clock)
        marks = [_("promised") if each["promised"] else _("statutory or set by rule"),
                 _("provisional: the holidays of that year are not published") if each["provisional"] else None,
                 each["paused"]]
        yield Event(
            uid=f"{clock.number}.{clock.name}.{clock.run}@{request.host}", day=each["on"],
            title=f"{each['title']} · {each['subject']}",
            words="\n".join(filter(None, [
                f"{each['kind_title']} {clock.number}", _("Waits for %(who)s.", who=each["waits_for"]),
                each["cite"], *marks,
            ])),
            url=f"{request.host_url}cases/{clock.number}",
        )


def _groups(rows: list[OpenClock]) -> list[dict[str, Any]]:
    heads = {"late": (_("Overdue"), "red"), "today": (_("Due today"), "amber"), "week": (_("Within seven days"), ""),
             "later": (_("Later"), "")}
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in map(shown, rows):
        ahead = (each["on"] - today()).days
        name = "late" if each["late"] else "today" if ahead <= 0 else "week" if ahead <= WEEK.days else "later"
        groups.setdefault(name, []).append(each)
    return [
        {"title": title, "note": str(len(groups[name])), "tone": tone, "rows": groups[name]}
        for name, (title, tone) in heads.items() if name in groups
    ]


def _day(on: date, month: date, found: dict[date, list[OpenClock]]) -> dict[str, Any]:
    clocks = found.get(on, [])
    calendar = official_calendar()
    worked, named = calendar.is_working_day(on), holiday_of(on)
    mark = None
    if worked and on.weekday() >= 5:
        mark = _("make-up working day")
    elif not worked and named:
        mark = named[0] if language() == "zh" else named[1]
    outside = on.month != month.month
    return {
        "bare": outside or not (clocks or mark or on == today()),
        "on": on, "number": on.day, "words": day(on), "outside": outside, "today": on == today(),
        "free": not worked, "mark": mark, "clocks": [shown(clock) for clock in clocks[:A_DAY_SHOWS]],
        "more": _address("/calendar/list", on=on.isoformat()) if len(clocks) > A_DAY_SHOWS else None,
    }


def _weekdays() -> list[dict[str, str]]:
    short = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
    return [{"title": each} for each in short]


def _choice() -> Choice:
    which = {"promised": True, "statutory": False}.get(request.args.get("which", ""))
    kind = request.args.get("kind", "")
    return Choice(kind if kind in kind_titles() else None, request.args.get("own") == "1", which)


def _overdue(late: int) -> dict[str, str] | None:
    if not late:
        return None
    many = f"{COUNTED_TO}+" if late > COUNTED_TO else str(late)
    return {"words": _("%(n)s deadlines are overdue.", n=many), "href": _address("/calendar/list")}


def _views(current: str) -> list[dict[str, Any]]:
    named = (("month", _("Month"), "/calendar"), ("list", _("List"), "/calendar/list"))
    return [{"title": title, "href": _address(href), "count": None, "current": name == current}
            for name, title, href in named]


def _filters(address: str, on: date | None = None) -> dict[str, Any]:
    kind, own, which = (request.args.get(name, "") for name in ("kind", "own", "which"))
    options = [("", _("All kinds")), *kind_titles().items()]
    keep = [(name, request.args[name]) for name in ("month", "on") if request.args.get(name)]
    chips = [{"title": title, "href": _address(address, **{name: None})} for name, title in _chosen(kind, own, which)]
    if on is not None:
        chips.append({"title": day(on), "href": _address(address)})
    return {
        "action": address, "search": None,
        "selects": [
            {"name": "kind", "label": _("Kind"), "value": kind, "options": options},
            {"name": "own", "label": _("Whose"), "value": own,
             "options": [("", _("All I may see")), ("1", _("What waits for me"))]},
            {"name": "which", "label": _("Deadlines"), "value": which,
             "options": [("", _("All deadlines")), ("statutory", _("By law or rule")), ("promised", _("Promised"))]},
        ],
        "dates": [], "sort": None, "keep": keep, "chips": chips, "clear": address if chips else None,
    }


def _chosen(kind: str, own: str, which: str) -> Iterator[tuple[str, str]]:
    if kind in kind_titles():
        yield "kind", kind_titles()[kind]
    if own == "1":
        yield "own", _("What waits for me")
    if which in ("promised", "statutory"):
        yield "which", _("Promised") if which == "promised" else _("By law or rule")


def _address(path: str, **changed: str | None) -> str:
    """Return an address with the filters as they are, but for what is changed."""
    kept: dict[str, str | None] = {name: request.args.get(name) for name in ("kind", "own", "which")}
    query = urlencode({name: value for name, value in (kept | changed).items() if value})
    return f"{path}?{query}" if query else path


def _month() -> date:
    """Return the first day of the month that was asked for, else of this one."""
    return _date(f"{request.args.get('month', '')}-01") or today().replace(day=1)


def _named(month: date) -> str:
    return f"{month:%Y-%m}"


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def _me() -> int:
    return actor().person_id or 0
