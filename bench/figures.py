"""Write docs/figures.md from the kept JSON (性能结果): only what was run stands there, met or missed."""

import json
from pathlib import Path
from typing import Any

HEAD = """# Figures

Written by `make bench` from `bench/results/*.json`; nothing here is typed in. A figure is worth as much as the
machine was quiet: the load average (processes wanting a core, ours and everybody else's) stands beside it.
Ratios between stacks of the same round move less than the figures themselves.
"""


def write(kept: Path, page: Path) -> None:
    """The page from all results there are."""
    parts = [HEAD]
    benches = (
        ("intake", _intake),
        ("list", _list),
        ("push", _push),
        ("bulk", _bulk),
        ("text", _text),
        ("statistics", _statistics),
        ("cases", _cases),
        ("year", _year),
        ("soak", _soak),
        ("jobs", _jobs),
        ("analysis", _analysis),
    )
    for name, told in benches:
        path = kept / f"{name}.json"
        if path.exists():
            found = json.loads(path.read_text())
            parts.append(f"{told(found)}\n{_origin(found)}")
    page.write_text("\n".join(parts))


def _origin(found: dict[str, Any]) -> str:
    machine, load = found["machine"], found["load"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    options = ", ".join(f"{name} {value}" for name, value in found["options"].items())
    return (
        f"Measured {found['at']} on {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB; "
        f"load {load['before']:.1f} before and {load['after']:.1f} after; {versions}; {options}.\n"
    )


def _intake(found: dict[str, Any]) -> str:
    lines = [
        "## Intake\n",
        "One message becomes a case with step, reporter, limit and to-do, looked up grid and desk included. Ours",
        "(granian, gunicorn) with channel key, quota, idempotency key, sealed fields, history and audit; the peer",
        "is the plain DRF + ORM way (`bench/peers/drf_orm`), without idempotency, audit and sealing; pgbench sends",
        "our own statement, prepared. Medians of the rounds.\n",
        "| stack | requests/s | p50 ms | p95 ms | p99 ms | app CPU ms | database CPU ms |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in found["medians"].items():
        lines.append(
            f"| {name} | {row['rps']:.0f} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} | {row['p99_ms']:.1f} "
            f"| {row['app_cpu_ms']:.2f} | {row['db_cpu_ms']:.2f} |"
        )
    lines += _goals(found)
    loads = [cell["load"] for cells in found["rounds"].values() for cell in cells]
    spread = "; ".join(
        f"{name} {min(c['rps'] for c in cells):.0f} to {max(c['rps'] for c in cells):.0f}"
        for name, cells in found["rounds"].items()
    )
    lines += [
        "",
        f"Requests/s over the rounds: {spread}. Load while measuring: {min(loads):.1f} to {max(loads):.1f}.",
        "",
    ]
    return "\n".join(lines)


def _goals(found: dict[str, Any]) -> list[str]:
    """What was wanted and what was found, as a table."""
    lines = ["", "| goal | wanted | found | |", "|---|---:|---:|---|"]
    for name, ratio in found["ratios"].items():
        goal = found["goals"][name]
        met = ratio >= goal["goal"] if goal["sign"] == "≥" else ratio <= goal["goal"]
        lines.append(f"| {name} | {goal['sign']} {goal['goal']} | {ratio:.2f} | {'met' if met else '**missed**'} |")
    return lines


def _push(found: dict[str, Any]) -> str:
    one = found["found"]
    lines = [
        f"## Live news, {found['options']['pages']:,} open pages\n",
        "One process of ours; each page is a person of his own with a session. A message goes to everybody's inbox in",
        "one statement, and the time counts from its commit until a page has read its new count (ours gathers news for",
        "a tenth of a second on purpose). The pages are read on the same cores. Not measured beside a peer.\n",
        "| delivered | p50 ms | p95 ms | last ms | KiB per page | server CPU µs per message and page | load |",
        "|---:|---:|---:|---:|---:|---:|---:|",
        f"| {one['delivered']:,.0f} of {one['wanted']:,.0f} | {one['p50_ms']:.0f} | {one['p95_ms']:.0f} "
        f"| {one['last_ms']:.0f} | {one['kib_per_page']:.1f} | {one['cpu_us_per_message']:.0f} | {one['load']:.1f} |",
        *_goals(found),
        "",
    ]
    return "\n".join(lines)


def _text(found: dict[str, Any]) -> str:
    classify, events = found["classify"], found["events"]
    lines = [
        f"## Text: routing {found['options']['rows']:,} and grouping {found['options']['messages']:,} messages\n",
        "Public messages with known labels and events. Routing by five-fold cross-validation with near-duplicates on one",
        "side; the stream sees each message once, in the order of time. All ways cut words with the same segmenter but the",
        "first peer (jieba). Processor time of one process, cutting included, median of three.\n",
        "| routing | macro-F1 | micro-F1 | right in two | alone at 97 % | messages/s |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for key, name in (("ours", "ours"), ("peer", "jieba + linear SVM")):
        x = classify[key]
        lines.append(
            f"| {name} | {x['macro_f1']:.3f} | {x['micro_f1']:.3f} | {x['top2']:.3f} | {x['coverage']['0.97']:.1%} "
            f"| {x['messages_per_second']:.0f} |"
        )
    lines += ["", "| events | B-cubed F1 | pairwise F1 | ARI | messages/s |", "|---|---:|---:|---:|---:|"]
    for key, name in (
        ("ours", "ours"),
        ("leader", "leader, all words"),
        ("leader_long", "leader, longer words"),
        ("dbscan", "DBSCAN"),
        ("hdbscan_lsa", "LSA + HDBSCAN"),
    ):
        x = events[key]
        lines.append(
            f"| {name} | {x['b3_f1']:.3f} | {x['pairwise_f1']:.3f} | {x['ari']:.3f} | {x['messages_per_second']:.0f} |"
        )
    lines += ["", "| goal | must | aim | found | |", "|---|---:|---:|---:|---|"]
    for name, value in found["found"].items():
        goal = found["goals"][name]
        met = "aim met" if value >= goal["aim"] else "must met" if value >= goal["must"] else "**missed**"
        lines.append(f"| {name} | {goal['must']} | {goal['aim']} | {value:.3f} | {met} |")
    if "long" in found:
        lines += ["", *_long(found["long"])]
    return "\n".join([*lines, ""])


def _long(found: dict[str, Any]) -> list[str]:
    """The long stream: rates and memory at its beginning, a tenth, half and its end."""
    rates, memory, part = found["messages_per_second"], found["memory_mib"], found["part"]
    marks = [0, len(rates) // 10 - 1, len(rates) // 2 - 1, len(rates) - 1]
    return [
        f"A stream of {found['messages']:,} messages, three hundred a day, each told of other places and with 30 % of its signs",
        f"exchanged; messages leave after 180 days ({found['kept']:,} stay). Last {part:,} over first: {found['last_over_first']:.2f};",
        f"slowest {min(rates):.0f} messages/s; highest memory {found['peak_mib']:.0f} MiB. Measured {found['at']}, load {found['load']:.1f}.\n",
        "| messages | messages/s | memory, MiB |",
        "|---:|---:|---:|",
        *[f"| {(n + 1) * part:,} | {rates[n]:.0f} | {memory[n]:.0f} |" for n in marks],
    ]


def _statistics(found: dict[str, Any]) -> str:
    lines = [
        f"## Statistics and an appraisal of 60 units, {found['options']['cases']:,} cases\n",
        f"Facts of {found['options']['cases']:,} cases over ninety days; the month asked for holds a third of them. Pages from",
        "inside a page worker, without the network.\n",
        "| page | SQL | in the database, ms | CPU worker + database, ms | p50, ms | p95, ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, row in found["pages"].items():
        lines.append(
            f"| {name} | {row['statements']} | {row['sql_ms']:.0f} | {row['app_cpu_ms']:.0f} + {row['db_cpu_ms']:.0f} "
            f"| {row['p50_ms']:.0f} | {row['p95_ms']:.0f} |"
        )
    lines += ["", "| once | SQL | ms | CPU of the worker, ms | what |", "|---|---:|---:|---:|---|"]
    for name, row in found["once"].items():
        lines.append(f"| {name} | {row['statements']} | {row['ms']:.0f} | {row['app_cpu_ms']:.0f} | {row['what']} |")
    return "\n".join([*lines, ""])


def _cases(found: dict[str, Any]) -> str:
    sizes = sorted(found["found"], key=int)
    lines = [
        f"## Case handling on {' and '.join(f'{int(size):,}' for size in sizes)} cases\n",
        "From inside a page worker, without the network. Cases come at one pace (394,000 a year) whatever their number, so more of",
        "them are more years in the archive; 12,000 are being worked on. Beside each figure the same statements sent by pgbench",
        "from one connection (all its processes' CPU; what a step writes is rolled back).\n",
        "| cases | what | SQL | CPU worker + database, ms | p50, ms | p95, ms | pgbench p50, ms | pgbench CPU, ms |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for size in sizes:
        for name, row in found["found"][size]["often"].items():
            limit = row["limit"]
            beside = f"{limit['p50_ms']:.1f} | {limit['db_cpu_ms']:.1f}" if limit else " | "
            lines.append(
                f"| {int(size):,} | {name} | {row['statements']} | {row['app_cpu_ms']:.0f} + {row['db_cpu_ms']:.0f} "
                f"| {row['p50_ms']:.0f} | {row['p95_ms']:.0f} | {beside} |"
            )
    lines += [
        "",
        "| cases | once | SQL | s | CPU worker + database, s | pgbench, s | what |",
        "|---:|---|---:|---:|---:|---:|---|",
    ]
    for size in sizes:
        for name, row in found["found"][size]["once"].items():
            limit = row.get("limit") or {}
            lines.append(
                f"| {int(size):,} | {name} | {row['statements']:,} | {row['ms'] / 1000:.1f} "
                f"| {row['app_cpu_ms'] / 1000:.1f} + {row['db_cpu_ms'] / 1000:.1f} "
                f"| {format(limit['p50_ms'] / 1000, '.1f') if limit else ''} | {row['what']} |"
            )
    return "\n".join([*lines, *_cases_growth(found), "", *_cases_sizes(found, sizes), ""])


def _cases_growth(found: dict[str, Any]) -> list[str]:
    if not found["growth"]:
        return []
    lines = [
        "",
        "Growth: at the most cases over at the fewest, in CPU of worker and database together, and in time.\n",
        "| what | CPU | time | wanted | |",
        "|---|---:|---:|---:|---|",
    ]
    for name, grown in found["growth"].items():
        wanted = name.startswith(("list: ", "case page"))
        met = "" if not wanted else "met" if grown["cpu"] <= 1.5 else "**missed**"
        lines.append(f"| {name} | {grown['cpu']:.2f} | {grown['time']:.2f} | {'≤ 1.5' if wanted else ''} | {met} |")
    return lines


def _cases_sizes(found: dict[str, Any], sizes: list[str]) -> list[str]:
    told = "; ".join(
        f"{int(size):,} cases take {found['found'][size]['gigabytes']:.1f} GiB, and {found['found'][size]['fill_s']:.0f} s "
        "to make of the size before"
        for size in sizes
    )
    fewest, most = int(sizes[0]), int(sizes[-1])
    early = ""
    if fewest < 70_000:
        early = " The month that statistics and appraisal ask for lies before the first of the fewest cases."
    elif fewest < 520_000 < most:  # 394,000 a year, and the month asked for ended some weeks ago
        early = (
            " The page of statistics compares with the same month of the year before, which the fewest cases do not have: that"
            " is a third more to read, and not the archive."
        )
    return [f"{told}.{early}"]


def _year(found: dict[str, Any]) -> str:
    many = sum(found["verbs"].values())
    whole = not found["broken"] and not found["differences"]
    told = ", ".join(f"{name} {n:,}" for name, n in sorted(found["verbs"].items(), key=lambda x: -x[1]))
    base = f" and {found['db_cpu']:.0f} s of the database" if "db_cpu" in found else ""
    lines = [
        f"## A simulated year, {found['cases']:,} cases\n",
        f"{found['options']['days']} days through the real verbs with the clock moved: {many:,} verbs ({told}), "
        f"{sum(found['refused'].values()):,} refused as they must, {', '.join(f'{n} {name}' for name, n in found['events'].items())}, "
        f"the worker killed {found['killed']} times. {found['seconds']:.0f} s ({found['cases'] / found['seconds']:.1f} cases/s, "
        f"{many / found['seconds']:.0f} verbs/s; CPU {found['cpu']:.0f} s{base}), checked in {found['check_seconds']:.0f} s.\n",
        f"{found['invariants']} invariants: {'all hold' if not found['broken'] else '**broken** ' + '、'.join(found['broken'])}; every figure of every "
        f"month and {found['appraisals']} frozen appraisals counted again: {'the same' if whole else '**not the same**'}.",
        "",
    ]  # fmt: skip
    if "asked" in found:
        rows = ", ".join(f"{n:,} {name}" for name, n in found["rows"].items())
        lines += [f"Asked of {rows}.\n", "| invariant | faults | looked for, s |", "|---|---:|---:|"]
        lines += [
            f"| {name} | {len(found['broken'].get(name, []))} | {seconds:.1f} |"
            for name, seconds in found["asked"].items()
        ]
        lines.append("")
    return "\n".join(lines)


def _soak(found: dict[str, Any]) -> str:
    told = found["options"]
    lines = [
        f"## A load run of {told['minutes']:g} minutes, {told['officers']:,} officers\n",
        f"Desks over kept connections with {told['think']:g} s between two clicks on average, messages at {told['times_peak']:g} times a district's peak",
        f"({found['messages']['sent']:,} sent), on {told['rows']:,} cases. Killed and started again: "
        + (", ".join(f"{name} {n} times" for name, n in found["kills"].items()) or "nothing") + ". A wait counts from the click to",
        f"the answer, {found['broken']} broken connections and their repeats included; the crowd shares the cores. Mean load {found['mean_load']:.1f}.\n",
        "| what | answers | p50, ms | p95, ms | longest, ms |",
        "|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    for name, row in found["kinds"].items():
        lines.append(f"| {name} | {row['many']:,} | {row['p50_ms']:.0f} | {row['p95_ms']:.0f} | {row['most_ms']:.0f} |")
    steps = ", ".join(f"{n:,} {name}" for name, n in found["steps"].items())
    lines += [
        "",
        f"p95 of all {found['p95_ms']:.0f} ms (wanted < 500: {'met' if found['p95_ms'] < 500 else '**missed**'}). {found['messages']['created']:,} messages "
        f"answered «created», {steps}: " + ("; ".join(found["faults"]) or "all there, each once") + ".",
        "",
        f"CPU in seconds: web and job worker with their starts {found['cpu']['house']:.0f}, database {found['cpu']['database']:.0f}, the crowd itself "
        f"{found['cpu']['crowd']:.0f} (it shares the cores).",
        "",
    ]
    return "\n".join(lines)


def _jobs(found: dict[str, Any]) -> str:
    """The twelve jobs, and what the goal of the routine one came to."""
    lines = [
        "## Twelve daily jobs at the keyboard\n",
        "Done in Chromium by keys alone, from the page on which the work lies open until what was done stands in the database and the",
        "next page is there. Keys are all but those of words; signs are what is written into fields. The script does not think, so the",
        f"seconds are the system's: of all answers, and the whole. The middle of {found['options']['times']} rounds on fresh cases of the demo district.\n",
        "| job | keys | signs | clicks | server, s | whole, s | pressed |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for name, row in found["jobs"].items():
        pressed = " ".join(row["pressed"]).replace("Control", "Ctrl")
        lines.append(
            f"| {name} | {row['keys']} | {row['signs']} | {row['clicks']} | {row['server_s']:.2f} | {row['whole_s']:.2f} | {pressed} |"
        )
    goal, keys = (
        found["goals"]["routine triage, keys"],
        found["jobs"]["triage"]["keys"] + found["jobs"]["triage"]["clicks"],
    )
    lines += [
        "",
        "| goal | wanted | found | |",
        "|---|---:|---:|---|",
        f"| routine triage, keys | ≤ {goal} | {keys} | {'met' if keys <= goal else '**missed**'} |",
        "",
    ]
    return "\n".join(lines)


def _analysis(found: dict[str, Any]) -> str:
    cases, keeping, export = found["cases"], found["keeping"], found["export"]
    lines = [
        f"## Questions of the situation, {cases['cases']:,} cases\n",
        "Days, matters, channels and places as in a real half year of requests. «Kept» is a kept sum with the changes that wait;",
        "DuckDB asks the Parquet files; «scan» only reads the columns that are needed; PostgreSQL is the question written by hand on",
        "the table of cases. «Times» is PostgreSQL to who answers on the screen; every answer compared cell by cell.\n",
        "| question | answered by | kept, ms | DuckDB, ms | scan, ms | PostgreSQL, ms | times | CPU, times | equal |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for name, row in found["questions"].items():
        kept = f"{row['kept']['ms']:.0f}" if "kept" in row else ""
        cpu = f"{row['cpu_times']:.1f}" if "cpu_times" in row else "—"
        lines.append(
            f"| {name} | {row['answered']} | {kept} | {row['duckdb']['ms']:.0f} | {row['scan']['ms']:.0f} "
            f"| {row['postgres']['ms']:.0f} | {row['times']:.1f} | {cpu} | {'yes' if row['equal'] else '**no**'} |"
        )
    lines += ["", "| goal | wanted | worst found | by CPU | |", "|---|---|---:|---:|---|"]
    for name, wanted in found["goals"].items():
        value = found["summary"][name]
        met = value <= wanted if name.endswith("ms") else value >= wanted
        sign = "≤" if name.endswith("ms") else "≥"
        cpu = f"{found['by_cpu'][name]:.2f}" if name in found.get("by_cpu", {}) else ""
        lines.append(f"| {name} | {sign} {wanted:g} | {value:.2f} | {cpu} | {'met' if met else '**missed**'} |")
    cost = found.get("trigger", {})
    if cost:
        lines += [
            "",
            f"What the count costs the intake: {cost['trigger_us']:.1f} µs of the database's CPU a case, of {cost['with_us']:.0f} µs "
            f"for a bare insert ({cost['rows']:,} cases in a statement).",
        ]
    lines += [
        "",
        f"Table of cases {cases['table_bytes'] / 2**20:,.0f} MiB, {cases['sums']:,} sums {cases['sums_bytes'] / 2**20:,.0f} MiB, files "
        f"{cases['files_bytes'] / 2**20:,.1f} MiB. Made from nothing: sums {keeping.get('rebuild_s', 0):.0f} s, files of "
        f"{keeping.get('months', 0)} months {keeping.get('files_s', 0):.0f} s; a month of {export['rows']:,} cases "
        f"{export['ours_ms']:.0f} ms, {export['bare_ms']:.0f} ms as bare COPY.",
    ]
    return "\n".join([*lines, ""])


def _bulk(found: dict[str, Any]) -> str:
    lines = [
        f"## Large imports, {found['options']['rows']:,} residents\n",
        "One file with 4 % bad rows, three people to a home, from the upload to the last row written: checks, sealing in two",
        "processes, prints, comparison with the register, households and where they live, history, refused rows as a sheet.",
        "The peers (`bench/peers/rows`) read the first rows of the same file, make the same checks and write the same tables;",
        "they compare within the file and with the register in memory, and make no sheet. Known people are changed by our own",
        "way and refused by the peers. Memory is the process with all it started.\n",
        "| way | rows | rows/s | seconds | writing alone, s | CPU, s | database CPU, s | highest memory, MB | load |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in found["found"].items():
        alone = f"{row['steps']['写入']:.1f}" if row["steps"] else ""
        lines.append(
            f"| {name} | {row['rows']:,} | {row['rate']:,.0f} | {row['seconds']:.1f} | {alone} | {row['cpu']:.1f} "
            f"| {row['db_cpu']:.1f} | {row['peak_mb']:.0f} | {row['load']:.1f} |"
        )
    return "\n".join([*lines, *_goals(found), ""])


def _list(found: dict[str, Any]) -> str:
    lines = [
        f"## List of cases, {found['options']['rows']:,} rows\n",
        "Page SQL is what the database needs to run the page's statement (its own clock, the middle of seven, planning",
        "not counted); the server's time is the whole answer of a page worker, 50 rows drawn, without the network. CPU is",
        "what the worker's process and its database connection really used (the middle, and the mean): on a machine",
        "that others use too the server's time is mostly waiting for a core, and the CPU says what it would be alone.\n",
        "| who asks what | page SQL ms | statements | worker CPU ms | p95 | database CPU ms | server p50 ms | p95 | |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_list_line(name, row, row["page_ms"] <= 2) for name, row in found["questions"].items()]
    lines += [
        "",
        "Wanted: page SQL ≤ 2 ms, p95 < 100 ms on the server. What is not ended is counted by state in full (to 30,000",
        "in all), what is ended no further than 1,000 a state; these counts are part of the answer measured.\n",
        "Other doors to the same rows (page SQL is a list's own; wanted: p95 < 100 ms):\n",
        "| who asks what | page SQL ms | statements | worker CPU ms | p95 | database CPU ms | server p50 ms | p95 | |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [_list_line(name, row, True) for name, row in found.get("pages", {}).items()]
    return "\n".join([*lines, ""])


def _list_line(name: str, row: dict[str, float], quick: bool) -> str:
    met = quick and row["p95_ms"] < 100
    page = f"{row['page_ms']:.2f}" if row["page_ms"] else ""
    return (
        f"| {name} | {page} | {row['statements']} | {row['app_cpu_ms']:.0f} | {row['app_cpu_p95_ms']:.0f} "
        f"| {row['db_cpu_ms']:.0f} | {row['p50_ms']:.0f} | {row['p95_ms']:.0f} | {'met' if met else '**missed**'} |"
    )
