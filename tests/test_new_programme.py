"""A new programme is one file: put into a folder, it has a form, tasks, columns and tablet data."""

import json
import re
from datetime import date
from io import BytesIO

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from familydoc import create_app, labels
from familydoc.actions import accounts as account_actions
from familydoc.extensions import db
from familydoc.formats.excel import read_workbook
from familydoc.jobs.night import run_job
from familydoc.labels import word
from familydoc.models.enrolments import Enrolment
from familydoc.models.tasks import Task
from familydoc.models.visits import Visit
from familydoc.queries.jobs import MAKE_DUE_TASKS
from familydoc.rules.programmes import FOLDER, ProgrammeFileError, load_programmes
from tests.cast import PASSWORD, make_resident
from tests.databases import settings
from tests.strict import StrictClient

TODAY = date(2026, 11, 21)
ASTHMA = """
code = "asthma"
name = "哮喘"
short = "as"
visit_name = "哮喘随访"
form = "哮喘患者随访服务记录表"
visits_per_year = 4
sections = [{ code = "readings", label = "体征" }, { code = "more", label = "其他" }]

[parameters.flow_low]
label = "峰流速危险线"
value = 60
unit = "%"
stricter = "higher"
min = 40
max = 90
source = "县哮喘管理方案"

[parameters.regular_months]
label = "常规随访间隔"
value = 2
unit = "个月"
stricter = "lower"
min = 1
max = 6
source = "县哮喘管理方案"

[[fields]]
code = "peak_flow"
label = "峰流速占预计值"
kind = "integer"
section = "readings"
unit = "%"
min = 10
max = 150
core = true
needed = true

[[fields]]
code = "night_waking"
label = "夜间憋醒"
kind = "choice"
section = "more"
core = true
choices = [{ code = 1, label = "没有" }, { code = 2, label = "每周有" }]

[[fields]]
code = "asthma_note"
label = "吸入方法"
kind = "text"
section = "more"
max_length = 200

[[classes]]
value = 2
label = "没有控制"
when = ["<", "peak_flow", "flow_low"]
tone = "warn"

[[classes]]
value = 1
label = "控制良好"
when = true
tone = "good"

[[ladder]]
name = "low"
when = ["<", "peak_flow", "flow_low"]
referral = "none"
next = [{ kind = "recheck", days = 14 }]
because = ["峰流速 {peak_flow}%，2 周内复查"]

[[ladder]]
name = "fine"
when = true
referral = "none"
next = [{ kind = "regular", months = "regular_months" }]
because = ["峰流速 {peak_flow}%，按期随访"]

[[indicators]]
code = "managed_asthma"
name = "哮喘规范管理率"
definition = "按要求随访的哮喘患者 ÷ 管理的哮喘患者 × 100%"
"""


@pytest.fixture
def folder(tmp_path):
    """A county's own folder with one file in it."""
    place = tmp_path / "own programmes"
    place.mkdir()
    (place / "asthma.toml").write_text(ASTHMA, encoding="utf-8")
    return place


@pytest.fixture
def county(databases, folder, tmp_path):
    """The app of a county that names its folder; afterwards the others' programmes hold again."""
    account_actions.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with databases.fresh() as url:
        given = settings(url, tmp_path)
        app = create_app({**given, "PROGRAMMES": [folder]})
        app.test_client_class = StrictClient
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()
        create_app(given)


def signed_in(app, username: str):
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "127.0.0.1"
    client.post("/login", data={"username": username, "password": PASSWORD})
    return client


def taken_in(client) -> str:
    """A resident enrolled by the page's own form; gives the uid."""
    resident = make_resident("=HYPERLINK", phone="13800138000")
    address = f"/residents/{resident.uid}/enrolments"
    assert "asthma" in client.get(f"{address}/new").text
    answer = client.post(address, data={"programme": "asthma"})
    assert answer.status_code == 303, answer.text
    return resident.uid


def recorded(client, uid: str, **answers: object) -> Visit:
    head = {"uid": "visit-asthma", "resident": uid, "visit_date": "2026-11-21", "way": "1"}
    answer = client.post("/visits", data={**head, "peak_flow": "85", **answers})
    assert answer.status_code == 303, answer.text
    return db.session.execute(select(Visit)).scalar_one()


def test_the_word_comes_from_the_file_alone(county):
    assert word("programme", "asthma") == "哮喘"
    assert set(labels.LABELS["programme"]) == set(load_programmes()) > {"hypertension", "asthma"}


