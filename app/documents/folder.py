"""Where does this app keep papers, and what stands on those it issues? Read from the app's settings."""

from pathlib import Path

from flask import current_app

from app.documents.letters import Head


def documents_folder() -> Path:
    """Return the folder of the store."""
    return Path(current_app.config["DOCUMENTS"])


def letterhead(*, authority: str, document_number: str, case_number: str, sequence: int) -> Head:
    """Return the head of a paper: marked unless in production, checkable where PUBLIC_URL is set."""
    public_url = str(current_app.config.get("PUBLIC_URL") or "").rstrip("/")
    return Head(
        authority=authority,
        document_number=document_number,
        case_number=case_number,
        sequence=sequence,
        verify_base=f"{public_url}/verify/" if public_url else "",
        demo=current_app.config["ENVIRONMENT"] != "production",
    )
