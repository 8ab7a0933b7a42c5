"""The first day: schema, divisions of the county, the first administrator."""

import csv
import secrets
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import func, select

from familydoc.actions.accounts import add_account
from familydoc.actions.audit import record
from familydoc.actions.packages import seed_packages
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.organisations import Division, Organisation
from familydoc.rules.errors import RuleError
from familydoc.transaction import transaction

DIVISIONS = Path(__file__).resolve().parent.parent / "data" / "divisions_150124.csv"


def set_up(*, by: None, divisions: Path | None = None) -> dict[str, Any]:
    """Bring the schema up to date; on an empty database add places and an administrator."""
    upgrade()
    if db.session.execute(select(func.count()).select_from(Account)).scalar_one():
        return {"accounts": [], "counts": {}}
    rows = read_divisions(divisions or DIVISIONS)
    password = secrets.token_urlsafe(12) + "aA1"
    with transaction():
        county = add_places(by=by, rows=rows)
        add_centres(by=by, county=county)
        add_account(by=by, username="admin", password=password, role="administrator", at=county)
        packages = seed_packages(by=by)
    account = {"role": "administrator", "username": "admin", "password": password}
    return {"accounts": [account], "counts": {"divisions": len(rows), "packages": len(packages)}}


def read_divisions(path: Path) -> list[dict[str, str]]:
    """Give the rows of a divisions file; RuleError when a column or a parent is missing."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = {row.get("code") for row in rows}
    lengths = {"county": 6, "township": 9, "village": 12}
    for number, row in enumerate(rows, start=2):
        if lengths.get(row.get("level") or "") != len(row.get("code") or ""):
            raise RuleError("divisions_row", f"区划文件第 {number} 行的级别和代码不相符。")
        if row["level"] != "county" and row.get("parent_code") not in codes:
            raise RuleError("divisions_parent", f"区划文件第 {number} 行的上级代码不在文件里。")
    if sum(row["level"] == "county" for row in rows) != 1:
        raise RuleError("divisions_county", "区划文件要有且只有一个县。")
    return rows


def add_places(*, by: Account | None, rows: list[dict[str, str]]) -> Organisation:
    """Store the divisions and the county's organisation; give the latter."""
    order = ("county", "township", "village")
    for row in sorted(rows, key=lambda row: order.index(row["level"])):
        parent = row["parent_code"] if row["level"] != "county" else None
        db.session.add(
            Division(code=row["code"], level=row["level"], name=row["name"], parent_code=parent)
        )
        db.session.flush()
    top = next(row for row in rows if row["level"] == "county")
    county = Organisation(
        code=top["code"],
        name=f"{top['name']}卫生健康委员会",
        kind="county",
        division_code=top["code"],
    )
    db.session.add(county)
    db.session.flush()
    record(by=by, verb="set_up", entity="organisation", entity_id=county.id, divisions=len(rows))
    return county


def add_centres(*, by: Account | None, county: Organisation) -> None:
    """Add a centre for every township: a roster can be imported before anybody is appointed."""
    townships = db.session.scalars(select(Division).where(Division.level == "township"))
    for township in townships.all():
        db.session.add(
            Organisation(
                code=township.code,
                name=f"{township.name}卫生院",
                kind="township_centre",
                parent_id=county.id,
                division_code=township.code,
            )
        )
    db.session.flush()
    record(by=by, verb="add_centres", entity="organisation", entity_id=county.id)
