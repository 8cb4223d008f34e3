"""A browser without a screen: reads a page's forms, fills them as a person would, and sends them."""

import io
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient

from app.demo.building import one_page_pdf


@dataclass
class PageForm:
    """A form of a page: where it goes and what a browser would send of it untouched."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    radios: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


class Forms(HTMLParser):
    """All forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._form: PageForm | None = None
        self._select: str | None = None
        self._chosen: str | None = None
        self._option: tuple[str, bool] | None = None
        self._area: str | None = None
        self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters of a tag."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = PageForm(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            self._input(name, given)
        elif tag == "textarea":
            self._area, self._text = name, ""
        elif tag == "select":
            self._select, self._chosen = name, None
            self._form.names.add(name)
            self._form.options[name] = []
        elif tag == "option" and self._select is not None:
            self._option, self._text = (given.get("value", ""), "selected" in given), ""

    def _input(self, name: str, given: dict[str, str]) -> None:
        assert self._form is not None
        self._form.names.add(name)
        kind, value = given.get("type", "text"), given.get("value", "")
        if kind == "radio":
            self._form.radios.setdefault(name, []).append(value)
        if kind in ("radio", "checkbox"):
            if "checked" in given:
                self._form.values.append((name, value or "on"))
        elif kind not in ("file", "submit", "button"):
            self._form.values.append((name, value))

    def handle_data(self, data: str) -> None:
        """Collect the text of a textarea or an option."""
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        """Close what was open."""
        if self._form is None:
            return
        if tag == "textarea" and self._area is not None:
            self._form.names.add(self._area)
            self._form.values.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        elif tag == "option" and self._select is not None and self._option is not None:
            value, chosen = self._option
            self._form.options[self._select].append((value, self._text.strip()))
            if chosen or self._chosen is None:
                self._chosen = value
            self._option = None
        elif tag == "select" and self._select is not None:
            if self._chosen is not None:
                self._form.values.append((self._select, self._chosen))
            self._select = None
        elif tag == "form":
            self._form = None


def form_on(page: str, action: str) -> PageForm:
    """Return the form of a page that posts to an address beginning with `action`."""
    found = [f for f in Forms(page).forms if f.method == "post" and f.action.startswith(action)]
    assert found, f"no form on the page goes to {action}"
    return found[0]


@dataclass
class Person:
    """Somebody at a browser."""

    client: FlaskClient

    def see(self, address: str, status: int = 200) -> str:
        """Open a page and read it."""
        answer = self.client.get(address)
        assert answer.status_code == status, (address, answer.status_code)
        return answer.get_data(as_text=True)

    def send(self, address: str, form: PageForm, *, status: int = 303, files: Any = (), **typed: Any) -> Any:
        """Send a form of a page with what was typed; a name that the page does not have is an error."""
        assert not {name for name in typed if name not in form.names and not name.startswith("_")}, typed
        data: dict[str, Any] = {}
        for name, value in form.values:
            data.setdefault(name, []).append(value)
        data.update({name: value for name, value in typed.items() if value is not None})
        for name in files:
            assert name in form.names, name
            data[name] = (io.BytesIO(one_page_pdf(name)), f"{name}.pdf")
        answer = self.client.post(form.action or address, data=data)
        assert answer.status_code == status, (address, answer.status_code, errors_on(answer.text))
        return answer

    def fill(self, address: str, *, status: int = 303, files: Any = (), **typed: Any) -> Any:
        """Open a page with a form of its own, fill it and send it."""
        page = self.see(address)
        return self.send(address, form_on(page, address.partition("?")[0]), status=status, files=files, **typed)

    def decide(self, number: str, trigger: str, *, status: int = 303, **typed: Any) -> Any:
        """Choose a move in the panel of a case and press the button."""
        page = self.see(f"/cases/{number}")
        form = form_on(page, f"/cases/{number}")
        assert trigger in form.radios.get("trigger", []), f"{trigger} is not offered"
        named = {f"{trigger}-{name}": value for name, value in typed.items()}
        form.names.add("trigger")
        return self.send(f"/cases/{number}", form, status=status, **named, **{"trigger": trigger})

    def offered(self, number: str) -> list[str]:
        """Return the moves that the panel of a case offers."""
        page = self.see(f"/cases/{number}")
        found = [f for f in Forms(page).forms if f.method == "post" and f.action == f"/cases/{number}"]
        return found[0].radios.get("trigger", []) if found else []


def errors_on(page: str) -> str:
    """Return the summary of mistakes of a page, for the message of a failed test."""
    start = page.find('class="c-errors"')
    return page[start:page.find("</div>", start)] if start >= 0 else page[:300]
