"""The agreement as it is read, signed and printed: facts in, clauses and one plain text out.

What must stand in it: DOMAIN 2.6 and 2.7. The facts are words, not codes, and are kept with the
contract, so that the text can be made again letter by letter and its SHA-256 compared.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

#: The wording below. A change of any word is a new form; the old one stays, or nothing that was
#: signed with it could be checked any more.
FORM = 1


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team, as the agreement names them."""

    name: str
    role: str
    title: str
    telephone: str
    leads: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A service and how often a year; None is as needed."""

    name: str
    times_a_year: int | None

    @property
    def times(self) -> str:
        return f"每年 {self.times_a_year} 次" if self.times_a_year else "按需"


@dataclass(frozen=True, slots=True)
class Package:
    """A package at its price in yuan a year, and the resident's share of it."""

    name: str
    kind: str
    price: int
    resident_pays: int
    items: tuple[Item, ...]

    @property
    def fee(self) -> str:
        if not self.price:
            return "不收费"
        own = f"居民自付 {self.resident_pays} 元" if self.resident_pays else "居民不付费"
        return f"每年 {self.price} 元，{own}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Everything an agreement names; texts as they are printed."""

    county: str
    institution: str
    institution_address: str
    institution_telephone: str
    complaint_telephone: str
    team: str
    team_telephone: str
    hours: str
    members: tuple[Member, ...]
    doctor: str
    agent: str
    resident: str
    sex: str
    birth: date
    identity_number: str
    telephone: str
    address: str
    record_number: str
    guardian: str
    groups: tuple[tuple[str, bool], ...]
    packages: tuple[Package, ...]
    start_on: date
    end_on: date
    term_months: int
    method: str
    witness: str
    form: int = FORM

    @property
    def price(self) -> int:
        return sum(package.price for package in self.packages)

    @property
    def resident_pays(self) -> int:
        return sum(package.resident_pays for package in self.packages)


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered heading and its paragraphs."""

    heading: str
    paragraphs: tuple[str, ...]


def agreement_text(agreement: Agreement) -> str:
    """Give the plain text that is signed: the same facts always give the same characters.

    ValueError for a form that this version does not know.
    """
    if agreement.form != FORM:
        raise ValueError(f"form {agreement.form} is not known")
    return "\n".join(_lines(agreement)) + "\n"


def text_hash(text: str) -> str:
    """Give the SHA-256 of a text as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(agreement: Agreement) -> Iterator[str]:
    yield "家庭医生签约服务协议"
    yield ""
    yield from _parties(agreement)
    for number, package in enumerate(agreement.packages, start=1):
        yield f"服务包{number}：{package.name}（{package.fee}）"
        yield from (f"  {item.name}，{item.times}" for item in package.items)
    for clause in clauses(agreement):
        yield ""
        yield clause.heading
        yield from clause.paragraphs


def _parties(agreement: Agreement) -> Iterator[str]:
    a = agreement
    yield f"甲方：{a.institution}　{a.team}"
    yield f"地址：{a.institution_address}　电话：{a.team_telephone}　服务时间：{a.hours}"
    for member in a.members:
        leads = "，团队长" if member.leads else ""
        yield f"  {member.name}，{member.role}{leads}，{member.title}，{member.telephone}"
    yield f"家庭医生：{a.doctor}　签约代表：{a.agent}"
    yield ""
    yield f"乙方：{a.resident}　{a.sex}　出生日期：{_day(a.birth)}"
    yield f"身份证号：{a.identity_number}　电话：{a.telephone}"
    yield f"住址：{a.address}　健康档案号：{a.record_number}　监护人：{a.guardian}"
    yield "人群：" + " ".join(("☑" if ticked else "□") + word for word, ticked in a.groups)
    yield ""


def clauses(agreement: Agreement) -> tuple[Clause, ...]:
    """Give the clauses that follow the parties; the print shows these very sentences."""
    return (
        Clause("一、服务内容和方式", _SERVICE),
        Clause("二、费用", _fees(agreement)),
        Clause("三、期限", _term(agreement)),
        Clause("四、甲方的权利和义务", _TEAM_DUTIES),
        Clause("五、乙方的权利和义务", _RESIDENT_DUTIES),
        Clause("六、健康档案的查阅与保密", _SECRECY),
        Clause("七、续签、改签和解约", _CHANGES),
        Clause("八、争议解决", _disputes(agreement)),
        Clause("九、签署与文本", _signing(agreement)),
    )


_SERVICE = (
    "甲方按所选服务包的项目和次数提供服务，方式有门诊、上门、电话和网络随访；"
    "基本医疗、公共卫生、健康管理、健康咨询、优先预约、优先转诊、用药指导均在其中。",
)


