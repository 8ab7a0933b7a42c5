"""How dates, names and codes look in a template."""

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path

from flask import Flask, current_app, url_for

from familydoc import clock
from familydoc.labels import word
from familydoc.rules.dates import age_on
from familydoc.rules.identity import mask_identity, mask_name, mask_phone
from familydoc.rules.programmes import load_programmes
from familydoc.web.access import viewer
from familydoc.web.find import row_address

WEEKDAYS = "一二三四五六日"


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        day=day,
        short_day=short_day,
        weekday=weekday,
        moment=moment,
        age=age,
        mask_name=mask_name,
        mask_identity=mask_identity,
        mask_phone=mask_phone,
        count=count,
    )
    app.jinja_env.globals.update(word=word, asset=asset, today=clock.today, viewer=viewer)
    app.jinja_env.globals.update(row_address=row_address, kind_word=kind_word)


def kind_word(programme: str, kind: str) -> str:
    """Give what a kind of task is called in a programme: 健康体检 for an old person's exam."""
    known = load_programmes().get(programme)
    plain = word("task_kind", kind)
    return known.kind_word(kind, plain) if known else plain


def day(value: date | None) -> str:
    """2026年11月21日"""
    return f"{value.year}年{value.month}月{value.day}日" if value else ""


def short_day(value: date | None) -> str:
    """11月21日, with the year when it is another one."""
    if value is None:
        return ""
    if value.year != clock.today().year:
        return day(value)
    return f"{value.month}月{value.day}日"


def weekday(value: date) -> str:
    return f"星期{WEEKDAYS[value.weekday()]}"


def moment(value: datetime | None) -> str:
    """11月21日 09:30, on Shanghai's clock."""
    if value is None:
        return ""
    here = clock.local(value)
    return f"{short_day(here.date())} {here:%H:%M}"


def age(birth: date) -> str:
    """Completed years today; months for an infant."""
    today = clock.today()
    years = age_on(birth, today)
    if years > 0:
        return f"{years}岁"
    months = (today.year - birth.year) * 12 + today.month - birth.month - (today.day < birth.day)
    return f"{months}个月"


def count(value: int) -> str:
    """60,732"""
    return f"{value:,}"


def asset(name: str) -> str:
    """Give a static file's address with the mark of its content, so that it may be cached."""
    return url_for("static", filename=name, v=_mark(str(current_app.static_folder), name))


@cache
def _mark(folder: str, name: str) -> str:
    return hashlib.sha256(Path(folder, name).read_bytes()).hexdigest()[:10]
