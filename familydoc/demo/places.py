"""The county's institutions, and how many people live in each village."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from familydoc.demo.names import work_phone
from familydoc.demo.sizes import Size

HOURS = "周一至周六 8:00–17:30"
HOSPITAL_CODE, HOSPITAL_NAME = "150124H01", "清水河县人民医院"
#: Average people: a community in the county town, a village, and the industrial park.
TOWN, VILLAGE, PARK = 2_700, 510, 800
ENDINGS = (("社区居民委员会", "社区"), ("村民委员会", "村"), ("虚拟社区", "社区"))


@dataclass(frozen=True)
class Village:
    """A village or community: its code, the name people say, its township and its people."""

    code: str
    name: str
    township: str
    share: float


@dataclass(frozen=True)
class Places:
    """Townships by code with their short names, and the villages in the order of their codes."""

    townships: dict[str, str]
    villages: list[Village]

    def of(self, township: str) -> list[Village]:
        return [village for village in self.villages if village.township == township]


def read_places(divisions: list[tuple[str, str, str, str | None]], size: Size, seed: int) -> Places:
    """Give the places of a size from (level, code, name, parent code) of the stored divisions."""
    random = Random(f"{seed} places")
    townships = {c: n for level, c, n, _ in divisions if level == "township" and c in size.teams}
    villages = [
        Village(code, short_name(name), parent or "", _share(random, code, name))
        for level, code, name, parent in sorted(divisions, key=lambda row: row[1])
        if level == "village" and parent in townships
    ]
    return Places({code: short_township(name) for code, name in townships.items()}, villages)


def short_name(name: str) -> str:
    """Give what people say for a village: 南沟村, 永安社区."""
    for ending, short in ENDINGS:
        if name.endswith(ending):
            stem = name.removesuffix(ending)
            return stem if stem.endswith(short) else stem + short
    return name


def short_township(name: str) -> str:
    """Give a township's name without the region in front of it: 清水河工业园区."""
    return name.removeprefix("内蒙古")


def _share(random: Random, code: str, name: str) -> float:
    if name.endswith("社区居民委员会"):
        return TOWN * random.uniform(0.75, 1.3)
    return (PARK if code.startswith("150124401") else VILLAGE) * random.uniform(0.5, 1.6)


def addresses(places: Places) -> Mapping[str, str]:
    """Give what stands before a house number, by village."""
    return {v.code: f"{places.townships[v.township]}{v.name}" for v in places.villages}


def organisation_rows(
    places: Places, centres: Mapping[str, int], county_id: int, first_id: int
) -> list[dict[str, Any]]:
    """Give the hospital and the village clinics; `centres` are the ids of those that stand."""
    rows = [_hospital(first_id, county_id)]
    for village in places.villages:
        rows.append(_clinic(first_id + len(rows), centres[village.township], village))
    return rows


def centre_words(places: Places, township: str, number: int) -> dict[str, str]:
    """Give where a township centre is and how it is reached."""
    return {
        "address": f"清水河县{places.townships[township]}".replace("清水河县清水河", "清水河"),
        "telephone": work_phone(100 + number),
        "complaint_telephone": work_phone(200 + number),
        "hours": HOURS,
    }


def _hospital(id: int, county_id: int) -> dict[str, Any]:
    return _row(id, HOSPITAL_CODE, HOSPITAL_NAME, "county_hospital", county_id, None) | {
        "address": "清水河县城关镇永安街",
        "telephone": work_phone(1),
        "hours": "全天",
    }


def _clinic(id: int, centre_id: int, village: Village) -> dict[str, Any]:
    kind = "卫生服务站" if village.name.endswith("社区") else "卫生室"
    return _row(
        id, village.code, f"{village.name}{kind}", "village_clinic", centre_id, village.code
    ) | {
        "telephone": work_phone(1000 + id),
        "hours": "每天 8:00–18:00，夜间可打电话",
    }


def _row(
    id: int, code: str, name: str, kind: str, parent_id: int, division: str | None
) -> dict[str, Any]:
    return {
        "id": id,
        "code": code,
        "name": name,
        "kind": kind,
        "parent_id": parent_id,
        "division_code": division,
        "address": "",
        "telephone": "",
        "complaint_telephone": "",
        "hours": "",
        "active": True,
    }
