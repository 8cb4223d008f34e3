"""What does the worker do about papers? It removes files that no row came to name."""

from sqlalchemy.orm import Session

from app.clock import real_now
from app.database.jobs import PeriodicJob
from app.documents.folder import documents_folder
from app.documents.store import sweep


def sweep_store(session: Session) -> None:
    """Remove files of uploads that broke off more than a day ago."""
    sweep(session, folder=documents_folder(), now=real_now())


JOBS = (PeriodicJob("sweep_documents", 1800, sweep_store),)
