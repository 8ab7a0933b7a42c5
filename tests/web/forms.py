"""The POST forms that stand in a page, with what they would send if somebody pressed the button."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """Where a form goes and what it holds; a field that is empty holds ''."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.form: Form | None = None
        self.select = ""
        self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            post = given.get("method", "").lower() == "post"
            self.form = Form(given.get("action", "")) if post else None
            if self.form:
                self.forms.append(self.form)
        if self.form is None:
            return
        if tag == "input":
            self._input(self.form, given)
        elif tag == "select":
            self.select = given.get("name", "")
        elif tag == "option" and self.select:
            self._option(self.form, given)
        elif tag == "textarea":
            self.area = given.get("name", "")
            self.form.fields[self.area] = ""
            self.form.texts.add(self.area)
        elif tag == "button" and given.get("name"):
            self.form.fields.setdefault(given["name"], given.get("value", ""))

    def _input(self, form: Form, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if not name or name == "csrf_token" or kind == "file":
            return
        if kind in ("radio", "checkbox"):
            # Nothing is preset on purpose: the first choice stands for whatever is pressed.
            if "checked" in dict(given) or (kind == "radio" and name not in form.fields):
                form.fields[name] = given.get("value", "y")
            return
        form.fields[name] = given.get("value", "")
        if kind not in ("hidden", "password"):
            form.texts.add(name)

    def _option(self, form: Form, given: dict[str, str]) -> None:
        # The first real choice stands in where none is selected.
        if "selected" in given or not form.fields.get(self.select):
            form.fields[self.select] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.form and self.area:
            self.form.fields[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""


def post_forms(page: str) -> list[Form]:
    """Give every POST form of a page."""
    reader = _Reader()
    reader.feed(page)
    return [form for form in reader.forms if form.action and not form.action.startswith("#")]
