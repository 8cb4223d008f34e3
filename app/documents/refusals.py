"""Why may a file not come in? One typed error that names the limit and what to do."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.errors import Problem


class UploadRefused(Problem):
    """A file that is not taken: `code` is stable, `detail` names limit and way out; nothing was kept."""

    status = 422
    title = _l("The file was not taken")

    def __init__(self, code: str, detail: Any, *, status: int = 422) -> None:
        super().__init__(detail, reasons=[{"code": code, "message": detail}])
        self.code = code
        self.status = status
        self.args = (code,)


def megabytes(size: int) -> str:
    """Return a byte count as people read limits, such as '20'."""
    return f"{size / (1024 * 1024):g}"
