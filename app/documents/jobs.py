"""What does the worker do about papers? It removes files that no row came to name. Needs an app context."""

from app.clock import real_now
from app.documents.folder import documents_folder
from app.documents.sealed import sweep_sealed
from app.documents.store import sweep
from app.extensions import db


def sweep_store() -> None:
    """Remove files of uploads that broke off more than a day ago, and sealed papers that were never handed in."""
    sweep(db.session, folder=documents_folder(), now=real_now())
    sweep_sealed(db.session, folder=documents_folder(), now=real_now())
    db.session.commit()
