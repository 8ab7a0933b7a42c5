"""Closed by default: every endpoint is @public or @requires a permission."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    request,
    session,
    url_for,
)
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response as Answer

from familydoc import clock
from familydoc.actions.accounts import touch_session
from familydoc.extensions import login_manager
from familydoc.models.accounts import Account, LoginSession
from familydoc.queries.accounts import find_session
from familydoc.rules.passwords import expired
from familydoc.rules.permissions import may
from familydoc.web import htmx

View = TypeVar("View", bound=Callable[..., Any])
#: What somebody may still do who has to change the password first.
BEFORE_PASSWORD = frozenset({"accounts.password", "accounts.logout"})


class SignedIn(UserMixin):  # type: ignore[misc]
    """Flask-Login's user: one login on one device, known by its token."""

    def __init__(self, token: str, login: LoginSession) -> None:
        self.token = token
        self.login = login
        self.account = login.account

    def get_id(self) -> str:
        return self.token


def public(view: View) -> View:
    """Open a view to everybody; it must not read who is signed in."""
    view.access = None  # type: ignore[attr-defined]
    return view


def requires(permission: str) -> Callable[[View], View]:
    """Bind a view to a permission of rules/permissions.py."""

    def mark(view: View) -> View:
        view.access = permission  # type: ignore[attr-defined]
        return view

    return mark


def viewer() -> Account:
    """The account that is signed in; only views behind @requires may ask."""
    return current_user.account  # type: ignore[no-any-return]


def allowed(permission: str) -> bool:
    """Tell a template whether the viewer holds a permission."""
    return bool(current_user.is_authenticated) and may(viewer().role, permission)


def sign_in(token: str) -> None:
    """Put a fresh token into a fresh cookie session (no fixation)."""
    login = find_session(token)
    assert login is not None
    session.clear()
    login_user(SignedIn(token, login))


def sign_out() -> None:
    logout_user()
    session.clear()


def init_app(app: Flask) -> None:
    login_manager.user_loader(_load)
    login_manager.session_protection = None
    app.before_request(_guard)
    app.jinja_env.globals.update(allowed=allowed)


def _load(token: str) -> SignedIn | None:
    login = find_session(token)
    if login is None or _idle(login):
        return None
    return SignedIn(token, login)


def _idle(login: LoginSession) -> bool:
    quiet = clock.now() - login.last_seen_at
    return bool(quiet.total_seconds() > current_app.config["IDLE_MINUTES"] * 60)


def _guard() -> Answer | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    view = current_app.view_functions[request.endpoint]
    if not hasattr(view, "access"):
        abort(404)
    if view.access is None:
        return None
    if not current_user.is_authenticated:
        return _to_login()
    if not may(viewer().role, view.access):
        abort(404)
    touch_session(by=viewer(), login=current_user.login)
    return _password_first()


def _password_first() -> Answer | None:
    account = viewer()
    policy = current_app.config["PASSWORD_POLICY"]
    due = account.must_change_password or expired(policy, account.password_changed_at, clock.now())
    if due and request.endpoint not in BEFORE_PASSWORD:
        return redirect(url_for("accounts.password"), 303)
    return None


def _to_login() -> Answer:
    if wants_json():
        return _json_401()
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    address = url_for("accounts.login", next=back if back != "/" else None)
    return htmx.leave_to(address) if htmx.wants_fragment() else redirect(address, 303)


def wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.is_json


def _json_401() -> Response:
    response = jsonify(error="请先登录。")
    response.status_code = 401
    return response
