"""The catalogue of service packages a county begins with."""

from typing import NamedTuple

from sqlalchemy import select

from familydoc.actions.audit import record
from familydoc.models.accounts import Account
from familydoc.models.contracts import PackageItem, ServicePackage
from familydoc.transaction import transaction


class Seed(NamedTuple):
    """A package: code, name, kind, audience, yuan a year, the resident's share, its items."""

    code: str
    name: str
    kind: str
    audience: str
    price: int
    resident_pays: int
    items: tuple[tuple[str, int | None], ...]


# Prices are examples a county replaces: DOMAIN 2.7 knows one city's split of the basic fee (120
# yuan a year, 20 of them paid by the resident). How often: the national specification, third
# edition (four follow-ups and one examination a year for hypertension, diabetes; one examination
# for those of 65; the visits of children in their first year and of mothers), or the project's.
CATALOGUE = (
    Seed(
        "basic",
        "基础服务包",
        "basic",
        "",
        120,
        0,
        (
            ("建立健康档案，核对更新", 1),
            ("健康评估和指导", 1),
            ("常见病、多发病诊疗，用药指导", None),
            ("优先预约、优先转诊", None),
            ("健康咨询（电话或当面）", None),
            ("健康教育、预防接种等公共卫生服务", None),
        ),
    ),
    Seed(
        "hypertension",
        "高血压服务包",
        "personal",
        "hypertension",
        100,
        20,
        (
            ("面对面随访：测血压、问症状、指导用药和生活方式", 4),
            ("健康体检：血常规、肝肾功能、血脂、心电图", 1),
            ("血压不稳时加访、转诊和追踪", None),
            ("长期处方，送药上门", None),
        ),
    ),
    Seed(
        "diabetes",
        "糖尿病服务包",
        "personal",
        "diabetes",
        140,
        30,
        (
            ("面对面随访：测空腹血糖、血压，查足背动脉，指导用药和饮食", 4),
            ("糖化血红蛋白检测", 2),
            ("健康体检：肝肾功能、血脂、尿常规、心电图", 1),
            ("眼底和足部检查转诊", 1),
            ("长期处方，送药上门", None),
        ),
    ),
    Seed(
        "elderly",
        "老年人服务包",
        "personal",
        "elderly",
        80,
        0,
        (
            ("健康体检：血常规、尿常规、肝肾功能、血糖、血脂、心电图、腹部B超", 1),
            ("生活自理能力、认知和情感评估", 1),
            ("中医体质辨识和保健指导", 1),
            ("行动不便的上门服务", None),
        ),
    ),
    Seed(
        "child",
        "儿童服务包（0-6岁）",
        "personal",
        "child",
        60,
        0,
        (
            ("体格检查和发育评估", 2),
            ("中医调养指导", 2),
            ("喂养、口腔、视力保健指导", None),
            ("预防接种预约和提醒", None),
        ),
    ),
    Seed(
        "maternal",
        "孕产妇服务包",
        "personal",
        "maternal",
        100,
        0,
        (
            ("孕期检查和随访", 5),
            ("产后访视", 1),
            ("产后42天健康检查", 1),
            ("孕期营养、心理和母乳喂养指导", None),
        ),
    ),
    Seed(
        "disabled",
        "残疾人服务包",
        "personal",
        "disabled",
        80,
        0,
        (
            ("上门健康评估", 2),
            ("康复训练指导", 4),
            ("辅助器具、残疾评定转介", None),
        ),
    ),
)


def seed_packages(*, by: Account | None) -> list[ServicePackage]:
    """Add the packages whose code is not there yet; give those that were added."""
    with transaction() as session:
        known = set(session.scalars(select(ServicePackage.code)))
        added = [_package(seed) for seed in CATALOGUE if seed.code not in known]
        session.add_all(added)
        session.flush()
        for package in added:
            record(by=by, verb="add_package", entity="package", entity_id=package.id)
    return added


def _package(seed: Seed) -> ServicePackage:
    return ServicePackage(
        code=seed.code,
        name=seed.name,
        kind=seed.kind,
        audience=seed.audience,
        price=seed.price,
        resident_pays=seed.resident_pays,
        items=[PackageItem(name=name, times_a_year=times) for name, times in seed.items],
    )
