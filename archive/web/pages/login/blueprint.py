"""The blueprint that the sign-in pages hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("login", __name__)
