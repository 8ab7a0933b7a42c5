"""A test client that looks at every page it fetches."""

from contextvars import Context
from html.parser import HTMLParser

from flask.testing import FlaskClient

from familydoc.extensions import db

VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)
FOREIGN = frozenset(["path", "rect", "circle", "line", "polyline", "polygon", "use"])


class Page(HTMLParser):
    """Collects what a page must have: balanced tags, one h1, unique ids, tokens, alt texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.title = ""
        self.h1: list[str] = []
        self.forms: list[dict[str, object]] = []
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"never closed: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._note(tag, given)
        if tag not in VOID and tag not in FOREIGN:
            self.open.append(tag)
        if tag == "h1":
            self.h1.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or tag in FOREIGN:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-3:]}")
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "title" in self.open and "svg" not in self.open:
            self.title += data
        if "h1" in self.open:
            self.h1[-1] += data

    def _note(self, tag: str, given: dict[str, str | None]) -> None:
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if "style" in given:
            self.faults.append(f"inline style on {tag}")
        if any(name.startswith("on") for name in given):
            self.faults.append(f"inline handler on {tag}")
        if tag == "img" and "alt" not in given:
            self.faults.append("img without alt")
        if tag == "form":
            self.forms.append({"method": (given.get("method") or "get").lower(), "token": False})
            if not given.get("action"):
                self.faults.append("form without action")
        if tag == "input" and given.get("name") == "csrf_token" and self.forms:
            self.forms[-1]["token"] = True
        if tag == "script" and not given.get("src") and given.get("type") != "application/json":
            self.faults.append("inline script")


def check_page(text: str, tokens: bool = True) -> None:
    """Fail with every fault of a whole page."""
    page = Page(text)
    faults = list(page.faults)
    if len(page.h1) != 1:
        faults.append(f"{len(page.h1)} h1")
    elif not page.title.strip().startswith(page.h1[0].strip()):
        faults.append(f"title {page.title!r} does not begin with h1 {page.h1[0]!r}")
    if len(page.ids) != len(set(page.ids)):
        faults.append(f"ids twice: {sorted({i for i in page.ids if page.ids.count(i) > 1})}")
    if tokens and any(form["method"] == "post" and not form["token"] for form in page.forms):
        faults.append("a POST form without token")
    assert not faults, faults


class StrictClient(FlaskClient):
    """Every HTML page is checked when it is fetched; 500 is never an answer.

    A request gets a context of its own, as on a server, and what the test read before is read
    again afterwards.
    """

    def open(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        response = Context().run(super().open, *args, **kwargs)
        db.session.rollback()
        db.session.expire_all()
        assert response.status_code != 500, response.text
        redirect = 300 <= response.status_code < 400
        page = response.mimetype == "text/html"  # photographs and workbooks are no text
        if page and not redirect and response.text.startswith("<!doctype"):
            check_page(response.text)
        return response