def _fees(agreement: Agreement) -> tuple[str, ...]:
    total = f"所选服务包每年合计 {agreement.price} 元，其中乙方自付 {agreement.resident_pays} 元"
    return (
        f"{total}，其余由医保基金和基本公共卫生服务经费按本县规定支付。"
        "诊疗、检查和药品另按医保政策结算。",
    )


def _term(agreement: Agreement) -> tuple[str, ...]:
    first, last = _day(agreement.start_on), _day(agreement.end_on)
    return (
        f"自 {first} 起，至 {last} 止（含当日），共 {agreement.term_months} 个月。"
        "期满自行终止，不自动续签。",
    )


_TEAM_DUTIES = (
    "1. 家庭医生是本协议的第一责任人。团队主动预约、按时服务，并把结果和建议告诉乙方。",
    "2. 为乙方优先就诊、优先转诊；病情稳定的慢性病可按规定开长期处方，一般 4 周，最长 12 周。",
    "3. 为乙方建立并及时更新健康档案；团队人员变动，提前告知乙方。",
    "4. 有权了解与乙方健康有关的情况；乙方不配合影响服务的，甲方应说明并记录。",
)
_RESIDENT_DUTIES = (
    "1. 自愿签约，同一时期只签一个团队；可以选择、更换、退出，可以查阅自己的档案和服务记录，"
    "可以投诉和评价。",
    "2. 如实告知身份、健康状况和联系方式，有变化及时说明；配合随访和治疗，按约定支付自付费用。",
)
_SECRECY = (
    "1. 乙方单独同意：甲方团队成员为履行本协议，查阅、记录、更新乙方的健康档案和诊疗信息。"
    "乙方可以随时撤回同意，撤回前已做的服务不受影响。",
    "2. 甲方对乙方的个人信息和健康信息保密，不用于本协议以外的目的；除法律另有规定，"
    "未经乙方同意不提供给他人。协议终止后仍须保密。",
    "3. 协议上的二维码只含查验网址，不含姓名、证件号和病情；扫码查验不会要求填写身份证号或密码。",
)
_CHANGES = (
    "1. 续签：甲方在期满前 60 日内提醒；续签须乙方重新签字，从原协议期满的次日起算。",
    "2. 改签：乙方可以改签其他团队，原协议在新协议开始的前一日终止。",
    "3. 解约：任何一方提出，说明日期和原因，双方确认并留记录。"
    "已付费而未做的项目，3 个月内补做，或退还相应费用。",
    "4. 乙方迁出或去世，协议终止。协议终止不影响乙方按居住地享受国家基本公共卫生服务。",
)


def _disputes(agreement: Agreement) -> tuple[str, ...]:
    telephone = (
        f"（监督电话 {agreement.complaint_telephone}）" if (agreement.complaint_telephone) else ""
    )
    return (
        f"双方先协商；协商不成，可请{agreement.county}卫生健康委员会调解或投诉{telephone}，"
        "也可依法向人民法院起诉。",
    )


#: How it was signed, in a sentence of the agreement (电子签名法 13 and 14).
_METHODS = {
    "tablet": "双方同意采用电子方式签署：乙方在平板上手写签名，电子文本与打印件内容一致，"
    "效力相同，乙方可随时索取打印件。",
    "paper": "双方在打印件上签字，甲方盖章。",
    "telephone": "乙方在电话中确认签约，甲方记录通话，下次见面时由乙方补签。",
}


def _signing(agreement: Agreement) -> tuple[str, ...]:
    witness = f"见证人：{agreement.witness}。" if agreement.witness else ""
    return (
        f"{_METHODS[agreement.method]}{witness}"
        "本协议一式两份，甲乙双方各执一份，自签署后在上述期限内有效。",
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def write_agreement(agreement: Agreement) -> str:
    """Give the facts as JSON, to be kept sealed beside the hash."""
    return json.dumps(asdict(agreement), ensure_ascii=False, default=date.isoformat)


def read_agreement(kept: str) -> Agreement:
    """Give the facts that `write_agreement` wrote; ValueError when they are not whole."""
    try:
        raw: dict[str, Any] = json.loads(kept)
        days = {name: date.fromisoformat(raw[name]) for name in ("birth", "start_on", "end_on")}
        lists = {
            "members": tuple(Member(**member) for member in raw["members"]),
            "groups": tuple((str(word), bool(ticked)) for word, ticked in raw["groups"]),
            "packages": tuple(map(_package, raw["packages"])),
        }
        plain = {field.name: raw[field.name] for field in fields(Agreement)}
        return Agreement(**plain | days | lists)
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError("not an agreement") from fault


def _package(raw: dict[str, Any]) -> Package:
    return Package(**raw | {"items": tuple(Item(**item) for item in raw["items"])})
