"""Figures of the text part, each beside a plain peer in the same run (文本能力测量).

    python -m hezhi.engines.analysis.text.measure classify --train CSV [--test CSV] [--json OUT]
    python -m hezhi.engines.analysis.text.measure train --train CSV --out FOLDER
    python -m hezhi.engines.analysis.text.measure duplicates --messages CSV --gold CSV

Without --test the quality is by five-fold cross-validation with near-duplicates on one side. The
peer is jieba + TF-IDF + linear support vectors. Speed is messages a second of processor time of this
process, cutting into words included, median of three; the machine's load is printed beside it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from hezhi.engines.analysis.text.classify import route, suggest, train
from hezhi.engines.analysis.text.duplicates import Message, candidates
from hezhi.engines.analysis.text.embedding import owners_embedder
from hezhi.engines.analysis.text.model import Model, load, save
from hezhi.engines.analysis.text.segment import segmenter
from hezhi.engines.analysis.text.train import Labelled, fit, read_rows, terms_of_rows
from hezhi.engines.analysis.text.validate import Figures, Guesses, cross_validate, figures, groups, guesses_of, together

__all__ = ["classify_figures", "duplicate_figures", "main", "read_rows", "tell_classify"]

ROUNDS = 3
SPEED_ROWS = 1000


def classify_figures(train_rows: Sequence[Labelled], test_rows: Sequence[Labelled] = ()) -> dict[str, Any]:
    """Quality and speed of ours and of the peer on the same messages, with the ratio of their speeds."""
    ours, model, seconds = _ours(train_rows, test_rows)
    peer, peer_predict, peer_seconds = _peer(train_rows, test_rows)
    sample = list(test_rows or train_rows)[:SPEED_ROWS]
    speed = _rate(sample, lambda rows: route(((r.title, r.text) for r in rows), model))
    one_by_one = _rate(sample, lambda rows: [suggest(r.title, r.text, model) for r in rows])
    peer_speed = _rate(sample, peer_predict)
    return {
        "train": len(train_rows),
        "test": len(test_rows) or "five-fold",
        "macro_f1": ours.macro_f1,
        "micro_f1": ours.micro_f1,
        "coverage_at_97": ours.coverage["0.97"],
        "ours": {**ours.as_dict(), "train_seconds": seconds, "messages_per_second": speed, "one_by_one": one_by_one},
        "peer": {**peer.as_dict(), "train_seconds": peer_seconds, "messages_per_second": peer_speed},
        "speed_ratio": speed / peer_speed,
        "speed_ratio_one_by_one": one_by_one / peer_speed,
        "terms": len(model.space),
        "load": os.getloadavg()[0],
    }


def _ours(train_rows: Sequence[Labelled], test_rows: Sequence[Labelled]) -> tuple[Figures, Model, float]:
    start = time.process_time()
    terms = terms_of_rows(train_rows)
    model = fit([row.label for row in train_rows], terms)
    seconds = time.process_time() - start
    if test_rows:
        guesses = guesses_of(model, [row.label for row in test_rows], terms_of_rows(test_rows))
    else:
        guesses = cross_validate(train_rows, terms)
    return figures(guesses), model, seconds


def _peer(
    train_rows: Sequence[Labelled], test_rows: Sequence[Labelled]
) -> tuple[Figures, Callable[[Sequence[Labelled]], object], float]:
    """jieba words, TF-IDF, linear support vectors: what one writes in an afternoon."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.svm import LinearSVC

    cut = segmenter("jieba").cut

    def words_of(rows: Sequence[Labelled]) -> list[list[str]]:
        return [cut(f"{row.title} {row.text}") for row in rows]

    def learn(words: Sequence[list[str]], labels: Sequence[str]) -> tuple[Any, Any]:
        vectors = TfidfVectorizer(analyzer=list, sublinear_tf=True)
        return vectors, LinearSVC(C=0.5, random_state=0).fit(vectors.fit_transform(words), list(labels))

    def guess(pair: tuple[Any, Any], words: Sequence[list[str]], labels: Sequence[str]) -> Guesses:
        scores = pair[1].decision_function(pair[0].transform(words))
        order, rows = scores.argsort(axis=1), range(len(labels))
        name = [str(label) for label in pair[1].classes_]
        best, second = [name[i] for i in order[:, -1]], [name[i] for i in order[:, -2]]
        return Guesses(
            tuple(labels), tuple(best), tuple(second), scores[rows, order[:, -1]] - scores[rows, order[:, -2]]
        )

    labels = [row.label for row in train_rows]
    start = time.process_time()
    words = words_of(train_rows)
    whole = learn(words, labels)
    seconds = time.process_time() - start
    if test_rows:
        guesses = guess(whole, words_of(test_rows), [row.label for row in test_rows])
    else:
        parts = []
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=20)
        for a, b in folds.split(labels, labels, groups(train_rows)):
            part = learn([words[i] for i in a], [labels[i] for i in a])
            parts.append(guess(part, [words[i] for i in b], [labels[i] for i in b]))
        guesses = together(parts)
    return figures(guesses), lambda rows: whole[1].predict(whole[0].transform(words_of(rows))), seconds


def _rate(rows: Sequence[Labelled], work: Callable[[Sequence[Labelled]], object]) -> float:
    rates = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work(rows)
        rates.append(len(rows) / (time.process_time() - start))
    return statistics.median(rates)


