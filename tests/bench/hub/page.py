"""docs/scale.md and its charts, from measurements and simulation."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.hub.asking import Times
from tests.bench.hub.pushing import Push
from tests.bench.hub.simulation import HOUR, Costs, Day, Machines, Outcome

DOCS = Path(__file__).parents[3] / "docs"
TEMPLATE = Path(__file__).with_name("scale.md.txt")
# Renditions of a photo and of a film, as objects and as a share of the original's bytes.
_RENDITIONS = 3
WIDTH, HEIGHT, EDGE = 640, 260, 48


@dataclass(frozen=True)
class Measured:
    """All measurements that the page shows."""

    documents: int
    search: Sequence[tuple[Times, Times]]
    claims: tuple[Times, Times]
    words: Push
    photos: Push
    index_bytes: int
    costs: Costs


def write(measured: Measured, days: Sequence[tuple[Machines, Outcome]], day: Day) -> None:
    """Write the page and the charts."""
    together, alone = measured.claims
    values = {
        "machine": f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.0f} while it was measured",
        "documents": f"{measured.documents:,}",
        "index_gb": f"{measured.index_bytes / 1e9:.1f}",
        "index_kb": f"{measured.index_bytes / measured.documents / 1000:.1f}",
        "search": "\n".join(_search_row(*pair) for pair in measured.search),
        "claim_together": f"{together.median:.1f} ms, p99 {together.at(0.99):.1f} ms",
        "claim_alone": f"{alone.median:.1f} ms, p99 {alone.at(0.99):.1f} ms",
        "push": "\n".join(_push_row(*one) for one in _pushes(measured)),
        "costs": _costs(measured.costs),
        "day": _day(day),
        "played": "\n".join(_played_row(*one, day) for one in days),
    }
    (DOCS / "scale.md").write_text(TEMPLATE.read_text("utf-8").format_map(values), "utf-8")
    pictures = DOCS / "img"
    (pictures / "scale-search.svg").write_text(_search_curve(measured.search), "utf-8")
    (pictures / "scale-queue.svg").write_text(_queue_curve(days[-1][1]), "utf-8")


def _search_row(ours: Times, bare: Times) -> str:
    ratios = sorted(o / b for o, b in zip(ours.ms, bare.ms, strict=True))
    ratio = ratios[len(ratios) // 2]
    return (
        f"| {ours.name} | {ours.median:.1f} | {ours.at(0.99):.1f} | {bare.median:.1f} | {bare.at(0.99):.1f} "
        f"| {ratio:.2f} | {len(ours.ms)} |"
    )


def _pushes(measured: Measured) -> list[tuple[str, Push]]:
    return [("words alone", measured.words), ("photos of 3 MB", measured.photos)]


def _push_row(name: str, push: Push) -> str:
    rate = push.takeaways / push.seconds
    return (
        f"| {name} | {push.takeaways:,} | {push.bytes / 1e6:.0f} | {push.seconds:.1f} | {rate:.0f} | "
        f"{push.bytes / 1e6 / push.seconds:.1f} | {push.again_seconds:.1f} |"
    )


def _costs(costs: Costs) -> str:
    return (
        f"a takeaway pushed {costs.row * 1000:.1f} ms, a megabyte received {costs.megabyte * 1000:.0f} ms, a document "
        f"indexed {costs.document * 1000:.1f} ms, a photo's renditions {costs.photo * 1000:.0f} ms, a claim "
        f"{costs.claim * 1000:.1f} ms, a question {costs.search * 1000:.1f} ms"
    )


def _day(day: Day) -> str:
    parts = (
        f"{day.takeaways:.0f} takeaways a gathering at the median (lognormal, sigma 0.6)",
        f"{day.photos:.0%} have a photo of {day.photo_mb:.0f} MB",
        f"{day.films:.0%} a film of {day.film_mb:.0f} MB, in whose time {day.film_as_photos:.0f} photos get renditions",
        f"evenings end at {day.ends_at / HOUR:.0f}:00 with a deviation of {day.spread / HOUR:.0f} h",
        f"a laptop is online {day.online_after / HOUR:.1f} h later at the median (exponential)",
        f"with {day.uplink:.0f} Mbit/s upwards at the median (lognormal, sigma {day.uplink_spread}, at most 50)",
        f"{day.searches:.0f} questions, {day.deliveries:.0f} deliveries and {day.replies:.0f} replies each",
    )
    return "; ".join(parts)


def _played_row(machines: Machines, outcome: Outcome, day: Day) -> str:
    count, minutes = outcome.gatherings, 60
    pushed = [outcome.at(outcome.pushed, share) / minutes for share in (0.5, 0.99)]
    cells = (
        f"{count:,}",
        f"{machines.web} + {machines.workers}, {machines.megabits / 1000:g} Gbit/s",
        f"{outcome.takeaways:,}",
        f"{outcome.gigabytes:,.0f}",
        f"{outcome.media * (1 + _RENDITIONS):,}",
        # An original: asked for, put. A rendition: put, fetched.
        f"{outcome.media * (2 + 2 * _RENDITIONS):,}",
        f"{count * day.deliveries:,.0f} / {count * day.replies:,.0f}",
        f"{pushed[0]:.0f} / {pushed[1]:.0f}",
        f"{outcome.at(outcome.alone, 0.99) / minutes:.0f}",
        f"{outcome.at(outcome.ready, 0.99) / minutes:.0f}",
        f"{outcome.deepest:,}",
        f"{outcome.web_busy / HOUR:.1f} + {outcome.worker_busy / HOUR:.1f}",
    )
    return f"| {' | '.join(cells)} |"


def _search_curve(search: Sequence[tuple[Times, Times]]) -> str:
    """Times of all questions, sorted: how many are answered within how many milliseconds."""
    lines = []
    most = max(ours.at(0.995) for ours, _bare in search)
    for number, (ours, bare) in enumerate(search):
        for times, dashed in ((ours, False), (bare, True)):
            ordered = sorted(times.ms)
            points = [
                (share, min(1.0, ordered[int(share * (len(ordered) - 1))] / most))
                for share in (step / 100 for step in range(101))
            ]
            lines.append(_line(points, number, ours.name if not dashed else "", dashed=dashed))
    return _picture(
        "Questions answered within so many milliseconds",
        lines,
        x=("0 %", "of all questions", "100 %"),
        y=f"{most:.0f} ms",
    )


def _queue_curve(outcome: Outcome) -> str:
    last = max(hour for hour, _n in outcome.depth)
    step = max(1, len(outcome.depth) // 400)
    points = [(hour / last, number / outcome.deepest) for hour, number in outcome.depth[::step]]
    return _picture(
        f"Gatherings that wait for renditions, of {outcome.gatherings:,} on one day",
        [_line(points, 0, "")],
        x=("0:00", "hours", f"{last:.0f} h"),
        y=f"{outcome.deepest:,}",
    )


_COLOURS = ("#0b6e4f", "#b3541e", "#3b5bdb")


def _line(
    points: list[tuple[float, float]], number: int, name: str, *, dashed: bool = False
) -> str:
    placed = " ".join(
        f"{EDGE + x * (WIDTH - 2 * EDGE):.1f},{HEIGHT - EDGE - y * (HEIGHT - 2 * EDGE):.1f}"
        for x, y in points
    )
    colour = _COLOURS[number % len(_COLOURS)]
    dash = ' stroke-dasharray="4 4"' if dashed else ""
    label = (
        f'<text x="{EDGE + 12}" y="{EDGE + 16 + 18 * number}" fill="{colour}">{name}</text>'
        if name
        else ""
    )
    return (
        f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{placed}"/>{label}'
    )


def _picture(title: str, lines: list[str], *, x: tuple[str, str, str], y: str) -> str:
    bottom, right = HEIGHT - EDGE, WIDTH - EDGE
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            'font-family="sans-serif" font-size="13">',
            f"<title>{title}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            f'<text x="{EDGE}" y="24" font-weight="bold">{title}</text>',
            f'<path d="M{EDGE} {EDGE}V{bottom}H{right}" fill="none" stroke="#555"/>',
            f'<text x="{EDGE - 6}" y="{EDGE + 4}" text-anchor="end">{y}</text>',
            f'<text x="{EDGE - 6}" y="{bottom}" text-anchor="end">0</text>',
            f'<text x="{EDGE}" y="{bottom + 20}">{x[0]}</text>',
            f'<text x="{(EDGE + right) // 2}" y="{bottom + 20}" text-anchor="middle">{x[1]}</text>',
            f'<text x="{right}" y="{bottom + 20}" text-anchor="end">{x[2]}</text>',
            *lines,
            "</svg>\n",
        )
    )
