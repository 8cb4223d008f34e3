"""What is said where a backup cannot be made or taken, before or instead of anything being written."""


class BackupRefused(RuntimeError):
    """It cannot be done; the message says why and what to do, in Chinese and English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
