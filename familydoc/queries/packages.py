"""Reads of service packages."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from familydoc.extensions import db
from familydoc.models.contracts import ServicePackage


def list_packages() -> Sequence[ServicePackage]:
    """Give what can be signed today, the basic ones first: the newest version of each code."""
    newest = (
        select(ServicePackage.code, func.max(ServicePackage.version).label("version"))
        .group_by(ServicePackage.code)
        .subquery()
    )
    query = (
        select(ServicePackage)
        .join(
            newest,
            (newest.c.code == ServicePackage.code) & (newest.c.version == ServicePackage.version),
        )
        .where(ServicePackage.active)
        .options(selectinload(ServicePackage.items))
        .order_by(ServicePackage.kind, ServicePackage.id)
    )
    return db.session.scalars(query).all()


def pick_packages(ids: Collection[int]) -> list[ServicePackage]:
    """Give those of the packages on offer that were asked for."""
    return [package for package in list_packages() if package.id in ids]
