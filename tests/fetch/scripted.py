"""A server whose answers a test writes down: a path of a host -> what it says, and a log of what was asked."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from config.settings import Settings, load_settings
from tests.fetch.driver import CONTACT
from tests.fetch.hostile import GOOD_PAGE

OUTLET, OTHER = "outlet.example", "other.example"


@dataclass(frozen=True, slots=True)
class Said:
    """What a path answers."""

    status: int = 200
    body: bytes = GOOD_PAGE
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})


def led_to(url: str) -> Said:
    """A redirect."""
    return Said(301, b"", {"Location": url})


def feed(*links: str, more: str = "") -> Said:
    """An RSS feed that names pages."""
    items = "".join(f"<item><title>Quai</title><link>{link}</link></item>" for link in links)
    channel = f'<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel>{more}{items}</channel></rss>'
    return Said(200, channel.encode(), {"Content-Type": "application/rss+xml"})


Answers = dict[str, Said | Callable[[str], Said]]


@dataclass(slots=True)
class Scripted:
    """A running server. `answers` by "host/path" may be changed while it runs; what is not there is 404."""

    port: int
    answers: Answers
    asked: list[tuple[str, float]] = field(default_factory=list)

    def url(self, path: str, host: str = OUTLET) -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"

    def targets(self) -> list[str]:
        """What was asked for so far, as "host/path"."""
        return [target for target, _ in self.asked]

    def settings(self, folder: Path, *starts: str, more: str = "", sources: str | None = None, **told: Any) -> Settings:
        """Settings of a fetch of one source with these start points into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "sources.yaml"
        lines = "".join(f"      - {start}\n" for start in starts)
        entry = f"  - name: outlet\n    delay_s: 0\n    connections: 4\n{more}    start:\n{lines}"
        file.write_text(f"sources:\n{sources or entry}", encoding="utf-8")
        hosts = {f"{host}:{self.port}": "127.0.0.1" for host in (OUTLET, OTHER)}
        known: dict[str, Any] = {"raw_dir": folder / "raw", "out_dir": folder / "out", "state_dir": folder / "state"}
        known |= {"contact": CONTACT, "sources_file": file, "named_hosts": hosts}
        return load_settings(**known | told)


@contextmanager
def scripted(answers: Callable[[Callable[..., str]], Answers] | Answers) -> Iterator[Scripted]:
    """A running server; a function gets the maker of addresses, whose port is known by then."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    running = Scripted(server.server_port, {})
    running.answers = answers(running.url) if callable(answers) else answers
    server.RequestHandlerClass = _handler(running)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(running: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            target = f"{self.headers['Host'].partition(':')[0]}{self.path}"
            running.asked.append((target, time.monotonic()))
            said = running.answers.get(target, Said(404, b"not here"))
            said = said(target) if callable(said) else said
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            with suppress(ConnectionError):  # who asked is gone: runs are stopped by tests
                self.wfile.write(said.body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    return Handler
