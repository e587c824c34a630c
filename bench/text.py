"""`python -m bench text`: routing and events on the shared messages, ours beside the peers (文本能力).

Runs the same functions as `hezhi text classify` (five-fold, near-duplicates on one side) and `hezhi text events`.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from hezhi.ground.time import real_now
from hezhi.wiring.places import CHECKOUT

SHARED = Path(os.environ.get("HEZHI_SHARED", CHECKOUT.parent / "shared"))
GOALS = {
    "macro-F1": ("macro_f1", 0.915, 0.93),
    "micro-F1": ("micro_f1", 0.918, 0.93),
    "routed alone at 97 % accuracy": ("coverage_at_97", 0.78, 0.88),
    "routing speed over jieba + linear SVM": ("routing_speed_ratio", 6, 8),
    "B-cubed F1 of events": ("b3_f1", 0.955, 0.975),
    "pairwise F1 of events": ("pairwise_f1", 0.92, 0.95),
    "worst of three shuffles, B-cubed": ("worst_shuffle_b3_f1", 0.945, 0.96),
    "events speed over leader": ("events_speed_ratio", 3, 6),
    "rate of the last 10,000 over the first": ("rate_last_over_first", 0.75, 0.9),
}
"""What is wanted: must and aim, on rows that were not tuned on."""


def options(reader: argparse.ArgumentParser) -> None:
    """What may be asked for."""
    reader.add_argument("--folder", type=Path, default=SHARED / "data/appeals-teddy2020")
    reader.add_argument("--grow-to", type=int, default=160_000)
    reader.add_argument(
        "--messages", type=int, default=0, help="only the long stream, so many messages; the rest stays as it was"
    )


def run(told: argparse.Namespace) -> dict[str, Any]:
    """Both parts; refuses when the messages are not there."""
    from hezhi.engines.analysis.events import measure as events
    from hezhi.engines.analysis.text import measure as routing

    folder: Path = told.folder
    if not folder.is_dir():
        raise SystemExit(f"no messages in {folder}: give --folder")
    known = events.read_known(folder / "messages_events.csv", folder / "events_gold.csv")
    if told.messages:
        return _long(events.long_run(known.messages, told.messages))
    rows = routing.read_rows(folder / "messages_labelled_train.csv")
    classify = routing.classify_figures(rows)
    print(routing.tell_classify(classify), flush=True)
    grouping = events.event_figures(known, told.grow_to)
    print(events.tell(grouping), flush=True)
    found = {
        **classify,
        **grouping,
        "routing_speed_ratio": classify["speed_ratio"],
        "events_speed_ratio": grouping["speed_ratio"],
    }
    return {
        "options": {"rows": len(rows), "messages": len(known.messages), "grow_to": told.grow_to},
        "goals": {name: {"must": must, "aim": aim} for name, (_, must, aim) in GOALS.items()},
        "found": {name: found[key] for name, (key, _, _) in GOALS.items()},
        "classify": classify,
        "events": grouping,
        **{name: value for name, value in _kept().items() if name == "long"},  # measured by itself, with --messages
    }


KEPT = CHECKOUT / "bench/results/text.json"


def _long(found: dict[str, Any]) -> dict[str, Any]:
    """The long stream beside the kept figures of the other parts, which are not measured again."""
    from hezhi.engines.analysis.events import measure as events

    print(events.tell_long(found), flush=True)
    return _kept() | {"long": found | {"at": real_now().isoformat(timespec="minutes")}}


def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return kept
