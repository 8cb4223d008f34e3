"""An application that does nothing, under the product's own web server: what a page is measured beside (B12)."""

from flask import Flask

from app.web import serve

app = Flask(__name__)


@app.get("/")
def nothing() -> str:
    """Answer with nothing."""
    return ""


if __name__ == "__main__":
    serve("benchmarks.empty:app")