def duplicate_figures(messages: Path, gold: Path) -> dict[str, Any]:
    """Of labelled pairs of one event, how many are proposed, and how often a proposal is right.

    Scored on messages that belong to an event or are known to stand alone; places come from the text.
    """
    events = {r["msg_id"]: r for r in _rows(gold) if r["kind"] != "ambiguous"}
    kept = [Message(r["msg_id"], r["title"], r["detail"]) for r in _rows(messages) if r["msg_id"] in events]
    pairs = _event_pairs(events)
    start = time.process_time()
    by_kind: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    found = set()
    for at, message in enumerate(kept):
        for candidate in candidates(message, kept[:at]):
            pair = frozenset((str(message.id), str(candidate.id)))
            kind = f"{candidate.kind}{'' if candidate.same_place is not False else ', places differ'}"
            by_kind[kind][0] += 1
            by_kind[kind][1] += pair in pairs
            found.add(pair)
    compared = len(kept) * (len(kept) - 1) / 2
    return {
        "messages": len(kept),
        "event_pairs": len(pairs),
        "proposed": {kind: {"pairs": n, "same_event": right / n} for kind, (n, right) in sorted(by_kind.items())},
        "messages_of_events_reached": _reached(events, found & pairs),
        "comparisons_per_second": compared / (time.process_time() - start),
        "load": os.getloadavg()[0],
    }


def _event_pairs(events: dict[str, dict[str, str]]) -> set[frozenset[str]]:
    members = defaultdict(list)
    for name, row in events.items():
        if row["kind"] == "cluster":
            members[row["cluster_id"]].append(name)
    return {frozenset(pair) for names in members.values() for pair in combinations(names, 2)}


def _reached(events: dict[str, dict[str, str]], right: set[frozenset[str]]) -> float:
    """Share of the messages of events that are proposed together with at least one of their own."""
    members = [name for name, row in events.items() if row["kind"] == "cluster"]
    met = {name for pair in right for name in pair}
    return sum(name in met for name in members) / max(1, len(members))


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def tell_classify(said: dict[str, Any]) -> str:
    lines = [f"训练 {said['train']} 条，检验 {said['test']}；模型词项 {said['terms']} 个；系统负载 {said['load']:.2f}"]
    for key, name in (("ours", "本系统"), ("peer", "对照（jieba + 线性 SVM）")):
        x = said[key]
        cover = "、".join(f"{float(a):.0%} {c:.1%}" for a, c in x["coverage"].items())
        lines.append(
            f"{name}：宏 F1 {x['macro_f1']:.4f}，微 F1 {x['micro_f1']:.4f}，前二命中 {x['top2']:.4f}，可自动分派（按准确率）{cover}；"
            f"训练 {x['train_seconds']:.1f} 秒，每秒 {x['messages_per_second']:.0f} 条"
        )
    one = said["speed_ratio_one_by_one"]
    lines.append(
        f"速度比：成批 {said['speed_ratio']:.1f} 倍，逐条（含理由）{one:.1f} 倍（处理器时间，含分词，三次取中）"
    )
    for name, row in said["ours"]["labels"].items():
        lines.append(
            f"  {name}：精确率 {row['precision']:.3f}，召回率 {row['recall']:.3f}，F1 {row['f1']:.3f}，{row['messages']} 条"
        )
    return "\n".join(lines)


def _say_duplicates(said: dict[str, Any]) -> str:
    lines = [f"消息 {said['messages']} 条，同一事项的消息对 {said['event_pairs']} 对"]
    lines += [f"  {kind}：提出 {x['pairs']} 对，同一事项 {x['same_event']:.1%}" for kind, x in said["proposed"].items()]
    lines.append(
        f"事项中至少与一件同事项消息相互提示的：{said['messages_of_events_reached']:.1%}；每秒比较 {said['comparisons_per_second']:.0f} 对"
    )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="measure", description="文本能力测量")
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("classify", help="分类质量与速度")
    one.add_argument("--train", type=Path, required=True, help="训练文件（title, detail, label）")
    one.add_argument("--test", type=Path, help="检验文件；不给则用五折交叉验证")
    two = verbs.add_parser("train", help="训练并保存模型")
    two.add_argument("--train", type=Path, required=True)
    two.add_argument("--out", type=Path, required=True, help="模型文件夹")
    three = verbs.add_parser("duplicates", help="疑似重复提示的质量")
    three.add_argument("--messages", type=Path, required=True)
    three.add_argument("--gold", type=Path, required=True)
    for verb in (one, three):
        verb.add_argument("--json", type=Path, help="把数字写入文件")
    chosen = parser.parse_args(arguments)
    return _VERBS[chosen.verb](chosen)


def _classify(chosen: argparse.Namespace) -> int:
    said = classify_figures(read_rows(chosen.train), read_rows(chosen.test) if chosen.test else ())
    return _tell(tell_classify(said), said, chosen.json)


def _duplicates(chosen: argparse.Namespace) -> int:
    said = duplicate_figures(chosen.messages, chosen.gold)
    return _tell(_say_duplicates(said), said, chosen.json)


def _train(chosen: argparse.Namespace) -> int:
    model = train(chosen.train, owners_embedder())
    size = save(model, chosen.out)
    start = time.perf_counter()
    load(chosen.out)
    seconds = time.perf_counter() - start
    said = f"已保存 {size:,} 字节，读取 {seconds * 1000:.0f} 毫秒，自动分派门槛 {model.threshold:.3f}"
    sys.stdout.write(said + "\n")
    return 0


def _tell(text: str, said: dict[str, Any], path: Path | None) -> int:
    sys.stdout.write(text + "\n")
    if path:
        path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


_VERBS = {"classify": _classify, "duplicates": _duplicates, "train": _train}

if __name__ == "__main__":
    sys.exit(main())
