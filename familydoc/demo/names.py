"""Invented names, numbers and telephones that belong to nobody."""

from datetime import date, timedelta
from random import Random

from familydoc.rules.dates import age_on
from familydoc.rules.identity import check_digit

SURNAMES = (
    "王王王张张张李李刘刘赵赵郝郝贾武武乔乔云云杨陈高郭白樊任韩苗徐薛秦曹吕邢温石崔侯魏"
    "周吴孙马胡朱何林罗梁宋郑谢唐冯于董程袁邓许傅沈曾彭苏卢蒋蔡丁叶潘杜戴夏钟汪田姜范方"
)
#: Given names as people of that age bear them in the county: women, men.
OLD = (
    "秀英 玉兰 桂花 香莲 凤英 翠娥 改莲 二女 三女 玉梅 兰英 秀兰 桂英 巧云 润莲 爱莲 月娥 金花",
    "二牛 有才 永福 拴柱 根旺 满仓 德旺 铁锁 三毛 福海 海生 银柱 贵生 玉山 双喜 来全 长寿 存良",
)
MIDDLE = (
    "春花 丽萍 秀芳 建英 俊梅 海燕 文霞 桂芳 美丽 丽霞 瑞芬 改变 雪梅 红梅 艳霞 素芳 巧玲 慧芳",
    "建国 建军 志强 海龙 文明 永胜 国强 利军 俊明 根小 振华 海军 玉忠 瑞平 金宝 爱国 喜平 世荣",
)
YOUNG = (
    "婷婷 慧 丽娜 静 雅琴 晓燕 敏 佳 娜 雪 倩 艳 琪 晓霞 晶晶 文静 思敏 瑞 欣 丹丹",
    "磊 伟 鹏 浩 强 宇 龙 飞 斌 波 凯 杰 亮 文杰 志伟 晓东 建飞 瑞峰 海波 洋",
)
CHILD = (
    "梓涵 一诺 欣怡 雨桐 子萱 诗涵 可馨 思琪 语嫣 佳怡 若曦 沐瑶 艺涵 梦瑶 晨曦",
    "浩然 子轩 宇航 一鸣 梓豪 博文 俊熙 明轩 天佑 奕辰 嘉豪 子墨 泽宇 皓轩 铭泽",
)
MONGOLIAN = (
    "其其格 乌云其木格 娜仁花 萨仁 苏日娜 乌兰 托娅 斯琴高娃 琪琪格 敖登 阿拉坦花 高娃",
    "巴特尔 哈斯巴雅尔 格日勒图 呼和 朝鲁 那顺 阿古拉 孟和 宝音 吉日嘎拉 额尔敦 布和 巴图",
)
#: Numbers of 16904 and 169047: the range 169 is given to no operator, a call reaches nobody.
PHONE, WORK_PHONE = "16904", "169047"
#: Area codes of first registration: the county, and neighbours that people married in from.
AREAS = ("150124",) * 37 + ("150123", "150122", "140624")


def given_name(random: Random, sex: str, age: int) -> str:
    """Give a given name of the time somebody was born in."""
    group = next(
        g for limit, g in ((18, CHILD), (40, YOUNG), (62, MIDDLE), (200, OLD)) if age < limit
    )
    return random.choice(group[sex == "male"].split())


def mongolian_name(random: Random, sex: str) -> str:
    """Give a Mongolian name in Chinese characters; it has no surname."""
    return random.choice(MONGOLIAN[sex == "male"].split())


def birth_of(random: Random, age: int, today: date) -> date:
    """Give a birth date of somebody who is `age` completed years old today."""
    anniversary = date(today.year - age, today.month, min(today.day, 28))
    birth = anniversary - timedelta(days=random.randrange(365))
    return birth if age_on(birth, today) == age else anniversary


class Numbers:
    """Gives identity numbers with right check digits, each once.

    The serial is 900 or above, which registries keep back: so a demo number can be told.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()

    def identity(self, birth: date, sex: str) -> str:
        while True:
            serial = 900 + self._random.randrange(50) * 2 + (sex == "male")
            stem = f"{self._random.choice(AREAS)}{birth:%Y%m%d}{serial}"
            if stem not in self._given:
                self._given.add(stem)
                return stem + check_digit(stem)

    def telephone(self) -> str:
        while True:
            number = f"{PHONE}{self._random.randrange(700_000):06d}"
            if number not in self._given:
                self._given.add(number)
                return number


def work_phone(number: int) -> str:
    """Give the telephone of a colleague or a team, `number` below 100,000."""
    return f"{WORK_PHONE}{number:05d}"
