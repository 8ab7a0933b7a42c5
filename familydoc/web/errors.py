"""What went wrong, that nothing was lost, and what to press."""

import logging

from flask import Flask, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from familydoc.extensions import db
from familydoc.rules.errors import RuleError
from familydoc.web.access import wants_json

log = logging.getLogger(__name__)

SENTENCES = {
    400: ("请求看不懂", "地址或内容不完整，没有保存任何东西。请返回上一页再试。"),
    403: ("不能这样做", "您的账号没有这个权限。请返回上一页。"),
    404: ("没有找到", "没有这个页面，或者它不在您的服务范围内。"),
    405: ("不能这样打开", "这个地址要从页面上的按钮进入。请返回上一页。"),
    408: ("等得太久了", "网络太慢，没有收完。请再试一次。"),
    409: ("已有别人先改了", "请刷新页面看最新内容，再改一次。"),
    410: ("已经过期", "这份内容不再保留。"),
    413: ("文件太大", "一次最多 32 MB。没有保存任何东西，请换小一点的文件。"),
    415: ("格式不对", "服务器看不懂这种内容。"),
    422: ("有内容要改", "请按提示修改后再交。"),
    429: ("太频繁了", "请过一会儿再试。"),
    500: ("程序出错了", "没有保存任何东西，问题已记入日志。请再试一次；还不行，请告诉管理员。"),
    503: ("数据库暂时连不上", "没有保存任何东西，填的内容还在下面。请过一会儿再按“再交一次”。"),
}
#: Never put back into a page.
SECRETS = frozenset({"csrf_token", "password", "old", "again"})


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(InterfaceError, _away)
    app.register_error_handler(RuleError, _refused)
    app.register_error_handler(Exception, _broken)


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    response = _answer(code)
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _refused(error: RuleError) -> Response:
    """A rule's refusal that no form caught: its sentence, not a stack trace."""
    return _answer(422, sentence=error.message)


def _stale_form(_error: CSRFError) -> Response:
    return _answer(400, "页面放得太久了", "为了安全，请再按一次。填的内容都在。", keep=True)


def _away(error: Exception) -> Response:
    log.error("database away: %s", type(error).__name__)
    _forget()
    response = _answer(503, keep=True)
    response.headers["Retry-After"] = "10"
    return response


def _broken(error: Exception) -> Response:
    log.exception("unhandled %s", type(error).__name__)
    _forget()
    return _answer(500)


def _forget() -> None:
    try:
        db.session.rollback()
    except Exception:
        db.session.remove()


def _answer(
    code: int, title: str | None = None, sentence: str | None = None, keep: bool = False
) -> Response:
    known_title, known_sentence = SENTENCES.get(code, SENTENCES[400 if code < 500 else 500])
    title, sentence = title or known_title, sentence or known_sentence
    if wants_json():
        response = make_response(jsonify(error=sentence), code)
    else:
        page = render_template(
            "errors/error.html", title=title, sentence=sentence, typed=_typed() if keep else []
        )
        response = make_response(page, code)
    return response


def _typed() -> list[tuple[str, str]]:
    """What was typed, to be sent again from the error page."""
    return [(name, value) for name, value in request.form.items(True) if name not in SECRETS]
