"""Figures of one process for Prometheus, at an address of their own: they tell how busy organizations are.

Routes are patterns of addresses, so there are as many series as routes, whatever people ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reporter.errors import ConfigError

# Seconds: a page of the desk takes some hundredths, an original on a slow line minutes.
_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
_TURN = (0.001, 0.01, 0.1, 1, 10, 60, 600)
# Name of a gauge and what it says; its value is asked for when somebody looks.
Gauges = dict[str, tuple[str, float]]


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.requests = Counter(
            "reporter_hub_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "reporter_hub_request_seconds",
            "From a request's head to the head of its answer.",
            ("method", "route"),
            buckets=_REQUEST,
            registry=self.registry,
        )
        self.turn_seconds = Histogram(
            "reporter_hub_turn_seconds",
            "Turns of workers.",
            ("turn",),
            buckets=_TURN,
            registry=self.registry,
        )
        self.done = Counter(
            "reporter_hub_turn_items",
            "What turns of workers did: files, deliveries, rows.",
            ("turn",),
            registry=self.registry,
        )
        self.failures = Counter(
            "reporter_hub_turn_failures",
            "Turns that ended with an error, which is in the log.",
            ("turn",),
            registry=self.registry,
        )
        self.sign_ins = Counter(
            "reporter_hub_sign_ins",
            "Tries to sign in.",
            ("way", "outcome"),
            registry=self.registry,
        )

    def ask(self, gauges: Callable[[], Gauges]) -> None:
        """Have gauges asked for with each look."""
        self.registry.register(_Asked(gauges))

    def serve(self, address: str) -> tuple[str, Callable[[], None]]:
        """Answer at ``host:port`` from a thread: where (port 0 takes a free one), and what ends it.

        Raises ConfigError for an address that can't be used.
        """
        host, port = split_address(address)
        try:
            server, _thread = start_http_server(port, addr=host, registry=self.registry)
        except OSError as error:
            raise ConfigError(
                "Port %(port)s can't be used: something else listens there.", port=port
            ) from error

        def end() -> None:
            server.shutdown()
            server.server_close()

        return f"http://{address.rpartition(':')[0]}:{server.server_port}/metrics", end


class _Asked(Collector):
    def __init__(self, gauges: Callable[[], Gauges]) -> None:
        self._gauges = gauges

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is asked while it is registered."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What holds now."""
        for name, (words, value) in self._gauges().items():
            yield GaugeMetricFamily(name, words, value=value)


def split_address(address: str) -> tuple[str, int]:
    """Host and port; raises ConfigError for what is no such address."""
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None:
        raise ConfigError("%(value)s is no address as 127.0.0.1:9464.", value=f"{address!r}")
    return host, port
