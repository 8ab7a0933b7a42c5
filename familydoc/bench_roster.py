"""An invented roster with the defects of a real one, and what is true of it.

For `bench import` and for tests; every person and number in it is made up.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from familydoc.formats.excel import write_workbook
from familydoc.rules.dates import age_on
from familydoc.rules.identity import check_digit

HEADINGS = (
    *("序号", "健康档案编号", "姓名", "性别", "身份证号", "出生日期", "民族", "联系电话"),
    *("常住类型", "乡镇", "村(居)委会", "现住址", "户编号", "与户主关系", "高血压", "2型糖尿病"),
    *("严重精神障碍", "肺结核", "残疾", "脱贫人口", "易返贫监测", "计生特殊家庭", "孕产妇"),
    *("状态", "备注"),
)
PLACE = {heading: index for index, heading in enumerate(HEADINGS)}
COUNTY = Path(__file__).with_name("data") / "divisions_150124.csv"
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董程曹袁邓许傅沈曾彭吕单解仇"
GIVEN = "秀英桂兰玉珍凤霞丽敏静艳娟梅红建国军志强伟勇海峰永福德旺成林明华平春喜庆莲云飞雪芳涛"
MONGOLIAN = ("巴特尔", "其其格", "乌云其木格", "哈斯·巴雅尔", "苏日娜", "阿拉坦仓")
RELATIONS = ("户主", "配偶", "子", "女", "父母", "孙子女")
#: Of a thousand rows, how many carry a mendable defect, a warning, or a reason to be refused.
DEFECTS = {
    "id_fullwidth": 12,
    "id_15_digits": 8,
    "id_lower_x": 20,
    "name_spaces": 4,
    "village_alias": 13,
    "phone_invalid": 18,
    "sex_conflict": 4,
    "birth_conflict": 6,
    "id_checksum": 2,
    "id_birth_date": 2,
    "id_missing": 1,
    "name_missing": 1,
    "village_unknown": 3,
}
REFUSED = ("id_checksum", "id_birth_date", "id_missing", "name_missing", "village_unknown")
WARNED = ("phone_invalid", "sex_conflict", "birth_conflict")

Row = list[Any]


def make_roster(
    size: int, today: date, seed: int = 1, divisions: Path = COUNTY
) -> tuple[list[Row], dict[str, Any]]:
    """Give the rows of a sheet (title, date, header, `size` people and a few repeats) and the
    truth: the counts that an import on `today` has to report."""
    random = Random(seed)
    villages = _villages(divisions)
    people = _people(random, size, today, villages)
    kinds = [_spoil(random, row) for row in people]
    truth = _count(people, kinds)
    repeats = _repeats(random, people, kinds, truth)
    head = [["清水河县居民健康档案列表"], [f"导出日期:{today.isoformat()}"], list(HEADINGS)]
    return head + people + repeats, truth


def write_roster(rows: list[Row]) -> bytes:
    """Give the rows as a workbook."""
    return write_workbook([str(cell) for cell in rows[0]], rows[1:], sheet="居民健康档案")


def _villages(path: Path) -> list[tuple[str, str, str]]:
    """Give (township, village, code) of a county."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = {row["code"]: row["name"] for row in rows}
    return [
        (names[row["parent_code"]], row["name"], row["code"])
        for row in rows
        if row["level"] == "village"
    ]


def _people(
    random: Random, size: int, today: date, villages: list[tuple[str, str, str]]
) -> list[Row]:
    people: list[Row] = []
    numbers: set[str] = set()
    household = 0
    while len(people) < size:
        household += 1
        township, village, code = random.choice(villages)
        for place in range(min(random.randint(1, 5), size - len(people))):
            number, birth, sex = _number(random, numbers, today)
            people.append(
                [
                    len(people) + 1,
                    f"{code}{len(people) % 100_000:05d}",
                    _name(random),
                    sex,
                    number,
                    birth.isoformat(),
                    "汉族",
                    f"1{random.randint(30, 99)}{random.randint(0, 99_999_999):08d}",
                    random.choice(("户籍", "户籍", "户籍", "非户籍")),
                    township,
                    village,
                    f"{township}{village[:-5]}{random.randint(1, 200)}号",
                    f"{code}{household:06d}",
                    RELATIONS[place],
                    *_conditions(random, age_on(birth, today)),
                    "正常",
                    "",
                ]
            )
    return people


def _number(random: Random, numbers: set[str], today: date) -> tuple[str, date, str]:
    while True:
        birth = today - timedelta(days=random.randint(400, 90 * 365))
        serial = random.randint(1, 999)
        stem = f"150124{birth:%Y%m%d}{serial:03d}"
        if stem not in numbers:
            numbers.add(stem)
            return stem + check_digit(stem), birth, "男" if serial % 2 else "女"


