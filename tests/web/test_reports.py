"""The leader's page: whose numbers, and that each opens the very list it counts."""

import html
import re
from datetime import date

import pytest

from familydoc.transaction import transaction
from tests.cast import (
    CHENGGUAN,
    HONGHE,
    NANGOU,
    SHENCHIYAO,
    YUANZIWAN,
    account,
    make_contract,
    make_enrolment,
    make_resident,
    make_task,
    staff,
    team_of,
)

TODAY = date(2026, 11, 21)
FATES = (
    (date(2026, 11, 5), {"state": "done", "closed_on": date(2026, 11, 4)}),
    (date(2026, 11, 6), {"state": "done", "closed_on": date(2026, 11, 9)}),
    (date(2026, 10, 6), {"state": "done", "closed_on": date(2026, 11, 9)}),
    (date(2026, 10, 9), {"state": "missed"}),
    (date(2026, 11, 10), {}),
    (date(2026, 11, 12), {"state": "cancelled"}),
    (TODAY, {}),
    (date(2026, 12, 1), {}),
    (date(2026, 9, 30), {}),
)


@pytest.fixture
def work(app):
    """Residents of three teams, signed and not, with tasks of every fate."""
    for number, (team, village, owner) in enumerate(
        (
            ("chengguan1", "150124100200", "jia"),
            ("chengguan1", NANGOU, "yun"),
            ("chengguan2", SHENCHIYAO, "li"),
            ("honghe1", YUANZIWAN, "wu"),
        )
    ):
        one = make_resident(f"甲{number}", team=team, village=village)
        other = make_resident(f"乙{number}", date(1990, 1, 1), team=team, village=village)
        make_contract(one if number % 2 else other)
        enrolment = make_enrolment(one, staff_id=staff(owner).id)
        for place, (due, columns) in enumerate(FATES):
            make_task(enrolment, due, f"kind{place}", **columns)


def figures(text):
    """Every figure of a page: code, value, and the address it opens, '' for none."""
    found = []
    for tag in re.findall(r"<(?:a|div|span)\b[^>]*data-indicator=[^>]*>", text):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        address = html.unescape(given.get("href", ""))
        found.append((given["data-indicator"], given["data-value"], address))
    return found


def count_of(page):
    return int(re.search(r'data-count="(\d+)"', page.text)[1])


@pytest.mark.parametrize(
    ("username", "place"),
    [
        ("chen", ""),
        ("jia", ""),
        ("zhao", ""),
        ("wu", ""),
        ("sun", ""),
        ("sun", f"&centre={CHENGGUAN}"),
    ],
)
@pytest.mark.parametrize("period", ["month", "quarter"])
def test_each_count_opens_a_list_of_as_many(as_, work, username, place, period):
    client = as_(username)
    opened = 0
    for code, value, address in figures(client.get(f"/reports?period={period}{place}").text):
        if not address.startswith("/tasks"):
            continue
        page = client.get(address)
        assert page.status_code == 200
        if "." not in value:
            assert count_of(page) == int(value), (code, address)
            opened += 1
    assert opened >= 4


def test_each_rate_opens_the_people_or_tasks_of_its_numerator(as_, work):
    client = as_("chen")
    text = client.get("/reports?period=quarter").text
    parts = {"signed": 2, "signed_key": 1, "completed_quarter": 6, "timely": 2}
    opened = {code: address for code, _, address in figures(text)[:6]}
    for code, numerator in parts.items():
        assert count_of(client.get(opened[code])) == numerator, opened[code]
    assert opened["satisfaction"] == "" and opened["overdue"] == ""


def test_tiles_show_value_and_parts(as_, work):
    text = as_("chen").get("/reports?period=quarter").text
    values = {code: value for code, value, _ in figures(text)[:6]}
    assert values == {
        "signed": "50.00",
        "signed_key": "50.00",
        "completed_quarter": "50.00",
        "timely": "16.67",
        "overdue": "50.00",
        "satisfaction": "",
    }
    assert "应随访 12 人次，已完成 6" in text and "统计于 11月21日 10:00" in text


def test_period_changes_what_is_counted(as_, work):
    client = as_("chen")
    month = {code: value for code, value, _ in figures(client.get("/reports").text)[:6]}
    assert month["completed_month"] == "50.00" and "completed_quarter" not in month
    assert "应随访 8 人次，已完成 4" in client.get("/reports?period=month").text
    assert client.get("/reports?period=year").status_code == 200


def test_members_and_villages_add_up_to_the_team(as_, work):
    text = as_("chen").get("/reports?period=quarter").text
    members, villages = text.split('id="members"')[1].split('id="villages"')
    for part in (members, villages):
        due = [int(value) for code, value, _ in figures(part) if code == "due"]
        assert sum(due) == 12
    assert members.index("陈玉兰") < members.index("云其格") < members.index("贾二牛")
    assert "李建国" not in text and "神池窑村" not in text


