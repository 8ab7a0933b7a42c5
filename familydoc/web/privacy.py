"""Who is looking: the own team reads a private programme's name, all others the discreet word."""

from collections.abc import Iterable

from flask import Flask, current_app, has_request_context, request
from flask_login import current_user

from familydoc.labels import word
from familydoc.rules import privacy

#: What stands in the place of what was found.
CONCEALED = "内容只有本人的团队能看"
#: The kinds of words a private name stands among.
NAMING = ("programme", "tag")


def init_app(app: Flask) -> None:
    """Make `word` in every template one that knows who is looking."""
    app.jinja_env.filters.update(sign=privacy.sign_of, merge_ticks=privacy.merge_ticks)
    app.jinja_env.filters.update(discreetly=discreetly)
    app.jinja_env.globals.update(
        word=shown_word, tag_words=tag_words, is_private=privacy.is_private
    )
    app.jinja_env.globals.update(knows_names=sees_names, discreet_word=privacy.discreet_word)
    app.jinja_env.globals.update(concealed=concealed, statistic_word=word)


def sees_names() -> bool:
    """Tell whether the reader is of the residents' own team; a public page has no such reader."""
    if not has_request_context() or request.endpoint is None:
        return False
    view = current_app.view_functions.get(request.endpoint)
    if getattr(view, "access", None) is None or not current_user.is_authenticated:
        return False
    return privacy.knows_names(current_user.account.role)


def shown_word(kind: str, code: object) -> str:
    """Give the word for a code as the viewer may read it."""
    if kind in NAMING and privacy.is_private(code):
        return privacy.word_for(kind, code, sees_names())
    return word(kind, code)


def concealed(code: object) -> bool:
    """Tell whether what was found in a programme is not for whoever looks."""
    return privacy.is_private(code) and not sees_names()


def discreetly(text: str) -> str:
    """Give a sentence with the names in it that the viewer may not read made discreet."""
    for code in () if sees_names() else privacy.private_codes():
        for kind in NAMING:
            discreet = privacy.discreet_word(kind, code)
            text = text.replace(word(kind, code), discreet).replace(f"{discreet}随访", discreet)
    return text


def tag_words(tags: Iterable[str]) -> tuple[str, ...]:
    """Give the words for a resident's groups as the viewer may read them, each once."""
    return privacy.words_for("tag", tags, sees_names())


def read_code(text: str) -> str:
    """Give the programme or group an address names, as far as the viewer may ask for it."""
    return privacy.code_of(text, sees_names())
