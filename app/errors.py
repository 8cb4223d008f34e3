"""What can go wrong that the world may be told of? Every such error has a status, a code and a next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l


class Problem(Exception):
    """Something the world said no to. `status` is HTTP's, `code` is stable, `detail` says what to do next."""

    status = 400
    code = "bad_request"
    title: Any = _l("The request cannot be answered")

    def __init__(self, detail: Any = "", *, reasons: Sequence[dict[str, str]] = (), **more: Any) -> None:
        super().__init__(str(self.code))
        self.detail = detail
        self.reasons = list(reasons)
        self.more = more


class InvalidInput(Problem):
    """The data does not fit the input of this move; `errors` maps fields to messages.

    `papers` are the messages among those of `documents` that ask for a paper, by the slot that is empty.
    """

    status = 422
    code = "invalid_input"
    title = _l("Some fields need correcting")

    def __init__(self, errors: dict[str, Any], *, papers: Mapping[str, str] | None = None) -> None:
        super().__init__(_l("Mend the fields named here and send again; nothing was lost."), errors=errors)
        self.errors = errors
        self.papers = dict(papers or {})


class StaleRevision(Problem):
    """The case was moved since it was looked at; `moves` says by what."""

    status = 409
    code = "stale_revision"
    title = _l("The case has moved meanwhile")

    def __init__(self, revision: int, state: str | None, moves: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(
            _l("Look at the case again: it has changed since you opened it."),
            revision=revision, state=state, moves=list(moves),
        )
        self.revision = revision
        self.moves = list(moves)


class CaseNotFound(Problem):
    """There is no such case, or the person may not know of it: the answer is the same."""

    status = 404
    code = "not_found"
    title = _l("Not found")

    def __init__(self) -> None:
        super().__init__(_l("Check the number, or ask whoever gave it to you."))


class MoveRefused(Problem):
    """The person may see the case but not make this move; `reasons` say why."""

    status = 403
    code = "refused"
    title = _l("This move is not possible")

    def __init__(self, reasons: Sequence[dict[str, str]]) -> None:
        super().__init__(_l("Read the reasons; they say what has to happen first."), reasons=reasons)


class KeyReused(Problem):
    """The idempotency key was used before with another request."""

    status = 422
    code = "key_reused"
    title = _l("This key belongs to another request")

    def __init__(self) -> None:
        super().__init__(_l("Send a new Idempotency-Key for a new request."))


class KeyMissing(Problem):
    """A POST of the API came without an Idempotency-Key."""

    status = 400
    code = "key_missing"
    title = _l("The Idempotency-Key is missing")

    def __init__(self) -> None:
        super().__init__(_l("Send a header Idempotency-Key with a fresh random value."))


class TryAgain(Problem):
    """Nothing was changed and nothing is wrong with the request: the same request may be sent again."""

    status = 503
    code = "try_again"
    title = _l("Not possible at this moment")

    def __init__(self, detail: Any = "", retry_after: int = 5) -> None:
        super().__init__(detail or _l("Send the same request again in a moment."))
        self.retry_after = retry_after


@dataclass(frozen=True)
class Answer:
    """What an accepted move returns: where the case stands now, and the receipt that proves the move."""

    number: str
    state: str
    revision: int
    receipt: str
    replayed: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the answer as the API sends it."""
        return {"number": self.number, "state": self.state, "revision": self.revision, "receipt": self.receipt}
