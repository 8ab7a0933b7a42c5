"""Routes and forms. Each noun has a blueprint; the list of them is here."""

import importlib
import pkgutil

from flask import Flask

from familydoc.web import (
    access,
    bodies,
    converters,
    errors,
    filters,
    headers,
    htmx,
    navigation,
    privacy,
)


def init_app(app: Flask) -> None:
    for part in (converters, htmx, access, bodies, errors, headers, filters, privacy, navigation):
        part.init_app(app)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    for module in pkgutil.iter_modules(__path__):
        blueprint = getattr(importlib.import_module(f"{__name__}.{module.name}"), "blueprint", None)
        if blueprint is not None:
            app.register_blueprint(blueprint)
