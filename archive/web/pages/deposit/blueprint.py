"""The blueprint that the pages of a deposit hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("deposit", __name__, url_prefix="/deposit")
