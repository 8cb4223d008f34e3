"""Bring the catalogues up to what the code says: `.venv/bin/python -m app.translations`.

Then fill in what is empty in messages.po; tests/whole/test_translations.py fails while anything is. Nothing need be
compiled: the application does that at its start (app/features.py).
"""

from app.translations.catalogue import update

if __name__ == "__main__":
    update()
