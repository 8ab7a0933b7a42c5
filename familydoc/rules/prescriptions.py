"""Education prescriptions (健康教育处方): composed from one's own data, read back as edited."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .answers import answers_of, bmi, show_answer
from .dates import age_on
from .definitions import Field, Programme
from .errors import RuleError
from .prescription_texts import CHRONIC, TEXTS, DiseaseText
from .reading import Reading
from .values import clean_text, exact_number, plain_number, round_half_up

#: The parts of a sheet in their order; `goals` stand apart, at the head of the paper.
SECTIONS = {
    "state": "您现在的情况",
    "know": "这个病要记住",
    "eat": "怎么吃",
    "move": "怎么动",
    "mind": "平时注意",
    "drugs": "您的药",
    "urgent": "出现这些，马上看病",
}
GOALS = "goals"
LINES, LINE, GOAL_LINES = 10, 100, 6
#: Overweight and obesity of Chinese adults (DOMAIN 1.1, NBPHS3).
OVERWEIGHT, OBESE = Decimal(24), Decimal(28)
#: From here on a little overweight is no reason to lose any (elderly: 20.0 to 26.9 [K]).
ELDERLY = 65
#: A first goal that people reach: five per cent in three months [K].
LOSS = Decimal("0.95")
#: Minutes of exercise a week (primary-care guidelines [K]).
ACTIVE_MINUTES = 150
PRESSURE_DISEASES = ("hypertension", "diabetes", "cerebrovascular", "coronary")
SALTY = {2: "不轻", 3: "偏重"}


@dataclass(frozen=True)
class Patient:
    """Whom a sheet is for: what was last answered, and the programmes in force.

    Private programmes are not among them: nothing of theirs may stand on paper.
    """

    birth: date
    programmes: Mapping[str, Programme]
    answers: Mapping[str, object]
    on: date

    def last(self, code: str, disease: str) -> object:
        """Give the last answer to a field, the disease's own programme first."""
        own = self.programmes.get(TEXTS[disease].programme)
        ordered = [own, *self.programmes.values()] if own else list(self.programmes.values())
        held = (answers_of(p, self.answers).get(code) for p in ordered)
        return next((value for value in held if value not in (None, "")), None)

    def number(self, code: str, disease: str) -> Decimal | None:
        """Give the last number of a field, None when nobody measured it."""
        return exact_number(self.last(code, disease))


@dataclass(frozen=True)
class Sheet:
    """What a prescription says: lines by the keys of SECTIONS, and the goals agreed on."""

    disease: str
    body: Mapping[str, tuple[str, ...]]
    goals: tuple[str, ...]


def disease_name(disease: str) -> str:
    """Give the Chinese name of a disease, the code itself when it is unknown."""
    return TEXTS[disease].name if disease in TEXTS else disease


def offered(programmes: Iterable[str], chronic: object) -> list[str]:
    """Give the diseases to offer a person of these programmes: (programme codes, the answer to
    `chronic_diseases`). All six where the six are managed and nobody said which."""
    managed = set(programmes)
    named = (
        [CHRONIC[n] for n in chronic if n in CHRONIC] if isinstance(chronic, list | tuple) else []
    )
    six = (named or list(CHRONIC.values())) if "other_chronic" in managed else []
    single = [code for code, text in TEXTS.items() if text.programme == code and code in managed]
    return [*single, *six]


def compose(disease: str, patient: Patient) -> Sheet:
    """Give a sheet for one person; RuleError `disease_unknown`.

    Lines of pressure and glucose are those of the programmes in force (NBPHS3: 140/90, from 65
    on 150/90; fasting glucose below 7.0), read from their files; weight by DOMAIN 1.1.
    """
    text = TEXTS.get(disease)
    if text is None:
        raise RuleError("disease_unknown", "请选要开哪种健康教育处方。", "disease")
    found = [*_readings(disease, patient), *_habits(disease, patient)]
    body = {
        "state": tuple(said for said, _ in found) or ("还没有测量和生活方式的记录",),
        "know": text.know,
        "eat": text.eat,
        "move": text.move,
        "mind": text.mind,
        "drugs": tuple(_drugs(text, patient)),
        "urgent": text.urgent,
    }
    goals = [goal for _, goal in found if goal][: GOAL_LINES - 1]
    return Sheet(disease, body, (*goals, "药按时吃，一顿不落；到日子来随访"))


