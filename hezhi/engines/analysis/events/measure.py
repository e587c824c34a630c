"""Figures of the event stream beside plain peers, on the same messages in one process (事件发现测量).

Quality counts only messages that people have put into events (or left alone); ambiguous ones are in the
stream and not scored. Each message comes with its own time, in shuffled orders too. Merges that the stream proposes count as accepted; `without_merges` says what it is
worth when nobody accepts any. Time is processor time of this process, cutting into words included, the
median of three rounds. Growth sends replicas of the messages with 30 % of their signs exchanged; the long run sends
them with their places exchanged as well and on a clock of their own, so that old messages leave by their age.
"""

from __future__ import annotations

import csv
import gc
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from hezhi.engines.analysis.events.peers import PEERS
from hezhi.engines.analysis.events.scores import agreement
from hezhi.engines.analysis.events.stream import Settings, Stream
from hezhi.engines.analysis.events.terms import terms_of
from hezhi.engines.analysis.text.places import named_places
from hezhi.ground.errors import BadInput

__all__ = [
    "GROWTH", "Known", "event_figures", "growth", "long_run", "read_known", "stream_events", "tell", "tell_long",
]  # fmt: skip

ROUNDS = 3
SHUFFLES = 3
AT_ONCE = 256
GROWTH = 160_000
PART = 10_000
EXCHANGED = 0.3
A_DAY = 300
"""Messages a day of the long run: 54,000 in the 180 days of the window, as a district of a million people has them."""
ENDLESS = Settings(window=float("inf"))
"""The messages span years, and the question is what belongs together, not what is fresh."""

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  only compared with its like

Message = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """Messages in the order of their time, and the event of each that people know (None: not scored)."""

    messages: list[Message]
    events: list[Hashable | None]
    at: list[float]
    """When each was sent, in seconds; one whose time cannot be read counts as sent with the last."""


def read_known(messages: Path, gold: Path) -> Known:
    """Messages (msg_id, time, title, detail) with their known events (msg_id, cluster_id, kind)."""
    truth = {row["msg_id"]: row for row in _rows(gold, {"msg_id", "cluster_id", "kind"})}
    rows = sorted(_rows(messages, {"msg_id", "time", "title", "detail"}), key=lambda row: _moment(row["time"]))
    said = [(row["title"], row["detail"]) for row in rows]
    return Known(said, [_event(truth.get(row["msg_id"])) for row in rows], _seconds(row["time"] for row in rows))


def _event(row: dict[str, str] | None) -> Hashable | None:
    if row is None or row["kind"] == "ambiguous":
        return None
    return row["cluster_id"] if row["kind"] == "cluster" else ("alone", row["msg_id"])


def _seconds(times: Iterable[str]) -> list[float]:
    found: list[float] = []
    for _, moment in map(_moment, times):
        last = found[-1] if found else 0.0
        found.append((moment - EPOCH).total_seconds() if isinstance(moment, datetime) else last)
    return found


def _moment(written: str) -> tuple[int, datetime | str]:
    """For sorting: moments that can be read first, others behind them by their spelling."""
    for form in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M"):
        try:
            return 0, datetime.strptime(written, form)  # noqa: DTZ007  only compared with its like
        except ValueError:
            continue
    return 1, written


def _rows(path: Path, wanted: set[str]) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = wanted - set(reader.fieldnames or ())
        if missing:
            raise BadInput({"": f"文件 {path.name} 缺少列：{'、'.join(sorted(missing))}"}, meaning="没有开始测量")
        return list(reader)


def stream_events(
    messages: Sequence[Message], at: Sequence[float] = (), *, merging: bool = True, settings: Settings = ENDLESS
) -> list[Hashable]:
    """The event of each message, found in one pass; proposed merges are taken as accepted.

    `at` says when each was sent, in seconds; without it all were sent at one time.
    """
    stream = Stream(settings)
    found: list[Hashable] = []
    united: dict[Hashable, Hashable] = {}
    for number, (terms, sent) in enumerate(zip(_terms(messages), at or [0.0] * len(messages), strict=True)):
        decision = stream.add(terms, sent, number)
        found.append(decision.event)
        if merging and decision.merge:
            stream.merge(decision.event, decision.merge[0])
            united[decision.merge[0]] = decision.event
    return [_last(united, event) for event in found]


def _last(united: dict[Hashable, Hashable], event: Hashable) -> Hashable:
    while event in united:
        event = united[event]
    return event


