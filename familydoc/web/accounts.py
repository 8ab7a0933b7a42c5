"""Logging in and out, one's own password, and the accounts of the house."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response

from familydoc.actions import accounts as actions
from familydoc.extensions import keys
from familydoc.labels import LABELS
from familydoc.models.accounts import Account
from familydoc.models.organisations import Organisation
from familydoc.models.teams import Staff
from familydoc.queries import accounts as queries
from familydoc.queries.organisations import find_organisation, list_organisations
from familydoc.queries.staff import find_staff, list_without_account
from familydoc.rules.errors import RuleError
from familydoc.rules.values import clean_text
from familydoc.web.access import public, requires, sign_in, sign_out, viewer
from familydoc.web.find_places import KEY, find_account
from familydoc.web.forms.accounts import LoginForm, NewAccountForm, PasswordForm, SeatForm

blueprint = Blueprint("accounts", __name__)

Answer = Response | tuple[str, int]
#: Where a fresh password waits, sealed, for the one page that shows it.
FRESH = "fresh_password"


@blueprint.get("/login")
@public
def login() -> str:
    return render_template("accounts/login.html", form=LoginForm())


@blueprint.post("/login")
@public
def log_in() -> Answer:
    form = LoginForm()
    if not form.validate():
        return render_template("accounts/login.html", form=form), 422
    try:
        _, token = actions.log_in(
            by=None,
            username=form.username.data.strip().lower(),
            password=form.password.data,
            address=request.remote_addr or "",
        )
    except RuleError as refused:
        form.password.errors = [refused.message]
        status = 429 if refused.code == "login_slowed" else 422
        return render_template("accounts/login.html", form=form), status
    sign_in(token)
    return redirect(_inside(request.args.get("next")), 303)


@blueprint.post("/logout")
@requires("home")
def logout() -> Response:
    actions.log_out(by=viewer(), token=current_user.token)
    sign_out()
    response = redirect(url_for("accounts.login"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/password")
@requires("home")
def password() -> str:
    return render_template("accounts/password.html", form=PasswordForm())


@blueprint.post("/password")
@requires("home")
def change_password() -> Answer:
    form = PasswordForm()
    if form.validate() and form.password.data != form.again.data:
        form.again.errors = ["两次填的新密码不一样。"]
    if form.errors:
        return render_template("accounts/password.html", form=form), 422
    try:
        token = actions.change_password(
            by=viewer(),
            old=form.old.data,
            new=form.password.data,
            policy=current_app.config["PASSWORD_POLICY"],
        )
    except RuleError as refused:
        form[refused.field or "password"].errors = [refused.message]
        return render_template("accounts/password.html", form=form), 422
    sign_in(token)
    flash("密码已经改好，其他设备上的登录都已退出。")
    return redirect(url_for("home.home"), 303)


def _inside(address: str | None) -> str:
    """Keep a redirect inside this site: one leading slash, no other host."""
    plain = (address or "").replace("\\", "/")
    if not plain.startswith("/") or plain.startswith("//") or not plain.isprintable():
        return url_for("home.home")
    return plain


@blueprint.get("/accounts")
@requires("accounts.edit")
def index() -> str:
    args = request.args
    filters = queries.AccountFilters(
        text=(clean_text(args.get("q", "")) or "")[:50],
        role=args.get("role", "") if args.get("role") in LABELS["role"] else "",
        state=args.get("state", "") if args.get("state") in ("active", "disabled") else "",
    )
    follow = args.get("after", "")
    accounts, after = queries.list_accounts(filters, follow if KEY.fullmatch(follow) else "")
    return render_template(
        "accounts/index.html",
        accounts=accounts,
        filters=filters,
        total=queries.count_accounts(filters),
        logins=queries.last_logins(accounts),
        roles=LABELS["role"],
        next_address=_next_address(filters, after),
    )


def _next_address(filters: queries.AccountFilters, after: str) -> str:
    if not after:
        return ""
    narrowed = {"q": filters.text, "role": filters.role, "state": filters.state}
    kept: dict[str, Any] = {name: value for name, value in narrowed.items() if value}
    return url_for("accounts.index", **kept, after=after)


@blueprint.get("/accounts/new")
@requires("accounts.edit")
def new() -> str:
    return _new_page(NewAccountForm(request.args))


def _new_page(form: NewAccountForm) -> str:
    _offer(form, None)
    return render_template("accounts/new.html", form=form)


def _offer(form: SeatForm, person: Staff | None) -> None:
    """Fill the choices: people without an account, and the one who holds this one."""
    places = list_organisations(viewer(), "county", "township_centre")
    form.organisation.choices = [("", "跟随人员的单位")] + [(one.code, one.name) for one in places]
    people = [*([person] if person else []), *list_without_account()]
    form.staff.choices = [("", "不对应到人")] + [
        (one.uid, f"{one.organisation.name} · {one.name}") for one in dict.fromkeys(people)
    ]


def _seat(form: SeatForm) -> dict[str, Any]:
    """Give role, institution and person of a form; what is not there is refused by the action."""
    return {
        "role": form.role.data or "",
        "organisation": _place(form.organisation.data),
        "staff": _person(form.staff.data),
    }


def _place(code: Any) -> Organisation | None:
    return find_organisation(code) if isinstance(code, str) and KEY.fullmatch(code) else None


def _person(uid: Any) -> Staff | None:
    if not uid:
        return None
    found = find_staff(uid) if isinstance(uid, str) and KEY.fullmatch(uid) else None
    if found is None or not found.active:
        raise RuleError("person_unknown", "请从列表里选一位在岗人员。", "staff")
    return found


@blueprint.post("/accounts")
@requires("accounts.edit")
def add() -> Answer:
    form = NewAccountForm()
    try:
        account, password = actions.create_account(
            by=viewer(),
            username=form.username.data or "",
            policy=current_app.config["PASSWORD_POLICY"],
            **_seat(form),
        )
    except RuleError as refused:
        form[refused.field or "username"].errors = [refused.message]
        return _new_page(form), 422
    return _show_once(account, password)


@blueprint.get("/accounts/<username>")
@requires("accounts.edit")
def edit(username: str) -> str:
    account = find_account(username)
    form = SeatForm(
        formdata=None,
        role=account.role,
        organisation=account.organisation.code,
        staff=account.staff.uid if account.staff else "",
    )
    return _edit_page(account, form)


def _edit_page(account: Account, form: SeatForm) -> str:
    _offer(form, account.staff)
    return render_template(
        "accounts/edit.html",
        account=account,
        form=form,
        own=account.id == viewer().id,
        fresh=_fresh_password(account),
        last=queries.last_logins([account]).get(account.id),
    )


@blueprint.post("/accounts/<username>")
@requires("accounts.edit")
def save(username: str) -> Answer:
    account, form = find_account(username), SeatForm()
    try:
        actions.change_role(by=viewer(), account=account, **_seat(form))
    except RuleError as refused:
        if refused.code == "self":  # one's own page has no form to put it in
            flash(refused.message, "danger")
        form[refused.field or "role"].errors = [refused.message]
        return _edit_page(account, form), 422
    flash(f"{account.username} 的角色已改，下一次点击就生效。")
    return redirect(url_for("accounts.index"), 303)


@blueprint.post("/accounts/<username>/reset")
@requires("accounts.edit")
def reset(username: str) -> Answer:
    account = find_account(username)
    try:
        password = actions.reset_password(
            by=viewer(), account=account, policy=current_app.config["PASSWORD_POLICY"]
        )
    except RuleError as refused:
        flash(refused.message, "danger")
        return edit(username), 422
    return _show_once(account, password)


def _show_once(account: Account, password: str) -> Response:
    """Seal the password into the session until the account's page has shown it."""
    sealed = keys.vault.seal(f"{account.username} {password}")
    session[FRESH] = urlsafe_b64encode(sealed).decode()
    return redirect(url_for("accounts.edit", username=account.username), 303)


def _fresh_password(account: Account) -> str:
    """Give the password that was just made for this account, and forget it."""
    sealed = session.pop(FRESH, "")
    if not sealed:
        return ""
    username, _, password = keys.vault.open(urlsafe_b64decode(sealed)).partition(" ")
    return password if username == account.username else ""


@blueprint.post("/accounts/<username>/disable")
@requires("accounts.edit")
def disable(username: str) -> Answer:
    account = find_account(username)
    try:
        actions.disable_account(by=viewer(), account=account)
    except RuleError as refused:
        flash(refused.message, "danger")
        return edit(username), 422
    flash(f"{account.username} 已停用，登录马上失效。")
    return redirect(url_for("accounts.index"), 303)


@blueprint.post("/accounts/<username>/enable")
@requires("accounts.edit")
def enable(username: str) -> Answer:
    account = find_account(username)
    try:
        actions.enable_account(by=viewer(), account=account)
    except RuleError as refused:
        flash(refused.message, "danger")
        return edit(username), 422
    flash(f"{account.username} 已启用，用原来的密码登录；忘了可以重设。")
    return redirect(url_for("accounts.index"), 303)
