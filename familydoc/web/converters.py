"""What a row's name in an address may look like; anything else is a page that is not there."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map, UnicodeConverter


class Number(IntegerConverter):
    """Plain ASCII digits, and few enough for every database.

    Werkzeug's own takes full-width digits, and 2**63, which a database answers by breaking.
    """

    regex = "[0-9]{1,9}"


class Word(UnicodeConverter):
    """Text without control characters: PostgreSQL takes no NUL, not even to compare."""

    def __init__(self, url_map: Map, *args: Any, **options: Any) -> None:
        super().__init__(url_map, *args, **options)
        self.regex = self.regex.replace("[^/]", r"[^/\x00-\x1f\x7f]")


def init_app(app: Flask) -> None:
    app.url_map.converters.update(int=Number, default=Word, string=Word)
