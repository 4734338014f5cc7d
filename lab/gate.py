"""The gate before the emulated EC2, KMS, IAM and STS: one call at a time, slow as the profile says, written down.

A WSGI application around moto's. Theory of operation, in the order a request meets it:

1. The body is read whole, before the lock, so that a caller who sends slowly stops nobody else.
2. A call that this lab does not serve is refused in AWS's own form with the code `NotEmulated` and status 400, so that
   no SDK tries it again. moto itself would answer an unknown action with a page of HTML and status 500, which SDKs
   retry.
3. Half of the profile's time passes, then the call is carried out under the lock, then the other half passes. The
   sleeps are outside the lock: callers wait side by side, as they do at a real endpoint, and a late call can overtake.
4. Every EC2 call that changes something goes to the gate's log with the times of its arrival and of its answer.

The lab may hold a call on its way in or out (`lab.trap`): a held request has not arrived yet, a dropped one never does.

moto is not safe under threads (two winners for one conditional write, and worse); the lock is the same that the
machines' timers take. Here is nothing about EC2's rules: those are in `lab.ec2_semantics`.
"""

import io
import json
import random
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from werkzeug.test import run_wsgi_app

from lab.endpoints import MOTO_SERVICES, signing_name
from lab.jsonlog import JsonLog
from lab.profiles import Profile, reads_only
from lab.trap import Fate, Trap, Way

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOT_EMULATED = "NotEmulated"
"""Error code of what the lab does not play; AWS has no such code."""
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")
_ERROR_CODE = re.compile(r"<Code>([^<]+)</Code>")
_ANSWERED = ("associationId", "allocationId", "publicIp", "instanceId")
"""The ids worth keeping of an answer, by their names in EC2's XML; the first of each."""
_PARAMETER_MAX = 256
"""Characters kept of a parameter's value."""
_REMOVED = "<sensitiveDataRemoved>"
"""Stands for user data, which may hold a secret, as in CloudTrail (EC2 API requests there, `RunInstances`)."""


@dataclass(frozen=True)
class Call:
    """One request as AWS understands it."""

    service: str
    action: str
    params: Mapping[str, str]
    caller: str
    """The access key id: the lab's own clients use another one than the functions do."""
    in_xml: bool
    """Whether the service speaks XML, which an error must be written in too."""

    @property
    def name(self) -> str:
        """Service and action, for messages; an action that stands in the path is not looked for."""
        return f"{self.service} {self.action}".strip()

    @property
    def is_ec2_change(self) -> bool:
        """Whether it changes something of EC2."""
        return self.service == "ec2" and not reads_only(self.action)


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def error(self) -> str | None:
        """AWS's error code, of XML and JSON answers alike; None for an answer that is no error."""
        if self.status < HTTPStatus.BAD_REQUEST:
            return None
        text = self.body.decode(errors="replace")
        found = _ERROR_CODE.search(text)
        return found[1] if found else _json_error(text) or str(self.status)

    def ids(self) -> dict[str, str]:
        """The ids in an EC2 answer that a reader of the log wants to follow."""
        text = self.body.decode(errors="replace")
        found = {name: re.search(f"<{name}>([^<]+)</{name}>", text) for name in _ANSWERED}
        return {name: match[1] for name, match in found.items() if match}


