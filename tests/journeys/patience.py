"""How long a browser waits for a page: a slow, shared machine must not make a correct journey fail."""

from typing import Final

from playwright.sync_api import expect

PATIENCE: Final = 60_000
"""Milliseconds, of every act and of every expectation."""

expect.set_options(timeout=PATIENCE)