def _name(random: Random) -> str:
    if random.random() < 0.03:
        return random.choice(MONGOLIAN)
    return random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=random.choice((1, 2, 2))))


def _conditions(random: Random, age: int) -> list[str]:
    """Tick the columns 高血压 to 孕产妇 about as often as in a real county."""
    adult = age >= 35
    shares = (0.2 * adult, 0.05 * adult, 0.006, 0.001, 0.04, 0.13, 0.09, 0.001, 0.003)
    return ["是" if random.random() < share else "" for share in shares]


def _spoil(random: Random, row: Row) -> str:
    """Put at most one defect into a row and give its kind, or an empty text."""
    if random.random() < 0.014:
        row[PLACE["状态"]], row[PLACE["备注"]] = "死亡", "已故"
    dice = random.randrange(1000)
    for kind, share in DEFECTS.items():
        if dice < share:
            return kind if _DEFECT[kind](row) else ""
        dice -= share
    return ""


def _change(heading: str, change: Callable[[str, Row], str | None]) -> Callable[[Row], bool]:
    def spoil(row: Row) -> bool:
        changed = change(row[PLACE[heading]], row)
        if changed is None:
            return False
        row[PLACE[heading]] = changed
        return True

    return spoil


def _full_width(number: str, _row: Row) -> str:
    return f" {''.join(chr(ord(character) + 0xFEE0) for character in number)} "


def _wrong_check(number: str, _row: Row) -> str:
    return number[:17] + ("1" if number[17] != "1" else "2")


def _wrong_birth(number: str, _row: Row) -> str:
    stem = f"{number[:10]}1332{number[14:17]}"
    return stem + check_digit(stem)


def _spaced(name: str, _row: Row) -> str | None:
    return None if "·" in name else f"{name[0]}  {name[1:]}"


def _short_village(village: str, _row: Row) -> str | None:
    if village.endswith("社区居民委员会"):
        return village.removesuffix("居民委员会")
    return f"{village.removesuffix('村民委员会')}村" if village.endswith("村民委员会") else None


_DEFECT: dict[str, Callable[[Row], bool]] = {
    "id_fullwidth": _change("身份证号", _full_width),
    "id_15_digits": _change(
        "身份证号", lambda number, _: number[:6] + number[8:17] if number[6:8] == "19" else None
    ),
    "id_lower_x": _change("身份证号", lambda number, _: number.lower() if "X" in number else None),
    "name_spaces": _change("姓名", _spaced),
    "village_alias": _change("村(居)委会", _short_village),
    "phone_invalid": _change("联系电话", lambda _, __: "无"),
    "sex_conflict": _change("性别", lambda sex, _: "女" if sex == "男" else "男"),
    "birth_conflict": _change("出生日期", lambda _, __: "1921-07-23"),
    "id_checksum": _change("身份证号", _wrong_check),
    "id_birth_date": _change("身份证号", _wrong_birth),
    "id_missing": _change("身份证号", lambda _, __: ""),
    "name_missing": _change("姓名", lambda _, __: ""),
    "village_unknown": _change("村(居)委会", lambda _, __: "桃花源村民委员会"),
}


def _count(people: Iterable[Row], kinds: list[str]) -> dict[str, Any]:
    found = Counter(kind for kind in kinds if kind)
    refused = {kind: found[kind] for kind in REFUSED if found[kind]}
    warned = {kind: found[kind] for kind in WARNED if found[kind]}
    rest = {k: n for k, n in found.items() if k not in REFUSED and k not in WARNED}
    dead = sum(
        row[PLACE["状态"]] == "死亡" and kind not in REFUSED
        for row, kind in zip(people, kinds, strict=True)
    )
    return {
        "rows": len(kinds),
        "accepted": len(kinds) - sum(refused.values()),
        "refused": refused,
        "normalised": rest,
        "warned": warned,
        "deceased": dead,
    }


def _repeats(
    random: Random, people: list[Row], kinds: list[str], truth: dict[str, Any]
) -> list[Row]:
    """Give four people again as they were, and four numbers under another name."""
    sound = [row for row, kind in zip(people, kinds, strict=True) if not kind]
    chosen = random.sample(sound, min(8, len(sound) // 2 * 2))
    half = len(chosen) // 2
    repeats = [[len(people) + place, *row[1:]] for place, row in enumerate(chosen, 1)]
    for row in repeats[half:]:
        row[PLACE["姓名"]] = "欧阳" + row[PLACE["姓名"]][-1]
    truth["rows"] += len(chosen)
    if half:
        truth["normalised"]["repeat_row"] = half
        truth["refused"]["id_taken"] = half
    return repeats
