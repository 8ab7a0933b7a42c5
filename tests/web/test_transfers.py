"""Pages of handing somebody over: what each side sees, and what each may do."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from familydoc.extensions import db
from familydoc.models.residents import Resident
from familydoc.models.transfers import Transfer
from tests.cast import YUANZIWAN, make_contract, make_enrolment, make_resident, make_task

DATA = {"village_code": YUANZIWAN, "on": "2026-11-20", "address": "西坡 9 号", "reason": "跟儿子住"}


@pytest.fixture
def zhang(app):
    resident = make_resident(
        phone="13800138000", number="150124195803050018", note="脾气大", address="东街 3 号"
    )
    enrolment = make_enrolment(resident)
    make_enrolment(resident, "severe_mental_disorder")
    make_task(enrolment, date(2026, 12, 1))
    make_contract(resident)
    return resident


def stored():
    db.session.expire_all()
    return db.session.scalars(select(Transfer).order_by(Transfer.id.desc())).first()


def where():
    db.session.expire_all()
    return db.session.scalars(select(Resident)).one().village_code


def offer(zhang, as_):
    answer = as_("jia").post(f"/residents/{zhang.uid}/transfer", data=DATA)
    assert answer.status_code == 303
    return stored()


def test_receiver_sees_four_things_and_nothing_more(zhang, as_):
    transfer = offer(zhang, as_)
    client = as_("wu")
    for path in ("/transfers", f"/transfers/{transfer.uid}"):
        page = client.get(path).text
        assert all(word in page for word in ("张建国", "68", "城关村", "高血压", "专项随访"))
        for secret in ("精神", "13800138000", "150124195803050018", "脾气", "东街", "西坡", "儿子"):
            assert secret not in page, (path, secret)
        assert zhang.uid not in page
    assert client.get(f"/residents/{zhang.uid}").status_code == 404


def test_sender_waits_and_receiver_confirms(zhang, as_):
    transfer = offer(zhang, as_)
    sender, receiver = as_("chen"), as_("wu")
    assert "正在转到宏河镇卫生院" in sender.get(f"/residents/{zhang.uid}").text
    assert "等对方确认" in sender.get("/transfers").text
    assert "等我接收 1 人" in receiver.get("/residents").text
    here = f"/transfers/{transfer.uid}"
    assert sender.post(f"{here}/accept", data={"village_code": YUANZIWAN}).status_code == 404
    assert receiver.post(f"{here}/accept", data={}).status_code == 422
    answer = receiver.post(f"{here}/accept", data={"village_code": YUANZIWAN})
    assert answer.headers["Location"] == f"/residents/{zhang.uid}"
    page = receiver.get(answer.headers["Location"]).text
    assert "原来的签约协议已终止" in page and "城关镇卫生院转到宏河镇卫生院，已接收" in page
    assert "迁出（转到宏河镇卫生院）" in page and "西坡 9 号" in page
    assert sender.get(f"/residents/{zhang.uid}").status_code == 404
    settled = sender.get(f"/transfers/{transfer.uid}").text
    assert "已接收" in settled and "张建国" not in settled and "高血压" not in settled
    assert receiver.post(f"{here}/accept", data={"village_code": YUANZIWAN}).status_code == 422


def test_receiver_refuses_with_a_reason_the_sender_reads(zhang, as_):
    here = f"/transfers/{offer(zhang, as_).uid}"
    receiver = as_("wu")
    assert receiver.post(f"{here}/refuse", data={}).status_code == 422
    assert receiver.post(f"{here}/refuse", data={"reason": "not_here"}).status_code == 303
    assert "人不在我们这里" in as_("chen").get("/transfers").text
    assert where() == "150124100200"
    after = receiver.get(here).text
    assert "张建国" not in after and "高血压" not in after


def test_sender_withdraws(zhang, as_):
    here = f"/transfers/{offer(zhang, as_).uid}"
    assert as_("wu").post(f"{here}/withdraw").status_code == 404
    assert as_("jia").post(f"{here}/withdraw").status_code == 303
    assert stored().state == "withdrawn"
    client = as_("jia")
    client.post(f"{here}/withdraw")
    assert "已经处理过了" in client.get("/transfers").text


def test_receiver_takes_a_mistake_back(zhang, as_):
    here, receiver = f"/transfers/{offer(zhang, as_).uid}", as_("wu")
    receiver.post(f"{here}/accept", data={"village_code": YUANZIWAN})
    assert receiver.post(f"{here}/undo", data={"reason": ""}).status_code == 422
    assert as_("chen").post(f"{here}/undo", data={"reason": "错了"}).status_code == 404
    assert receiver.post(f"{here}/undo", data={"reason": "同名同姓"}).status_code == 303
    assert where() == "150124100200"
    assert "撤销" in as_("chen").get(f"/residents/{zhang.uid}").text


def test_second_offer_leads_to_the_first(zhang, as_):
    transfer = offer(zhang, as_)
    client, path = as_("jia"), f"/residents/{zhang.uid}/transfer"
    assert client.get(path).headers["Location"] == f"/transfers/{transfer.uid}"
    answer = client.post(path, data=DATA)
    assert answer.status_code == 422 and "已经发起过" in answer.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"village_code": ""}, "请选择村"),
        ({"village_code": "999"}, "请选择村"),
        ({"village_code": "150124100202"}, "还是本团队负责"),
        ({"on": ""}, "存在的日期"),
        ({"on": "2026-12-01"}, "还没有到"),
    ],
)
def test_bad_offer_keeps_what_was_typed(zhang, as_, changes, sentence):
    answer = as_("jia").post(f"/residents/{zhang.uid}/transfer", data=DATA | changes)
    assert answer.status_code == 422 and sentence in answer.text
    assert "西坡 9 号" in answer.text and "跟儿子住" in answer.text and stored() is None


def test_member_of_the_receiving_team_sees_but_does_not_confirm(zhang, as_):
    answer = as_("wu").get("/transfers")
    assert "没有等待的转入转出" in answer.text
    here = f"/transfers/{offer(zhang, as_).uid}"
    assert as_("li").get(here).status_code == 404
    assert as_("admin").get(here).status_code == 404
    page = as_("sun").get(here).text
    assert not re.search(r"<button[^>]*>接收", page)
