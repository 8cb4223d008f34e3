"""How much of a personal value may stand on a page? Enough to recognise it, too little to use it."""

HIDDEN = "*"


def mask_name(name: str) -> str:
    """Return the family name with the rest hidden: 张** for 张小明."""
    name = name.strip()
    return name[:1] + HIDDEN * max(len(name) - 1, 1) if name else ""


def mask_phone(number: str) -> str:
    """Return the first three and last four digits of a phone number: 138****5678."""
    return _middle_hidden(number, first=3, last=4)


def mask_identity_number(number: str) -> str:
    """Return the province and city digits and the last two characters of an identity number."""
    return _middle_hidden(number, first=4, last=2)


def mask_account_number(number: str) -> str:
    """Return the last four digits of a bank account number, with a sign for each one hidden before them."""
    return _middle_hidden(number, first=0, last=4)


def mask_email(address: str) -> str:
    """Return the first letter and the domain of a mail address: z****@example.org."""
    local, at, domain = address.strip().partition("@")
    return f"{local[:1]}{HIDDEN * 4}{at}{domain}" if at else _middle_hidden(address, first=1, last=0)


def _middle_hidden(value: str, *, first: int, last: int) -> str:
    value = "".join(value.split())
    # A value hardly longer than what would be shown is hidden whole.
    if len(value) < first + last + 3:
        return HIDDEN * len(value)
    return value[:first] + HIDDEN * (len(value) - first - last) + value[len(value) - last :]
