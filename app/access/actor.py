"""Who acts? The person behind a request, as the domain is told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person signed in with one of their accounts. Rights are looked up by person, never by account.

    `person_id` and `account_id` are None for the system itself, which acts when a clock is due.
    """

    person_id: int | None
    account_id: int | None
    name: str
    locale: str = "zh_Hans_CN"
    request_id: str = ""

    @property
    def is_system(self) -> bool:
        """Tell whether no person acts."""
        return self.person_id is None
