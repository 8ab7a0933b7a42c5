"""How large the demo is, and the counts it must hit to the person."""

from dataclasses import dataclass

#: The seed of the demo that everybody sees; another one gives another county.
SEED = 150124


@dataclass(frozen=True)
class Size:
    """What the rows of a demo count on the day it is made."""

    residents: int
    signed: int
    key: int
    key_signed: int
    elderly: int
    children: int
    hypertension: int
    diabetes: int
    #: On top of the residents: in no list and in no denominator.
    deceased: int
    moved: int
    #: Teams of each township centre by the township's code.
    teams: dict[str, int]
    experts: int
    #: How much of the usual share of the rarer key populations there is.
    rare: float = 1.0
    #: How often somebody measured badly in the last days, beyond what chance brings.
    drama: float = 0.0


#: The served, signed and key people of 清水河县's own report (DOMAIN 6.1, 002:80-82): 79.21 % and
#: 93.70 %; the shares of hypertension (8 %), diabetes (2.5 %) and 65+ (14 %) of PERFORMANCE.
COUNTY = Size(
    residents=76_674,
    signed=60_732,
    key=28_254,
    key_signed=26_473,
    elderly=10_734,
    children=2_760,
    hypertension=6_134,
    diabetes=1_917,
    deceased=304,
    moved=421,
    teams={
        "150124100": 5,
        "150124101": 2,
        "150124102": 2,
        "150124103": 2,
        "150124200": 1,
        "150124201": 1,
        "150124202": 1,
        "150124203": 1,
        "150124401": 1,
    },
    experts=14,
)
#: One township, with more patients among its people so that every member has a day's work.
SMALL = Size(
    residents=600,
    signed=475,
    key=254,
    key_signed=238,
    elderly=84,
    children=22,
    hypertension=150,
    diabetes=48,
    deceased=6,
    moved=5,
    teams={"150124100": 2},
    experts=2,
    rare=0.4,
    drama=0.3,
)
SIZES = {"small": SMALL, "county": COUNTY}