def test_the_form_has_its_fields_and_the_tablet_its_data(county):
    chen = signed_in(county, "chen")
    uid = taken_in(chen)
    page = chen.get(f"/residents/{uid}/visits/new").text
    for field in ("peak_flow", "night_waking", "asthma_note"):
        assert f'name="{field}"' in page
    assert "峰流速占预计值" in page
    data = json.loads(
        re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)[1]
    )
    served = {one["code"]: one for one in data["programmes"]}["asthma"]
    assert served["parameters"]["flow_low"]["value"] == 60
    assert [line["name"] for line in served["ladder"]] == ["low", "fine"]


def test_the_night_makes_its_tasks(county):
    uid = taken_in(signed_in(county, "chen"))
    enrolment = db.session.execute(select(Enrolment)).scalar_one()
    assert (enrolment.programme, enrolment.next_due_on) == ("asthma", date(2026, 12, 31))
    run_job(MAKE_DUE_TASKS, date(2026, 12, 2), trust_clock=True)
    task = db.session.execute(select(Task)).scalar_one()
    assert (task.programme, task.kind, task.due_on) == ("asthma", "regular", date(2026, 12, 31))
    listed = signed_in(county, "chen").get(f"/residents/{uid}").text

    assert "哮喘" in listed


def test_its_ladder_judges_and_the_visit_is_in_every_list(county):
    chen = signed_in(county, "chen")
    visit = recorded(chen, taken_in(chen), peak_flow="55")
    page = chen.get(f"/visits/{visit.uid}").text
    assert "没有控制" in page
    assert "峰流速 55%" in page
    assert "没有控制" in chen.get("/visits?programme=asthma").text
    assert '<option value="asthma"' in chen.get("/residents").text


def test_the_table_has_a_column_for_each_field_and_no_formula(county):
    chen = signed_in(county, "chen")
    recorded(chen, taken_in(chen), night_waking="2", asthma_note="=1+1")
    answer = chen.post("/exports", data={"programme": "asthma", "since": "", "until": ""})
    assert answer.status_code == 200
    (chunk,) = read_workbook(answer.data)
    table = dict(zip(chunk.rows[0], chunk.rows[1], strict=True))
    assert table["峰流速占预计值（%）"] == 85
    assert table["夜间憋醒"] == "每周有"
    assert table["吸入方法"] == "=1+1"
    assert table["姓名"] == "=HYPERLINK"
    assert table["电话"] != "13800138000"
    assert table["分类"] == "控制良好"
    assert b"<f>" not in b"".join(sheets(answer.data))


def sheets(content: bytes):
    from zipfile import ZipFile

    with ZipFile(BytesIO(content)) as packed:
        return [packed.read(n) for n in packed.namelist() if n.startswith("xl/worksheets/")]


def test_its_parameters_and_indicators_are_listed(county):
    listed = county.test_cli_runner().invoke(args=["rules", "list"]).output
    asthma = next(p for p in json.loads(listed) if p["code"] == "asthma")
    assert {p["code"] for p in asthma["parameters"]} == {"flow_low", "regular_months"}
    indicators = county.test_cli_runner().invoke(args=["rules", "list", "--indicators"]).output
    assert "managed_asthma" in indicators
    page = signed_in(county, "sun").get("/parameters?q=哮喘").text
    assert "峰流速危险线" in page
    changed = signed_in(county, "sun").post(
        "/parameters/asthma/flow_low", data={"value": "70", "source": "县文件", "valid_from": ""}
    )
    assert changed.status_code == 200


def test_without_the_folder_the_programme_is_not_there(app):
    assert "asthma" not in load_programmes()
    assert word("programme", "asthma") == "asthma"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("asthma.toml", "code = ", "asthma.toml"),
        ("other.toml", ASTHMA, "not the file's name"),
        ("hypertension.toml", (FOLDER / "hypertension.toml").read_text("utf-8"), "there already"),
    ],
)
def test_a_bad_file_stops_the_start_and_names_itself(tmp_path, name, text, said):
    (tmp_path / name).write_text(text, encoding="utf-8")
    before = load_programmes()
    with pytest.raises(ProgrammeFileError, match=said):
        create_app({"INSTANCE": tmp_path / "instance", "PROGRAMMES": [tmp_path]})
    assert load_programmes() is before


def test_a_folder_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(ProgrammeFileError, match="not a folder"):
        create_app({"INSTANCE": tmp_path / "instance", "PROGRAMMES": [tmp_path / "nothing"]})


def test_folders_come_from_the_environment(tmp_path, monkeypatch):
    from familydoc import config

    monkeypatch.setenv("FAMILYDOC_PROGRAMMES", f"{tmp_path}:/etc/familydoc")
    found = config.load({"INSTANCE": tmp_path / "instance"})["PROGRAMMES"]
    assert [str(one) for one in found] == [str(tmp_path), "/etc/familydoc"]
