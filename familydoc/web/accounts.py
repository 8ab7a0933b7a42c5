"""Logging in and out, and one's own password."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from familydoc.actions import accounts as actions
from familydoc.rules.errors import RuleError
from familydoc.web.access import public, requires, sign_in, sign_out, viewer
from familydoc.web.forms.accounts import LoginForm, PasswordForm

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/login")
@public
def login() -> str:
    return render_template("accounts/login.html", form=LoginForm())


@blueprint.post("/login")
@public
def log_in() -> Response | tuple[str, int]:
    form = LoginForm()
    if not form.validate():
        return render_template("accounts/login.html", form=form), 422
    try:
        _, token = actions.log_in(
            by=None,
            username=form.username.data.strip(),
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
def change_password() -> Response | tuple[str, int]:
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