Found = tuple[str, str]  # what is so, and the goal that follows, '' where none does


def _readings(disease: str, patient: Patient) -> list[Found]:
    found = []
    if disease in PRESSURE_DISEASES:
        found += _pressure(disease, patient)
    if disease == "diabetes":
        found += _glucose(patient)
    return [*found, *_weight(disease, patient)]


def _pressure(disease: str, patient: Patient) -> list[Found]:
    sbp, dbp = patient.number("sbp", disease), patient.number("dbp", disease)
    lines = patient.programmes.get("hypertension")
    if sbp is None or dbp is None or lines is None:
        return []
    held = {"sbp": int(sbp), "dbp": int(dbp)}
    reading = Reading(lines, held, {"age": age_on(patient.birth, patient.on)})
    target = reading.say("{line_now}/{line_dbp}")
    if reading.value("bad") is True:
        return [(f"血压 {sbp}/{dbp}，要降到 {target} 以下", f"血压降到 {target} 以下")]
    return [(f"血压 {sbp}/{dbp}，在 {target} 以下，很好", "")]


def _glucose(patient: Patient) -> list[Found]:
    fpg, lines = patient.number("fpg", "diabetes"), patient.programmes.get("diabetes")
    if fpg is None or lines is None:
        return []
    reading = Reading(lines, {"fpg": fpg})
    shown, target = reading.say("{fpg}"), reading.say("{line_fpg}")
    if reading.value("bad") is True:
        return [(f"空腹血糖 {shown}，要降到 {target} 以下", f"空腹血糖降到 {target} 以下")]
    return [(f"空腹血糖 {shown}，在 {target} 以下，很好", "")]


def _weight(disease: str, patient: Patient) -> list[Found]:
    kg, cm = patient.number("weight", disease), patient.number("height", disease)
    index = bmi(kg, cm)
    if kg is None:
        return []
    said = f"体重 {_plain(kg)} 公斤"
    if index is None:
        return [(said, "")]
    if index < OVERWEIGHT:
        return [(f"{said}，体质指数 {index}", "")]
    if index < OBESE and age_on(patient.birth, patient.on) >= ELDERLY:
        return [(f"{said}，体质指数 {index}，不要再胖了", "")]
    word = "肥胖" if index >= OBESE else "超重"
    target = patient.number("weight_target", disease) or round_half_up(kg * LOSS, 0)
    goal = f"三个月里体重从 {_plain(kg)} 公斤降到 {_plain(target)} 公斤" if target < kg else ""
    return [(f"{said}，体质指数 {index}，属于{word}", goal)]


def _habits(disease: str, patient: Patient) -> list[Found]:
    found: list[Found] = []
    smoking = patient.number("smoking", disease)
    if smoking:
        half = int(smoking) // 2
        first = f"；一时戒不掉，先从 {smoking} 支减到 {half} 支" if half else ""
        found.append((f"每天吸烟 {smoking} 支", f"戒烟，定下日子：＿＿月＿＿日{first}"))
    drinking = patient.number("drinking", disease)
    if drinking:
        found.append(
            (f"每天喝酒 {_plain(drinking)} 两（折合白酒）", "不喝酒；做不到就一次比一次少")
        )
    salt = patient.last("salt", disease)
    if isinstance(salt, int) and salt in SALTY:
        found.append((f"吃盐{SALTY[salt]}", "一人一天盐不过 5 克，用限盐勺量；酱油、咸菜也算盐"))
    return [*found, *_exercise(disease, patient), *_adherence(disease, patient)]


