"""The Flask extensions that every part of the app shares, made without an app."""

from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from app.sessions import KeepingSession


class Base(DeclarativeBase):
    """Every table of Shuniu; constraints are named by one convention so that errors can be read."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


db = SQLAlchemy(
    model_class=Base, session_options={"class_": KeepingSession, "autoflush": True, "expire_on_commit": True}
)
babel = Babel()
csrf = CSRFProtect()
