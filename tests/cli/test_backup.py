"""A copy while people work, put back whole; a broken one is refused before anything is touched."""

import threading

import pytest
from sqlalchemy import func, select

from familydoc import create_app
from familydoc.extensions import db
from familydoc.formats.sealed import new_key, read_key
from tests.cast import make_contract, make_enrolment, make_resident
from tests.databases import settings

NUMBER = "150124195803050017"


@pytest.fixture
def filled(app):
    resident = make_resident("张建国", number=NUMBER, phone="13800138000")
    make_enrolment(resident)
    make_contract(resident)
    return app


def counts():
    return {
        table.name: db.session.execute(select(func.count()).select_from(table)).scalar_one()
        for table in db.metadata.sorted_tables
        if table.name not in ("login_sessions", "login_failures", "audit_events")
    }


def run(app, *words):
    return app.test_cli_runner().invoke(args=list(words))


def test_backup_comes_back_whole_in_an_empty_database(filled, databases, tmp_path):
    file, before = tmp_path / "copy.backup", counts()
    assert run(filled, "backup", str(file)).exit_code == 0
    with databases.empty() as url:
        other = create_app(settings(url, tmp_path))
        with other.app_context():
            answer = run(other, "restore", str(file))
            assert answer.exit_code == 0, answer.output
            assert counts() == before
            found = db.session.execute(select(db.metadata.tables["residents"])).one()
            assert found.identity_number == NUMBER
            assert make_resident("李更久", number="150124196003090010").identity_number
            db.session.remove()
            db.engine.dispose()


def test_backup_holds_nobody_in_clear(filled, tmp_path):
    file = tmp_path / "copy.backup"
    run(filled, "backup", str(file))
    content = file.read_bytes()
    assert NUMBER.encode() not in content and "张建国".encode() not in content
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["cut", "changed", "longer", "empty"])
def test_broken_backup_is_refused_before_anything_is_touched(filled, tmp_path, damage):
    file, before = tmp_path / "copy.backup", counts()
    run(filled, "backup", str(file))
    content = bytearray(file.read_bytes())
    if damage == "cut":
        content = content[:-40]
    elif damage == "changed":
        content[len(content) // 2] ^= 1
    elif damage == "longer":
        content += b"x"
    else:
        content = bytearray()
    file.write_bytes(bytes(content))
    answer = run(filled, "restore", str(file), "--replace")
    assert answer.exit_code == 1 and "不是完整的备份" in answer.output
    assert counts() == before


def test_another_key_opens_nothing(filled, databases, tmp_path):
    file = tmp_path / "copy.backup"
    run(filled, "backup", str(file))
    with databases.empty() as url:
        other = create_app(settings(url, tmp_path) | {"DATA_KEY": read_key(new_key())})
        with other.app_context():
            answer = run(other, "restore", str(file))
            assert answer.exit_code == 1 and "FAMILYDOC_DATA_KEY" in answer.output
            db.session.remove()
            db.engine.dispose()
    create_app(settings(filled.config["SQLALCHEMY_DATABASE_URI"], tmp_path))


def test_filled_database_is_replaced_only_when_asked(filled, tmp_path):
    file = tmp_path / "copy.backup"
    run(filled, "backup", str(file))
    make_resident("后来的人")
    refused = run(filled, "restore", str(file))
    assert refused.exit_code == 1 and "--replace" in refused.output
    assert counts()["residents"] == 2
    assert run(filled, "restore", str(file), "--replace").exit_code == 0
    db.session.expire_all()
    assert counts()["residents"] == 1


def test_backup_while_others_write_is_of_one_moment(filled, tmp_path):
    file, go_on = tmp_path / "copy.backup", threading.Event()

    def write() -> None:
        with filled.app_context():
            while not go_on.is_set():
                make_enrolment(make_resident("新来的"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert run(filled, "backup", str(file)).exit_code == 0
    finally:
        go_on.set()
        writer.join()
    assert run(filled, "restore", str(file), "--replace").exit_code == 0
    db.session.expire_all()
    found = counts()
    assert 0 <= found["residents"] - found["enrolments"] <= 1