def _exercise(disease: str, patient: Patient) -> list[Found]:
    times = patient.number("exercise_times", disease)
    minutes = patient.number("exercise_minutes", disease)
    if times is None or minutes is None:
        return []
    said = f"每周运动 {times} 次，每次 {minutes} 分钟" if times * minutes else "平时不运动"
    if times * minutes >= ACTIVE_MINUTES:
        return [(f"{said}，很好", "")]
    return [(said, "一周动 5 天，每天 30 分钟；从 10 分钟开始，慢慢加")]


def _adherence(disease: str, patient: Patient) -> list[Found]:
    taken = patient.last("medication", disease)
    words = {2: "药有时忘了吃", 3: "没有吃药"}
    return [(words[taken], "")] if isinstance(taken, int) and taken in words else []


def _drugs(text: DiseaseText, patient: Patient) -> list[str]:
    """The drugs of the disease's own programme, of all where that one names none."""
    own = patient.programmes.get(text.programme)
    lines = _drug_lines(own, patient.answers) if own else []
    if not lines:
        for programme in patient.programmes.values():
            lines += _drug_lines(programme, patient.answers)
    always = "不要自己加量、减量、停药；不舒服先打电话问医生"
    return [*dict.fromkeys(lines[: LINES - 2]), always]


def _drug_lines(programme: Programme, answers: Mapping[str, object]) -> list[str]:
    held = answers_of(programme, answers)
    rows: dict[str, list[str]] = {}
    for field in programme.fields.values():
        if field.section == "drugs" and held.get(field.code) not in (None, ""):
            rows.setdefault(field.row or field.code, []).append(_drug_part(field, held[field.code]))
    return [
        line[:LINE] for parts in rows.values() for line in "，".join(parts).splitlines() if line
    ]


def _drug_part(field: Field, value: object) -> str:
    shown = show_answer(field, value)
    if field.kind == "integer":
        return f"每天 {shown} 次"
    return f"每次 {shown}" if field.slot == "每次" else shown


def _plain(number: Decimal) -> str:
    """Write 78.0 as 78 and 78.5 as it is."""
    return plain_number(number, 0 if number == number.to_integral_value() else 1)


def read_sheet(disease: str, typed: Mapping[str, str]) -> Sheet:
    """Read an edited sheet: one line of text is one point; empty lines fall away.

    RuleError `disease_unknown`, `text_invalid`, `too_many_lines`, `line_long` (field: the
    section's key) or `goals_missing`.
    """
    if disease not in TEXTS:
        raise RuleError("disease_unknown", "请选要开哪种健康教育处方。", "disease")
    body = {key: _lines(key, title, typed, LINES) for key, title in SECTIONS.items()}
    goals = _lines(GOALS, "约定的目标", typed, GOAL_LINES)
    if not goals:
        raise RuleError("goals_missing", "至少写一个约定的目标，下次随访好看做到没有。", GOALS)
    return Sheet(disease, {key: lines for key, lines in body.items() if lines}, goals)


def _lines(key: str, title: str, typed: Mapping[str, str], most: int) -> tuple[str, ...]:
    text = clean_text(typed.get(key, ""))
    if text is None:
        raise RuleError("text_invalid", f"“{title}”里有不能保存的内容，请重新输入文字。", key)
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if len(lines) > most:
        raise RuleError("too_many_lines", f"“{title}”最多 {most} 行，现在有 {len(lines)} 行。", key)
    long = next((n for n, line in enumerate(lines, 1) if len(line) > LINE), None)
    if long:
        sentence = f"“{title}”第 {long} 行超过 {LINE} 个字，字太多老人看不清，请分成两行。"
        raise RuleError("line_long", sentence, key)
    return lines


def as_typed(sheet: Sheet) -> dict[str, str]:
    """Give a sheet as the form's text areas hold it."""
    texts: dict[str, Sequence[str]] = {**sheet.body, GOALS: sheet.goals}
    return {key: "\n".join(lines) for key, lines in texts.items()}
