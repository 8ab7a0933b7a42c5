"""What a patient's measurements are like, and the answers of one visit."""

from dataclasses import dataclass
from random import Random
from typing import Any

HT_DRUGS = (
    ("苯磺酸氨氯地平片", "5 mg"),
    ("硝苯地平控释片", "30 mg"),
    ("缬沙坦胶囊", "80 mg"),
    ("厄贝沙坦片", "150 mg"),
    ("马来酸依那普利片", "10 mg"),
)
DM_DRUGS = (
    ("盐酸二甲双胍片", "0.5 g"),
    ("格列美脲片", "2 mg"),
    ("阿卡波糖片", "50 mg"),
    ("达格列净片", "10 mg"),
)
HT_SYMPTOMS, DM_SYMPTOMS = (2, 2, 6, 4, 8), (2, 6, 7, 3)
ADVERSE = ("踝部水肿", "干咳", "胃部不适", "头晕")


@dataclass
class Body:
    """How somebody usually measures; a visit varies around it."""

    sbp: float
    dbp: float
    fpg: float
    height: int
    weight: float
    smoking: int
    drinking: float
    exercise: int
    salt: int
    compliance: int
    ht_drug: tuple[str, str]
    dm_drug: tuple[str, str]


def make_body(random: Random, sex: str, age: int) -> Body:
    """Give a patient: three in four well controlled, the others around the line."""
    poor = random.random() < 0.22
    tall = (168 if sex == "male" else 157) - max(0, age - 60) // 6
    height = round(random.gauss(tall, 5))
    smokes = sex == "male" and random.random() < 0.4
    return Body(
        sbp=random.gauss(146 if poor else 131, 6) + (3 if age >= 65 else 0),
        dbp=random.gauss(88 if poor else 80, 5),
        fpg=random.gauss(7.9 if poor else 6.1, 0.5),
        height=height,
        weight=round(random.gauss(24.6, 2.6) * height * height / 10_000, 1),
        smoking=random.choice((5, 10, 10, 20)) if smokes else 0,
        drinking=random.choice((0, 1, 2, 3)) if sex == "male" else 0,
        exercise=random.choice((0, 2, 3, 5, 7)),
        salt=random.choice((1, 2, 2, 2, 3)),
        compliance=random.choice((1, 1, 1, 2)),
        ht_drug=random.choice(HT_DRUGS),
        dm_drug=random.choice(DM_DRUGS),
    )


def answers_of_visit(
    random: Random, body: Body, programmes: tuple[str, ...], treated: bool, scene: str = ""
) -> dict[str, Any]:
    """Give the answers of a visit that carries `programmes`; `treated` after a bad reading.

    `scene` asks for a reading that is "bad" or a "danger".
    """
    relief = {"bad": 1.16, "danger": 1.45}.get(scene, 0.94 if treated else 1.0)
    answers = _shared(random, body)
    if "hypertension" in programmes:
        answers |= _hypertension(random, body, relief)
    if "diabetes" in programmes:
        answers |= _diabetes(random, body, relief)
    return answers


def _shared(random: Random, body: Body) -> dict[str, Any]:
    return {
        "heart_rate": round(random.gauss(74, 7)),
        "height": body.height,
        "weight": round(body.weight + random.uniform(-1, 1), 1),
        "smoking": body.smoking,
        "drinking": body.drinking,
        "exercise_times": body.exercise,
        "exercise_minutes": 30 if body.exercise else 0,
        "mental": 1,
        "compliance": body.compliance,
    }


def _hypertension(random: Random, body: Body, relief: float) -> dict[str, Any]:
    sbp = round(random.gauss(body.sbp * relief, 6))
    dbp = min(round(random.gauss(body.dbp * relief, 4)), sbp - 20)
    if random.random() < 0.0035:
        sbp, dbp = random.randint(181, 205), random.randint(95, 118)
    return {
        "sbp": min(max(sbp, 92), 202),
        "dbp": min(max(dbp, 54), 118),
        "salt": body.salt,
        **_own(random, "hypertension", "ht_symptoms", HT_SYMPTOMS),
        "hypertension.ht_drug_1_name": body.ht_drug[0],
        "hypertension.ht_drug_1_times": 1,
        "hypertension.ht_drug_1_dose": body.ht_drug[1],
    }


def _diabetes(random: Random, body: Body, relief: float) -> dict[str, Any]:
    fpg = max(4.1, random.gauss(body.fpg * relief, 0.55))
    if random.random() < 0.004:
        fpg = random.choice((3.6, 17.2, 18.4))
    return {
        "fpg": round(fpg, 1),
        "foot_pulse": 1,
        "hypoglycaemia": 2 if random.random() < 0.04 else 1,
        "staple": random.choice((200, 250, 300, 350)),
        **_own(random, "diabetes", "dm_symptoms", DM_SYMPTOMS),
        "diabetes.dm_drug_1_name": body.dm_drug[0],
        "diabetes.dm_drug_1_times": 2,
        "diabetes.dm_drug_1_dose": body.dm_drug[1],
    }


def _own(random: Random, programme: str, symptoms: str, kinds: tuple[int, ...]) -> dict[str, Any]:
    """Give what a programme asks for itself: symptoms, medicines, reactions, complications."""
    adverse = random.random() < 0.012
    own: dict[str, Any] = {
        symptoms: [random.choice(kinds)] if random.random() < 0.12 else [1],
        "medication": random.choices((1, 2, 3), (88, 10, 2))[0],
        "adverse_reaction": 2 if adverse else 1,
        "complication": "new" if random.random() < 0.004 else "none",
    }
    if adverse:
        own["adverse_text"] = random.choice(ADVERSE)
    return {f"{programme}.{code}": value for code, value in own.items()}
