"""`python app.py`: web and night shift in one process, on SQLite unless told otherwise."""

import argparse
import os
import socket
import sys
from typing import Any

from flask import Flask
from sqlalchemy import inspect
from waitress import create_server

from familydoc.actions.setup import set_up
from familydoc.extensions import db
from familydoc.jobs.scheduler import start_in_background
from familydoc.rules.errors import RuleError

#: Slow clients hold a connection, not a thread, and not for long.
LIMITS = {"threads": 8, "connection_limit": 1000, "channel_timeout": 60}


def main(app: Flask) -> None:
    """Set the database up where it is missing, then serve until stopped."""
    asked = _arguments()
    host = "0.0.0.0" if asked.lan else os.environ.get("FAMILYDOC_HOST", "127.0.0.1")
    port = int(os.environ.get("FAMILYDOC_PORT", "5000"))
    if asked.lan and not os.environ.get("FAMILYDOC_PUBLIC_URL"):
        app.config["PUBLIC_URL"] = f"http://{lan_address()}:{port}"
    try:
        server = create_server(app, host=host, port=port, ident=None, **LIMITS)
        accounts = prepare(app, asked.demo)
    except RuleError as refused:
        sys.exit(refused.message)
    except OSError:
        sys.exit(f"端口 {port} 已被占用。请关掉占用它的程序，或换一个：FAMILYDOC_PORT=5001 …")
    start_in_background(app)
    _welcome(app.config["PUBLIC_URL"], accounts, asked.demo)
    server.run()


def prepare(app: Flask, demo: str | None) -> list[dict[str, Any]]:
    """Give the accounts that were made; none when the database was there before."""
    with app.app_context():
        was_there = inspect(db.engine).has_table("accounts")
        accounts: list[dict[str, Any]] = set_up(by=None)["accounts"]
        if demo and not was_there:
            from familydoc.demo import SEED, fill

            accounts = fill(size=demo, seed=SEED)["accounts"]
        db.session.remove()
    return accounts


def lan_address() -> str:
    """This machine's address in the local network; a phone can open a code that holds it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # chooses a route and sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="家庭医生签约服务")
    parser.add_argument("--demo", choices=("small", "county"), help="fill an empty database")
    parser.add_argument("--lan", action="store_true", help="let phones in this network in")
    return parser.parse_args()


def _welcome(address: str, accounts: list[dict[str, Any]], demo: str | None) -> None:
    print(f"\n家医签约 已启动：{address}\n", flush=True)
    for account in _one_of_each_role(accounts):
        print(f"  {account['role']:<14}{account['username']:<10}{account['password']}", flush=True)
    if demo == "small":
        print(
            "\n整个演示县（7.6 万居民）：FAMILYDOC_INSTANCE=instance/county "
            ".venv/bin/python app.py --demo county",
            flush=True,
        )
    print("\n按 Ctrl+C 停止。", flush=True)


def _one_of_each_role(accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({account["role"]: account for account in reversed(accounts)}.values())[::-1]
