"""Accounts: opened, shut, given another role; never the last administrator, never upward alone."""

import pytest

from familydoc.actions import accounts as actions
from familydoc.actions import staff as staff_actions
from familydoc.extensions import db
from familydoc.models.accounts import Account
from familydoc.models.audit import AuditEvent
from familydoc.models.teams import Staff
from familydoc.queries.accounts import AccountFilters, last_logins, list_accounts
from familydoc.rules.errors import RuleError
from familydoc.rules.passwords import check_password
from familydoc.transaction import transaction
from tests.actions.races import together
from tests.cast import CHENGGUAN, HONGHE, account, organisation, staff


def create(username: str = "new.one", **given):
    seat = {"role": "manager", "organisation": organisation(HONGHE), "staff": None} | given
    return actions.create_account(by=account("admin"), username=username, policy="dengbao", **seat)


def refused(call, **kwargs) -> RuleError:
    with pytest.raises(RuleError) as error:
        call(by=account("admin"), **kwargs)
    return error.value


def make_person():
    return staff_actions.add_staff(
        by=account("admin"),
        organisation=organisation(CHENGGUAN),
        person=staff_actions.Person(name="郝香莲"),
    )


def test_account_is_opened_with_a_first_password_that_must_be_changed(app):
    made, password = create(" New.One ")
    assert made.username == "new.one" and made.must_change_password
    assert password not in made.password_hash and actions.hasher.verify(
        made.password_hash, password
    )
    event = db.session.query(AuditEvent).filter_by(verb="add_account", entity_id=made.id).one()
    assert event.details == {"role": "manager"}


@pytest.mark.parametrize("policy", ["dengbao", "asvs"])
def test_first_password_meets_the_policy(policy):
    for _ in range(50):
        check_password(policy, actions.first_password(policy, "chen"), "chen")


def test_account_of_who_serves_belongs_where_the_person_does(app):
    made, _ = create(role="member", organisation=organisation(HONGHE), staff=make_person())
    assert made.organisation.code == CHENGGUAN


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"username": "chen"}, "username_taken"),
        ({"username": "CHEN"}, "username_taken"),
        ({"username": "陈"}, "username_format"),
        ({"role": "member"}, "person_missing"),
        ({"role": "administrator"}, "seat_wrong"),
    ],
)
def test_account_is_refused_and_nothing_is_stored(app, given, code):
    before = db.session.query(Account).count()
    with pytest.raises(RuleError) as error:
        create(**given)
    assert error.value.code == code and db.session.query(Account).count() == before


def test_one_person_has_one_active_account(app):
    with pytest.raises(RuleError) as error:
        create(role="member", staff=staff("yun"))
    assert error.value.code == "second_account" and "yun" in error.value.message


def test_reset_gives_a_fresh_password_and_ends_every_login(app):
    before = account("chen").version, account("chen").password_hash
    password = actions.reset_password(
        by=account("admin"), account=account("chen"), policy="dengbao"
    )
    chen = account("chen")
    assert chen.version == before[0] + 1 and chen.must_change_password
    assert actions.hasher.verify(chen.password_hash, password) and chen.password_hash != before[1]


def test_last_administrator_is_neither_shut_nor_demoted(app):
    assert refused(actions.disable_account, account=account("admin")).code == "last_administrator"
    with transaction():
        account("sun").role = "administrator"
        account("sun").active = False
    assert refused(actions.disable_account, account=account("admin")).code == "last_administrator"
    with transaction():
        account("sun").active = True
    seat = {"role": "supervisor", "organisation": organisation("150124"), "staff": None}
    with pytest.raises(RuleError) as error:
        actions.change_role(by=account("admin"), account=account("admin"), **seat)
    assert error.value.code == "self"
    actions.change_role(by=account("admin"), account=account("sun"), **seat)
    with pytest.raises(RuleError) as error:
        actions.change_role(by=account("sun"), account=account("admin"), **seat)
    assert error.value.code == "last_administrator" and account("admin").role == "administrator"


def test_administrator_may_shut_himself_while_another_stays(app):
    with transaction():
        account("sun").role = "administrator"
    actions.disable_account(by=account("admin"), account=account("admin"))
    assert not account("admin").active


def test_nobody_resets_the_own_password_past_the_old_one(app):
    given = {"account": account("admin"), "policy": "dengbao"}
    assert refused(actions.reset_password, **given).code == "self"


def test_changed_role_counts_from_the_next_request(app):
    version = account("yun").version
    actions.change_role(
        by=account("admin"),
        account=account("yun"),
        role="leader",
        organisation=None,
        staff=staff("yun"),
    )
    assert account("yun").role == "leader" and account("yun").version == version + 1
    details = db.session.query(AuditEvent).filter_by(verb="change_role").one().details
    assert details == {"before": "member", "role": "leader"}


def test_shut_account_opens_again_unless_the_person_left(app):
    actions.disable_account(by=account("admin"), account=account("jia"))
    actions.enable_account(by=account("admin"), account=account("jia"))
    assert account("jia").active and account("jia").version == 3
    staff_actions.leave(by=account("admin"), staff=staff("jia"))
    assert refused(actions.enable_account, account=account("jia")).code == "person_left"


def test_account_stays_shut_when_the_person_got_another(app):
    actions.disable_account(by=account("admin"), account=account("jia"))
    create(role="member", staff=staff("jia"))
    assert refused(actions.enable_account, account=account("jia")).code == "second_account"


def test_list_is_narrowed_and_says_the_last_login(app, as_):
    as_("chen")
    found, after = list_accounts(AccountFilters(text="陈", role="leader", state="active"))
    assert [one.username for one in found] == ["chen"] and after == ""
    assert set(last_logins(found)) == {account("chen").id}
    assert list_accounts(AccountFilters(text="%"))[0] == []
    assert list_accounts(AccountFilters(state="disabled"))[0] == []


def test_two_administrators_do_not_shut_each_other_out(app):
    with transaction():
        account("sun").role = "administrator"

    def shut(by: str, whom: str):
        return lambda: actions.disable_account(by=account(by), account=account(whom))

    results = together(app, shut("admin", "sun"), shut("sun", "admin"))
    assert sorted(map(str, results)) == ["None", "last_administrator"]
    assert [account("admin").active, account("sun").active].count(True) == 1


def test_one_name_asked_for_twice_at_once_is_given_once(app):
    results = together(app, *[lambda: create("new.one")[0].username] * 2)
    assert sorted(map(str, results)) == ["new.one", "username_taken"]


def test_one_person_asked_for_twice_at_once_gets_one_account(app):
    uid = make_person().uid

    def make(name: str):
        def act() -> str:
            person = db.session.query(Staff).filter_by(uid=uid).one()
            return create(name, role="member", staff=person)[0].username

        return act

    results = together(app, make("first"), make("second"))
    assert results.count("second_account") == 1
