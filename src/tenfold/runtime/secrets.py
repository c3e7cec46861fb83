"""Passwords and tokens of addresses, masked in every text that leaves a program."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

MASK = "***"
# Shorter ones are masked where they stand in an address, since they are part of many words.
MIN_LENGTH = 4
USER = re.compile(r"(\w://)[^\s/'\"@]+@")
SECRET = r"[\w.-]*(?:pass|pwd|token|secret|key|signature|credential)[\w.-]*"
PARAMETER = re.compile(rf"([?&]{SECRET}=)[^&\s'\"]+", re.IGNORECASE)
VARIABLE = re.compile(r"MLFLOW_\w*(PASSWORD|TOKEN)")


def masked(text: str) -> str:
    """Replace passwords and tokens in a text: those of any address, and those we were given.

    >>> masked("no answer from https://me:secret@host/path?token=1234")
    'no answer from https://***@host/path?token=***'
    """
    for secret in sorted(secrets(), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return PARAMETER.sub(rf"\1{MASK}", USER.sub(rf"\1{MASK}@", text))


def mask_lines() -> None:
    """Copy standard input to standard error, masked."""
    for line in sys.stdin:
        print(masked(line), end="", file=sys.stderr, flush=True)


def secrets() -> set[str]:
    """All passwords and tokens in the environment, in every form in which a URL may hold them."""
    found = {value for name, value in os.environ.items() if VARIABLE.fullmatch(name)}
    for value in os.environ.values():
        found.update(_in_address(value))
    forms = (str, quote_plus, unquote, unquote_plus, lambda text: quote(text, safe=""))
    return {text for secret in found for form in forms if len(text := form(secret)) >= MIN_LENGTH}


def _in_address(address: str) -> Iterator[str]:
    scheme, separator, rest = address.partition("://")
    if not separator:
        return
    host = re.split("[/?#]", rest)[0]
    users = {host.rpartition("@")[0]}
    if not re.fullmatch(r"[^:@]+(:\d+)?", host):  # A password may hold a slash and an @.
        users.add(rest.rpartition("@")[0])
    for user in users:
        name, _, password = user.partition(":")
        if password or scheme.startswith("http"):
            yield password or name
    for key, value in parse_qsl(rest.partition("?")[2]):
        if re.fullmatch(SECRET, key, re.IGNORECASE):
            yield value
