"""Which browser was that? In words a person recognises, from what the browser says of itself."""

from flask_babel import gettext as _

# The first that is named counts: most browsers also name those they descend from.
BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("QQBrowser", "QQ Browser"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str) -> str:
    """Return the browser and system a user agent names, as in 'Firefox · Windows'."""
    named = [
        next((words for sign, words in choices if sign in user_agent), None)
        for choices in (BROWSERS, SYSTEMS)
    ]
    return " · ".join(words for words in named if words) or _("Another program")
