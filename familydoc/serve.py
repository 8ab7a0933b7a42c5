"""Serve the embedded default."""

from flask import Flask
from waitress import serve


def main(app: Flask) -> None:
    serve(app, host="127.0.0.1", port=5000)
