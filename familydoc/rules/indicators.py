"""The catalogue of indicators: codes, names, definition sentences, and how a rate is made."""

from decimal import Decimal

from .definitions import Indicator
from .programmes import load_programmes
from .values import round_half_up

# DOMAIN 3; [APP] there where no national formula exists.
GENERAL = (
    Indicator(
        "signed",
        "签约率",
        "统计日有有效签约协议的在册居民人数 ÷ 在册居民人数 × 100%；"
        "在册是在住、外出和失访的人，死亡、迁出的不算；每人只算一次，协议到期不算",
    ),
    Indicator(
        "signed_key",
        "重点人群签约率",
        "统计日有有效签约协议的重点人群人数 ÷ 重点人群人数 × 100%；"
        "分子分母都按人去重，属于几类也只算一次",
    ),
    Indicator(
        "completed_quarter",
        "本季度随访完成率",
        "本季度到期的随访任务中已完成的（不论何时完成）÷ 本季度到期的随访任务 × 100%；"
        "死亡、迁出等取消的任务不计",
    ),
    Indicator(
        "completed_month",
        "本月随访完成率",
        "本月到期的随访任务中已完成的（不论何时完成）÷ 本月到期的随访任务 × 100%；取消的任务不计",
    ),
    Indicator(
        "timely",
        "随访及时率",
        "期内到期的随访任务中在到期日当天或之前完成的 ÷ 期内到期的随访任务 × 100%；取消的任务不计",
    ),
    Indicator(
        "overdue", "逾期率", "已过到期日仍未完成的任务 ÷ 全部未完成的任务 × 100%，截至统计日"
    ),
    Indicator("due", "应随访", "期内到期的随访任务数，截至统计日；死亡、迁出等取消的任务不计"),
    Indicator("done_on_time", "按时完成", "期内到期的随访任务中在到期日当天或之前完成的任务数"),
    Indicator("done_late", "逾期后完成", "期内到期的随访任务中在到期日之后完成的任务数"),
    Indicator("overdue_open", "逾期未完成", "期内到期、统计日仍未完成且已过到期日的任务数"),
    Indicator(
        "missed", "已错过", "期内到期、到同一管理项目下一次随访到期时仍未完成，已记为错过的任务数"
    ),
    Indicator(
        "controlled",
        "控制率",
        "年内最近一次随访达标的人次 ÷ 年内已管理的人次 × 100%；按管理项目各算一次，失访算未达标",
    ),
    Indicator(
        "managed_to_standard",
        "规范管理率",
        "年内按规范要求管理的人次 ÷ 年内已管理的人次 × 100%；按管理项目各算一次",
    ),
    Indicator(
        "renewed",
        "续签率",
        "期内到期的签约协议中由同一团队续签的 ÷ 期内到期的签约协议 × 100%；死亡和迁出的不计",
    ),
    Indicator(
        "delivered",
        "履约率",
        "期内应完成的签约服务项目都已完成的签约居民 ÷ 期内有应完成项目的签约居民 × 100%",
    ),
    Indicator(
        "referral_checked",
        "转诊核实率",
        "期内转诊中在 14 天内核实到结果的 ÷ 期内转诊 × 100%",
    ),
    Indicator("lost", "失访率", "失访人数 ÷ 已管理人数 × 100%，截至统计日"),
    Indicator(
        "satisfaction",
        "居民满意度",
        "居民评价中满意的 ÷ 有效评价 × 100%；还没有人评价时为空，不算 0",
    ),
)
BY_CODE = {indicator.code: indicator for indicator in GENERAL}


def find_indicator(code: str) -> Indicator:
    """Give a general indicator by its code; KeyError for an unknown one."""
    return BY_CODE[code]


def list_indicators() -> tuple[Indicator, ...]:
    """Give all indicators: the general ones, then those of each programme file."""
    own = (i for programme in load_programmes().values() for i in programme.indicators)
    return (*GENERAL, *own)


def rate(numerator: int, denominator: int) -> Decimal | None:
    """Give a percentage with two decimals half up, None for an empty denominator, never clipped."""
    if denominator == 0:
        return None
    return round_half_up(Decimal(numerator) * 100 / denominator, 2)
