"""create_app() builds and wires, nothing else."""

from typing import Any

from flask import Flask

from familydoc import cli, config, labels, models, web
from familydoc.extensions import csrf, db, init_database, keys, login_manager, migrate
from familydoc.rules.programmes import use_folders


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """Give the app; `overrides` are Flask settings that win over the environment."""
    settings = config.load(overrides)
    app = Flask(
        "familydoc",
        instance_path=str(settings["INSTANCE"].resolve()),
        template_folder=str(config.ROOT / "templates"),
        static_folder=str(config.ROOT / "static"),
    )
    app.config.from_mapping(settings)
    labels.name_programmes({p.code: p.name for p in use_folders(*settings["PROGRAMMES"]).values()})
    keys.init_app(app)
    init_database(app)
    migrate.init_app(
        app, db, directory=str(config.ROOT / "familydoc" / "migrations"), render_as_batch=True
    )
    login_manager.init_app(app)
    csrf.init_app(app)
    web.init_app(app)
    cli.init_app(app)
    return app


__all__ = ["create_app", "models"]
