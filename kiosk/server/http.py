"""The HTTP server: one thread waits for all clients (``front``), many answer (``worker_pool``).

A custom server, because a kiosk among unknown phones needs all of this at once: heads read outside
the worker threads with total deadlines, bodies that stream to the application instead of to a
temporary file, a minimum rate, limits on connections and bytes per address, TLS, and Windows.
docs/performance.md has measurements.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import socket
import sys
import time
import traceback as tracebacks
from collections.abc import Callable
from functools import partial
from pathlib import Path
from wsgiref.types import WSGIApplication

from kiosk.server.answer_sender import AnswerSender, Rest
from kiosk.server.body import SILENCE, ByteMeter, FramingError, RequestBody, TransferError
from kiosk.server.connection import Connection, has_closed
from kiosk.server.front import Front, FrontCalls
from kiosk.server.head import Head
from kiosk.server.processor_time import ProcessorTime
from kiosk.server.register import FrontLimits
from kiosk.server.tls import tls_context, wrap
from kiosk.server.transfers import Transfers
from kiosk.server.worker_pool import Job, WorkerPool
from kiosk.server.wsgi_gateway import Ends, Exchange, plain_answer

log = logging.getLogger(__name__)

# Connections that wait to be accepted; the system may allow fewer. Beyond them a phone's is lost, and it tries again
# after a second.
BACKLOG = 1_024
SHUTDOWN_SECONDS = 3.0
# A request without a body that waited longer for a thread is not answered if its client has closed
# the connection meanwhile (as nginx does at once: status 499).
ABANDONED_SECONDS = 1.0
# An option of mallopt(3), and its value.
M_ARENA_MAX = -8
ARENAS = 2
# How long a thread may go on while another waits for the interpreter (5 ms by default). The front gives it up with each
# system call, and all clients wait for the front.
SWITCH_SECONDS = 0.001
# Maximum number of open files: connections, uploads, the database. (macOS starts programs with
# 256.)
FILES = 4_096


class Server:
    """A bound server. ``serve`` runs it, ``stop`` ends it; ``timeout`` is the idle time after
    which a transfer is aborted."""

    def __init__(
        self,
        application: WSGIApplication,
        listener: socket.socket,
        *,
        wrap_tls: Callable[..., object] | None = None,
        own_host: Callable[[str], str] | None = None,
        proxied: bool = False,
    ) -> None:
        self.application = application
        self.timeout = SILENCE
        self.socket = listener
        self.bind_addr: tuple[str, int] = listener.getsockname()[:2]
        self.transfers = Transfers()
        self._own_host = own_host
        self._secure = wrap_tls is not None
        self._pool = WorkerPool(self._relieve, ProcessorTime(shared=proxied))
        self._sender = AnswerSender()
        calls = FrontCalls(
            dispatch=self._dispatch,
            has_room=self.transfers.has_room,
            relieve=self._pool.relieve,
            drop_waiting=self._pool.drop_newest,
            wrap=wrap_tls,  # type: ignore[arg-type]
            secure_url=self._secure_url,
        )
        self._front = Front(listener, calls, front_limits(), ProcessorTime(shared=proxied))

    def serve(self) -> None:
        """Serve until ``stop`` is called from another thread."""
        limit_arenas()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._front.run()

    def stop(self) -> None:
        """Accept no more requests, give running ones a moment to finish, and close."""
        end = time.monotonic() + SHUTDOWN_SECONDS
        self._pool.stop(SHUTDOWN_SECONDS)
        self._sender.stop(max(0.0, end - time.monotonic()))
        self._front.stop()

    def error_log(self, message: str, *, traceback: bool = False) -> None:
        """Log an error outside of the application."""
        log.error("%s%s", message, "\n" + tracebacks.format_exc() if traceback else "")

    @property
    def receiving(self) -> bool:
        """Whether any client is sending a body right now."""
        return self.transfers.receiving

    @property
    def busy(self) -> bool:
        """Whether files are being uploaded right now."""
        return self.transfers.busy

    def _relieve(self, share: str | None, bodies: bool) -> None:
        if share is not None:
            self.transfers.cut_slowest(share, bodies=bodies)
        self._front.press()

    def _dispatch(self, connection: Connection, head: Head) -> None:
        streaming = head.length is None or head.length > len(connection.buffer)
        since = time.monotonic()

        def is_abandoned() -> bool:
            waited = time.monotonic() - since > ABANDONED_SECONDS
            return waited and head.length == 0 and has_closed(connection.socket)

        def drop() -> None:
            self._front.give_back(connection, keep=False, unread=0)

        def run() -> None:
            if is_abandoned():
                drop()
            else:
                self._answer(connection, head)

        self._pool.submit(Job(run, connection.share, streaming, is_abandoned, drop))

    def _answer(self, connection: Connection, head: Head) -> None:
        """Handle one request, in a worker thread."""
        meter = ByteMeter(connection.share, self.timeout)
        body = RequestBody(
            connection.socket,
            connection.buffer,
            head.length,
            meter=meter,
            greet=head.expects_continue,
        )
        ends = Ends(connection.client, connection.server, "https" if self._secure else "http")
        exchange = Exchange(connection.socket, head, body, ends)
        keep, rest = False, None
        try:
            rest = self._exchange(exchange, body, head)
            keep = exchange.keeps_alive
        except FramingError:
            if not exchange.begun:
                connection.try_send(
                    plain_answer(400, "The request arrived garbled. Send it again.")
                )
        except TransferError:
            # The client has disconnected: there is nobody to answer.
            pass
        except Exception:  # noqa: BLE001 - the boundary of HTTP: logged, and answered with 500
            self.error_log(f"{head.method} request", traceback=True)
            if not exchange.begun:
                connection.try_send(plain_answer(500, "Something went wrong. Try this once more."))
        finally:
            unread, keep = body.remaining or 0, keep and not body.failed
            if rest is None:
                self._front.give_back(connection, keep=keep, unread=unread)
            else:
                rest.done = partial(self._end_rest, connection, keep, unread)
                self._sender.take(rest)

    def _end_rest(self, connection: Connection, keep: bool, unread: int, sent: bool) -> None:
        self._front.give_back(connection, keep=keep and sent, unread=unread)

    def _exchange(self, exchange: Exchange, body: RequestBody, head: Head) -> Rest | None:
        reads = (
            self.transfers.open(body, announced=head.length)
            if head.length != 0
            else contextlib.nullcontext()
        )
        with reads:
            return exchange.run(self.application, self.transfers)

    def _secure_url(self, connection: Connection, head: Head) -> str:
        """The https URL of the same page, at an address of our own: never at one that the
        request names."""
        host = self._own_host(head.fields.get("host", "")) if self._own_host else ""
        host = host or _host_of(connection.server)
        return f"https://{host}{head.target if head.target.startswith('/') else '/'}"


def _host_of(server: tuple[str, int]) -> str:
    address, port = server
    address = f"[{address}]" if ":" in address else address
    return address if port == 443 else f"{address}:{port}"


def make_server(
    application: WSGIApplication,
    listener: socket.socket,
    *,
    tls: tuple[Path, Path] | None = None,
    own_host: Callable[[str], str] | None = None,
    proxied: bool = False,
) -> Server:
    """Create a server for a bound socket (see ``bind``) that is not yet serving; it closes the
    socket when it stops.

    ``own_host`` returns a request's Host if it is a name of this kiosk, else ''. ``proxied``: clients'
    addresses are those of proxies. Raises ConfigError for an unusable certificate or key.
    """
    context = tls_context(*tls) if tls else None
    wrap_tls = partial(wrap, context) if context else None
    return Server(application, listener, wrap_tls=wrap_tls, own_host=own_host, proxied=proxied)


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket; raises OSError if the port is taken. '' binds every IPv4 address,
    '::' every address."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or "0.0.0.0",  # noqa: S104  # as asked
        port,
        type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE,
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            # On Windows, SO_REUSEADDR would let another program bind the port as well.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and host == "::":
            with contextlib.suppress(OSError):
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def front_limits() -> FrontLimits:
    """The connection limits that this system's limit of open files allows."""
    if sys.platform == "win32":
        # On Windows, select() takes 512 sockets.
        return FrontLimits(connections=440, per_address=220)
    files = _raise_open_files()
    limits = FrontLimits()
    if files >= 2 * limits.connections + 400:
        return limits
    connections = max(64, (files - 150) // 2)
    return FrontLimits(connections=connections, per_address=max(48, connections // 2))


def _raise_open_files() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    wanted = FILES if hard == endless else min(FILES, hard)
    if soft != endless and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return FILES if soft == endless else soft


def limit_arenas() -> None:
    """Have glibc's malloc share few arenas among all threads.

    By default each of up to eight a core keeps what its threads once needed (mallopt(3),
    M_ARENA_MAX), also after a crowd has gone; and Python runs one thread at a time anyway.
    """
    if sys.platform == "linux":
        # Another C library has no such function or doesn't know the option.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def bound_port(server: Server) -> int:
    """The port that the server listens on."""
    return server.bind_addr[1]
