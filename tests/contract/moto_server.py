"""moto's DynamoDB (and the rest of it) as a process of its own: `python moto_server.py locked|stock`.

`locked` serves one request at a time; `stock` is moto as it comes, whose conditional writes are not atomic. Both switch
threads every ten microseconds: stock moto then grants a lease twice within a few rounds, which is what a negative control
needs, and the lock has the harder test. Prints one JSON line with its endpoint; ends when standard input ends.
"""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
SWITCH_INTERVAL_S = 1e-5


def one_at_a_time(app: "WSGIApplication") -> "WSGIApplication":
    """The body is read before the lock, so that a slow sender stops nobody; the answer is complete before it opens."""
    gate = threading.RLock()

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        with gate:
            return list(app(environ, start_response))

    return serve


def main() -> None:
    """Serve until standard input ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    if sys.argv[1] == "locked":
        app = one_at_a_time(app)
    server = make_server(HOST, 0, app, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    sys.stdout.write(json.dumps({"event": "ready", "endpoint": f"http://{HOST}:{server.server_port}"}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