def _terms(messages: Iterable[Message]) -> Iterable[Any]:
    some: list[Message] = []
    for message in messages:
        some.append(message)
        if len(some) == AT_ONCE:
            yield from terms_of(some)
            some = []
    yield from terms_of(some)


# -- the figures -----------------------------------------------------------------------------------


def event_figures(known: Known, grow_to: int = GROWTH) -> dict[str, Any]:
    """Quality and speed of ours and of the peers, and how the rate holds when the stream grows."""
    list(_terms(known.messages[:50]))  # the dictionary is read once, for nobody's account
    ways: dict[str, Callable[[Sequence[Message]], Sequence[Hashable]]] = {
        "ours": lambda messages: stream_events(messages, known.at),
        **PEERS,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    found: dict[str, Sequence[Hashable]] = {}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            gc.collect()
            start = time.process_time()
            found[name] = way(known.messages)
            seconds[name].append(time.process_time() - start)
    rate = {name: len(known.messages) / statistics.median(own) for name, own in seconds.items()}
    scored = {name: {**_scored(known, own), "messages_per_second": rate[name]} for name, own in found.items()}
    ours = scored["ours"]
    shuffled = [_shuffled(known, seed) for seed in range(SHUFFLES)]
    return {
        "messages": len(known.messages),
        "scored_messages": sum(event is not None for event in known.events),
        "b3_f1": ours["b3_f1"],
        "pairwise_f1": ours["pairwise_f1"],
        "ari": ours["ari"],
        "worst_shuffle_b3_f1": min(shuffled),
        "speed_ratio": rate["ours"] / rate["leader"],
        "speed_ratios": {name: rate["ours"] / rate[name] for name in PEERS},
        **growth(known.messages, grow_to),
        "shuffled_b3_f1": shuffled,
        "without_merges": _scored(known, stream_events(known.messages, known.at, merging=False)),
        **scored,
        "load": os.getloadavg()[0],
    }


def _scored(known: Known, found: Sequence[Hashable]) -> dict[str, float]:
    pairs = [(event, own) for event, own in zip(known.events, found, strict=True) if event is not None]
    return asdict(agreement([event for event, _ in pairs], [own for _, own in pairs]))


def _shuffled(known: Known, seed: int) -> float:
    order = list(range(len(known.messages)))
    random.Random(seed).shuffle(order)  # noqa: S311  an order, not a secret
    mixed = Known([known.messages[i] for i in order], [known.events[i] for i in order], [known.at[i] for i in order])
    return _scored(mixed, stream_events(mixed.messages, mixed.at))["b3_f1"]


def growth(messages: Sequence[Message], total: int) -> dict[str, Any]:
    """Rates over each ten thousand of a long stream, making the replicas not counted, and memory at its end."""
    found = _sent(Stream(ENDLESS), _replicas(messages, total), total)
    return {
        "rate_last_over_first": found["last_over_first"],
        "growth": {name: found[name] for name in ("messages", "part", "messages_per_second", "kept")},
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def long_run(messages: Sequence[Message], total: int) -> dict[str, Any]:
    """A stream of years: replicas at other places, three hundred a day; old ones leave by their age (长时间运行)."""
    found = _sent(Stream(Settings()), _elsewhere(messages, total), total, 86400 / A_DAY)
    return found | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "load": os.getloadavg()[0]}


def _sent(stream: Stream, replicas: Iterable[Message], total: int, apart: float = 0.0) -> dict[str, Any]:
    """Send messages `apart` seconds apart; processor time of each part, and the memory of the process after it."""
    rates: list[float] = []
    memory: list[float] = []
    spent, number, events = 0.0, 0, 0
    part = min(PART, max(AT_ONCE, total // 4))
    coming = iter(replicas)
    gc.collect()
    while some := list(islice(coming, AT_ONCE)):
        start = time.process_time()
        for terms in terms_of(some):
            decision = stream.add(terms, number * apart, number)
            if decision.merge:
                stream.merge(decision.event, decision.merge[0])
            number += 1
            events += decision.opened
        spent += time.process_time() - start
        if number >= part * (len(rates) + 1):
            rates.append(part / spent)
            memory.append(_memory())
            spent = 0.0
    return {
        "messages": number, "part": part, "messages_per_second": rates, "memory_mib": memory, "kept": len(stream),
        "events": events, "last_over_first": rates[-1] / rates[0] if rates else 0.0,
    }  # fmt: skip


def _memory() -> float:
    """What the process holds now, in MiB; where the system does not tell, the most it ever held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 2**20


def _replicas(messages: Sequence[Message], total: int) -> Iterable[Message]:
    """The messages again and again, their order changed and 30 % of their signs exchanged for others of the file."""
    return _again(messages, total, lambda n, message: message)


def _elsewhere(messages: Sequence[Message], total: int) -> Iterable[Message]:
    """Replicas that are told of other places of the file, the same in title and text."""
    named = [sorted(named_places(f"{title} {text[:400]}"), key=len, reverse=True) for title, text in messages]
    pool = sorted({place for own in named for place in own})
    dice = random.Random(21)  # noqa: S311  a stream to measure, not a secret

    def moved(n: int, message: Message) -> Message:
        title, text = message
        for place in named[n]:
            other = dice.choice(pool)
            title, text = title.replace(place, other), text.replace(place, other)
        return title, text

    return _again(messages, total, moved)


def _again(messages: Sequence[Message], total: int, change: Callable[[int, Message], Message]) -> Iterable[Message]:
    chance = np.random.default_rng(20)
    signs = np.frombuffer("".join(t + x[:400] for t, x in messages[:2000]).encode("utf-32-le"), np.uint32)
    sent = 0
    while sent < total:
        for i in chance.permutation(len(messages))[: total - sent].tolist():
            title, text = change(i, (messages[i][0], messages[i][1][:400]))
            yield _exchanged(title, signs, chance), _exchanged(text, signs, chance)
            sent += 1


def _exchanged(text: str, signs: Any, chance: np.random.Generator) -> str:
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32).copy()
    at = chance.random(len(codes)) < EXCHANGED
    codes[at] = chance.choice(signs, int(at.sum()))
    return codes.tobytes().decode("utf-32-le", "replace")


NAMES = {
    "ours": "本系统",
    "leader": "单遍聚类（全部词）",
    "leader_long": "单遍聚类（双字以上）",
    "dbscan": "DBSCAN",
    "hdbscan_lsa": "LSA + HDBSCAN",
}


def tell(said: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [f"消息 {said['messages']} 条，其中 {said['scored_messages']} 条有已知事件；系统负载 {said['load']:.2f}"]
    for key, name in NAMES.items():
        x = said[key]
        lines.append(
            f"{name}：B³ {x['b3_f1']:.4f}（准 {x['b3_precision']:.3f}，全 {x['b3_recall']:.3f}），成对 F1 {x['pairwise_f1']:.4f}，"
            f"ARI {x['ari']:.4f}，每秒 {x['messages_per_second']:.0f} 条"
        )
    ratios = "，".join(f"{NAMES[name]} {ratio:.1f} 倍" for name, ratio in said["speed_ratios"].items())
    lines.append(f"速度比（处理器时间，含分词，三次取中）：{ratios}")
    lines.append(
        f"打乱顺序 {SHUFFLES} 次，B³ 最低 {said['worst_shuffle_b3_f1']:.4f}；不并事件时 {said['without_merges']['b3_f1']:.4f}"
    )
    x = said["growth"]
    lines.append(
        f"增长到 {x['messages']} 条：末段与首段速度之比 {said['rate_last_over_first']:.2f}，"
        f"窗口内 {x['kept']} 条，内存峰值 {said['memory_mib']:.0f} MiB"
    )
    return "\n".join(lines)


def tell_long(said: dict[str, Any]) -> str:
    """The long run as a person reads it."""
    rates, memory = said["messages_per_second"], said["memory_mib"]
    middle = len(memory) // 10
    return (
        f"连续 {said['messages']:,} 条（每天 {A_DAY} 条，地点逐条替换）：首段每秒 {rates[0]:.0f} 条，末段 {rates[-1]:.0f} 条，"
        f"之比 {said['last_over_first']:.2f}，各段最低 {min(rates):.0f} 条；新开事件 {said['events']:,} 个，窗口内 {said['kept']:,} 条；"
        f"内存在一成处 {memory[middle]:.0f} MiB，结束时 {memory[-1]:.0f} MiB，峰值 {said['peak_mib']:.0f} MiB；系统负载 {said['load']:.2f}"
    )


def main() -> int:
    """For a quick look: `python -m hezhi.engines.analysis.events.measure MESSAGES GOLD [UP_TO]`."""
    messages, gold, *rest = sys.argv[1:]
    sys.stdout.write(
        tell(event_figures(read_known(Path(messages), Path(gold)), int(rest[0]) if rest else GROWTH)) + "\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