@dataclass
class Gate:
    """The WSGI application.

    Attributes:
        app: moto's application.
        lock: held while `app` works; reentrant, and shared with whoever else changes moto's state.
        profile: the latencies.
        log: the gate's log.
        seed: of the dice for latencies that are a range.
        log_reads: write reading calls down too.
        trap: may hold a call; None: nothing is ever held.
        actions: where each action of each caller is written down, once; None: nowhere.
    """

    app: "WSGIApplication"
    lock: AbstractContextManager[object]
    profile: Profile
    log: JsonLog
    seed: int = 1
    log_reads: bool = False
    trap: Trap | None = None
    actions: JsonLog | None = None
    _known: set[tuple[str, str]] = field(init=False, default_factory=set[tuple[str, str]])
    _dice: random.Random = field(init=False)
    _dice_lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        t_in = time.monotonic()
        body = _read_body(environ)
        call = parse_call(environ, body)
        self._note_action(call)
        if self._holds(call, Way.IN):
            return _nothing(start_response)
        if self.trap and call and call.is_ec2_change:
            t_in = time.monotonic()  # a held call arrives when it is let in
        refusal = _refusal(call)
        answer = _refused(call, refusal) if call is None or refusal else self._carry_out(call, environ, body)
        if call and (call.is_ec2_change or (self.log_reads and call.service == "ec2")):
            self._write(call, answer, t_in)
        if self._holds(call, Way.OUT):
            return _nothing(start_response)
        reason = HTTPStatus(answer.status).phrase
        start_response(f"{answer.status} {reason}", list(answer.headers))
        return [answer.body]

    def _note_action(self, call: Call | None) -> None:
        if self.actions is None or call is None:
            return
        action = f"{call.service}:{call.action}"
        if (call.caller, action) not in self._known:
            self._known.add((call.caller, action))
            self.actions.write("action", caller=call.caller, action=action)

    def _holds(self, call: Call | None, way: Way) -> bool:
        """Meet the trap; True: the call, or its answer, is lost."""
        if self.trap is None or call is None:
            return False
        return self.trap.meet(call.action, call.caller, way) is Fate.DROP

    def _carry_out(self, call: Call, environ: "WSGIEnvironment", body: bytes) -> Answer:
        half_s = self._latency_s(call) / 2
        time.sleep(half_s)
        environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        try:
            with self.lock:
                chunks, status, headers = run_wsgi_app(self.app, environ, buffered=True)
                answer = Answer(int(status.split()[0]), tuple(headers.to_wsgi_list()), b"".join(chunks))
        except NotImplementedError as missing:
            answer = _refused(call, f"{call.name}: moto does not play it ({missing})")
        except Exception as fault:  # noqa: BLE001 - whatever moto raises must reach the caller as an answer, and the log
            traceback.print_exc(file=sys.stderr)
            answer = _refused(call, f"{call.name}: the emulator failed with {type(fault).__name__}: {fault}")
        time.sleep(half_s)
        return answer

    def _latency_s(self, call: Call) -> float:
        figure = self.profile.call(call.action) if call.service == "ec2" else self.profile.others
        with self._dice_lock:
            return figure.draw(self._dice)

    def _write(self, call: Call, answer: Answer, t_in: float) -> None:
        self.log.write(
            "call",
            t_in=t_in,
            t_out=time.monotonic(),
            service=call.service,
            action=call.action,
            caller=call.caller,
            params=_kept(call.params),
            status=answer.status,
            error=answer.error,
            answer=answer.ids(),
        )


def _kept(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters as the log has them."""
    hidden = {"Value"} if params.get("Attribute") == "userData" else set[str]()
    return {
        name: _REMOVED if name in hidden or name.startswith("UserData") else value[:_PARAMETER_MAX]
        for name, value in params.items()
    }


def parse_call(environ: "WSGIEnvironment", body: bytes) -> Call | None:
    """What is asked, by whom, of which service: from the signature's scope; None for a request that is not signed."""
    signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if signed is None:
        return None
    caller, service = signed.groups()
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:  # a JSON service: the action is a header, the parameters are not flat
        return Call(service, target.rpartition(".")[2], {}, caller, in_xml=False)
    params = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    in_xml = params.pop("Version", None) is not None
    return Call(service, params.pop("Action", ""), params if in_xml else {}, caller, in_xml)


def _refusal(call: Call | None) -> str | None:
    """Why this lab does not serve the call; None if it does."""
    if call is None:
        return "requests must be signed: the lab serves AWS calls only"
    if call.service not in {signing_name(service) for service in MOTO_SERVICES}:
        return f"{call.name}: this endpoint plays {', '.join(sorted(MOTO_SERVICES))}; other services have their own"
    return None


def _refused(call: Call | None, why: str | None) -> Answer:
    message = why or "refused"
    if call and not call.in_xml:
        body = json.dumps({"__type": NOT_EMULATED, "message": message})
        headers = (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", NOT_EMULATED))
        return Answer(HTTPStatus.BAD_REQUEST, headers, body.encode())
    error = f"<Error><Code>{NOT_EMULATED}</Code><Message>{escape(message)}</Message></Error>"
    form = (
        "<Response><Errors>{}</Errors></Response>" if call and call.service == "ec2" else "<ErrorResponse>{}</ErrorResponse>"
    )
    return Answer(HTTPStatus.BAD_REQUEST, (("Content-Type", "text/xml"),), form.format(error).encode())


def _nothing(start_response: "StartResponse") -> Iterable[bytes]:
    """What a caller reads whose call or answer was lost; it should have gone by now."""
    start_response("504 Gateway Timeout", [])
    return [b""]


def _read_body(environ: "WSGIEnvironment") -> bytes:
    source, size = environ["wsgi.input"], environ.get("CONTENT_LENGTH")
    if size:
        return source.read(int(size))
    # A chunked body ends by itself; without either there is none.
    return source.read() if environ.get("wsgi.input_terminated") else b""


def _json_error(text: str) -> str | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    kind = document.get("__type") if isinstance(document, dict) else None
    return str(kind).rpartition("#")[2] if kind else None
