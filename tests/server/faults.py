# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong on the way to a homeserver: rules for the fault proxy, and a seeded storm of them."""

import random
import re
import threading
from dataclasses import dataclass, field
from enum import Enum


class Fault(Enum):
    NONE = "pass everything on"
    LIMIT_HEADER = "429 with Retry-After only"
    LIMIT_BODY = "429 with retry_after_ms only"
    BAD_GATEWAY = "502 with an HTML page"
    ANSWER = "an answer of the test's own, the server does not see the request"
    DROP_REQUEST = "the connection ends before the server has acted"
    DROP_ANSWER = "the server has acted, the connection ends without an answer"
    CUT_BODY = "the answer ends in its middle"
    DELAY_REQUEST = "the server sees the request late"
    DELAY_ANSWER = "the server has acted, the answer waits"
    DRIP = "the answer comes in small pieces"
    HANG = "never answered, and the server does not see the request"


# Those after which the server must not have seen the request
UNSEEN = {Fault.LIMIT_HEADER, Fault.LIMIT_BODY, Fault.BAD_GATEWAY, Fault.ANSWER, Fault.DROP_REQUEST, Fault.HANG}


@dataclass
class Rule:
    """The first rule whose expressions match a request's method and path decides; `count` uses, None for ever.
    `skip` matching requests pass first. `seconds`: how long a delay, a limit or a whole drip takes."""

    fault: Fault
    path: str = ""
    method: str = ""
    count: int | None = 1
    skip: int = 0
    seconds: float = 1.0
    status: int = 200
    body: bytes = b"{}"
    used: int = field(default=0, init=False)

    def matches(self, method, path):
        return re.fullmatch(self.method or ".*", method) and re.search(self.path, path)


class Rules:
    """The rules in force; safe to change while the proxy runs."""

    def __init__(self):
        self._lock = threading.Lock()
        self._rules = []
        self._storm = None

    def add(self, *args, **options):
        rule = Rule(*args, **options)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self):
        with self._lock:
            self._rules.clear()
            self._storm = None

    def set_storm(self, storm):
        with self._lock:
            self._storm = storm

    def pick(self, method, path):
        """The rule for one request; a rule of Fault.NONE when there is nothing to do."""
        with self._lock:
            for rule in self._rules:
                if rule.matches(method, path) and self._is_due(rule):
                    return rule
            if self._storm:
                return self._storm.pick(method, path)
        return Rule(Fault.NONE)

    @staticmethod
    def _is_due(rule):
        if rule.skip > 0:
            rule.skip -= 1
            return False
        if rule.count is not None and rule.used >= rule.count:
            return False
        rule.used += 1
        return True


class Storm:
    """Random faults from a seed; `share` of the requests are hit."""

    FAULTS = [
        Fault.LIMIT_HEADER,
        Fault.LIMIT_BODY,
        Fault.BAD_GATEWAY,
        Fault.DROP_REQUEST,
        Fault.DROP_ANSWER,
        Fault.DROP_ANSWER,
        Fault.CUT_BODY,
        Fault.DELAY_ANSWER,
        Fault.DRIP,
    ]

    def __init__(self, seed, share=0.2):
        self._random = random.Random(seed)
        self._share = share
        self.hits = {}

    def pick(self, _method, _path):
        hit, fault = self._random.random() < self._share, self._random.choice(self.FAULTS)
        seconds = self._random.uniform(0.1, 0.8)
        if not hit:
            return Rule(Fault.NONE)
        self.hits[fault] = self.hits.get(fault, 0) + 1
        return Rule(fault, seconds=seconds)