def test_teams_and_those_without_one_add_up_to_the_centre(as_, work):
    nobody = make_resident("无队", team=None)
    make_task(make_enrolment(nobody, team_id=None, staff_id=None), date(2026, 11, 3))
    text = as_("zhao").get("/reports?period=quarter").text
    assert "城关一队" in text and "城关二队" in text and "宏河" not in text
    assert "3 人签约 / 7 名服务人口" in text and "还没有团队的" in text
    county = as_("sun").get("/reports?period=quarter").text
    assert "城关镇卫生院" in county and "宏河镇卫生院" in county
    assert "应随访 25 人次" in county


def test_task_of_nobody_stands_in_a_line_of_its_own(as_, work):
    one = make_resident("无主")
    make_task(make_enrolment(one, staff_id=None), date(2026, 11, 3))
    text = as_("chen").get("/reports").text
    assert "没有负责人" in text


def test_member_sees_own_numbers_only(as_, work):
    text = as_("jia").get("/reports?period=quarter").text
    assert "贾二牛的统计" in text and "城关村" in text and "南沟村" not in text
    assert "1 人签约 / 2 名服务人口" in text and "应随访 6 人次" in text
    assert "云其格" not in text


@pytest.mark.parametrize(
    ("username", "allowed", "refused"),
    [
        ("jia", [], ["team=chengguan1", f"centre={CHENGGUAN}"]),
        ("chen", ["team=chengguan1"], ["team=chengguan2", "team=honghe1", f"centre={CHENGGUAN}"]),
        ("zhao", ["team=chengguan2", f"centre={CHENGGUAN}"], ["team=honghe1", f"centre={HONGHE}"]),
        ("sun", ["team=honghe1", f"centre={HONGHE}"], ["team=none", "centre=150125", "centre=%00"]),
        ("wu", ["team=honghe1"], ["team=chengguan1", "centre=150124101"]),
    ],
)
def test_numbers_of_others_are_not_there(as_, username, allowed, refused):
    client = as_(username)

    def status(query):
        for key in ("chengguan1", "chengguan2", "honghe1"):
            query = query.replace(key, team_of(key).uid)
        return client.get(f"/reports?{query}").status_code

    assert [status(query) for query in allowed] == [200] * len(allowed)
    assert [status(query) for query in refused] == [404] * len(refused)


def test_account_that_serves_nowhere_sees_an_empty_page(as_):
    with transaction():
        account("jia").staff_id = None
    page = as_("jia").get("/reports")
    assert page.status_code == 200 and "还没有可以统计的" in page.text


@pytest.mark.parametrize("username", ["admin", "board"])
def test_reports_are_not_there_without_the_permission(as_, username):
    client = as_(username)
    assert client.get("/reports").status_code == 404
    assert client.get("/reports/indicators").status_code == 404


def test_supervisor_walks_from_county_to_centre_to_team(as_, work):
    client = as_("sun")
    county = client.get("/reports?period=quarter").text
    centre_address = re.search(r'href="([^"]*centre=150124100[^"]*)"', county)[1]
    centre = client.get(html.unescape(centre_address)).text
    assert "城关镇卫生院的统计" in centre and "全县</a>" in centre
    team_address = re.search(r'href="(/reports[^"]*team=[^"]*)"', centre)[1]
    team = client.get(html.unescape(team_address)).text
    assert "城关一队的统计" in team and "城关镇卫生院</a>" in team
    for text in (county, centre, team):
        assert "completed_quarter" in text


def test_two_screens_agree(as_, work):
    """Board and report count by one function."""
    board = as_("zhao").get(f"/board/{CHENGGUAN}").text
    report = as_("zhao").get("/reports?period=quarter").text
    shown = {code: value for code, value, _ in figures(board)}
    told = {code: value for code, value, _ in figures(report)[:6]}
    assert shown == {code: told[code] for code in shown}


def test_chart_has_a_title_and_its_numbers_in_reach(as_, work):
    text = as_("chen").get("/reports").text
    chart = text.split('class="panel months"')[1]
    assert "近六个月到期的随访任务</title>" in chart and "11月完成 50.00%" in chart
    assert '<th scope="row">2026年9月</th><td class="num">2</td>' in chart


def test_empty_team_says_what_is_missing(as_):
    text = as_("li").get("/reports").text
    assert "—" in text and "还没有在册居民" in text and 'class="panel months"' not in text


def test_indicator_list_has_every_definition(as_):
    text = as_("jia").get("/reports/indicators").text
    assert "签约率" in text and "completed_quarter" in text and "四舍五入" in text
    assert int(re.search(r'data-count="(\d+)"', text)[1]) == text.count("<dt>")
