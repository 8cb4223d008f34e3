"""What does every response tell the browser it must not do?"""

from flask import Response, g, request

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
A_YEAR = "max-age=31536000; includeSubDomains"


def add_headers(response: Response) -> Response:
    """Add what is missing; a view that says something stricter of its own keeps it."""
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", A_YEAR)
    # What somebody saw while signed in must not come back from a cache after they left; nor a secret link.
    if getattr(g, "actor", None) is not None or getattr(g, "keep_nowhere", False):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
