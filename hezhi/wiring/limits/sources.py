"""Guards over Python sources (源代码), read as syntax: chains of queries on persons, and what becomes of them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from hezhi.wiring.limits.findings import Finding
from hezhi.wiring.limits.people import CARE, People
from hezhi.wiring.limits.world import World

CARE_ROOM = "hezhi/chapters/grassroots/care/"
LEARNERS = re.compile(
    r"^(sklearn|torch|tensorflow|xgboost|lightgbm|statsmodels|hezhi\.engines\.analysis\.text\.(model|train|features|classify))"
)
GRAPHS = re.compile(r"^(networkx|igraph|graph_tool|scipy\.sparse\.csgraph)")
SHEETS = re.compile(r"^(csv|openpyxl|xlsxwriter|docx|polars|pandas)$|^hezhi\.ground\.tables")
READ_IN = {"open_table", "Column", "Row", "TableRefused"}
"""What reads a sheet that somebody brings; anything else of the tables makes one."""
RECOGNISERS = re.compile(
    r"FaceRecognizerSF|LBPHFaceRecognizer|EigenFaceRecognizer|face_encodings|compare_faces|FaceAnalysis|embedding_distance|recogni[sz]e_(face|plate)"
)
PERSONAL = {
    "phone",
    "id_number",
    "resident_id",
    "address",
    "name",
    "full_name",
    "needs",
    "plan",
    "text",
    "guardian_phone",
}
JOINED_BY = re.compile(r"(phone|address|mobile|room|point|plate)(_blind)?$")


@dataclass
class Chain:
    """One query on a table, put together over the lines of a function (查询链): its calls in order."""

    model: str
    calls: list[ast.Call] = field(default_factory=list)
    line: int = 0

    @property
    def methods(self) -> list[str]:
        return [call.func.attr for call in self.calls if isinstance(call.func, ast.Attribute)]


@lru_cache(maxsize=2048)
def parsed(text: str) -> ast.Module:
    """The source as a tree, read once."""
    return ast.parse(text)


@lru_cache(maxsize=2048)
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Every node of a tree, walked once for all guards."""
    return tuple(ast.walk(tree))


@lru_cache(maxsize=2048)
def imports(tree: ast.Module) -> dict[str, str]:
    """Local name → dotted origin."""
    found: dict[str, str] = {}
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
    return found


def models_in(tree: ast.Module, path: str, names: dict[str, str]) -> dict[str, str]:
    """Local name → model's label, for the models of `names` (dotted origin or class → label) that a module knows."""
    found = {}
    for local, origin in imports(tree).items():
        module, _, name = origin.rpartition(".")
        if name in names and module.startswith("hezhi.") and not _of_another_room(module, names[name]):
            found[local] = names[name]
    for node in nodes(tree):
        here = path.removesuffix(".py").replace("/", ".")
        if (
            isinstance(node, ast.ClassDef)
            and node.name in names
            and path.endswith("models.py")
            and not _of_another_room(here, names[node.name])
        ):
            found[node.name] = names[node.name]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _name(node.value.func) == "get_model":
            told = "".join(str(a.value) for a in node.value.args if isinstance(a, ast.Constant)).lower()
            label = next((label for label in names.values() if told in (label, label.replace(".", ""))), "")
            found |= {t.id: label for t in node.targets if isinstance(t, ast.Name) and label}
    return found


def _of_another_room(module: str, label: str) -> bool:
    """Whether a module of tables belongs to another room: two rooms may each have a `Visit`."""
    room, is_tables, _ = module.partition(".models")
    return bool(is_tables) and room.rpartition(".")[2] != label.partition(".")[0]


def chains(tree: ast.AST, known: dict[str, str]) -> Iterator[tuple[ast.AST, Chain]]:
    """Every query on a known table, function by function; a name keeps what was put together under it."""
    for function in nodes(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            continue
        held: dict[str, Chain] = {}
        for node in _own(function):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.AST):
                made = _chain(node.value, known, held)
                targets_ = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets_:
                    if made and isinstance(target, ast.Name):
                        held[target.id] = made
            for call in _outermost(node):
                made = _chain(call, known, held)
                if made:
                    yield function, made


def _own(function: ast.AST) -> list[ast.stmt]:
    """The statements of a function in order, those of inner functions left out."""
    found: list[ast.stmt] = []

    def walk(body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            found.append(node)
            for name in ("body", "orelse", "finalbody"):
                walk(getattr(node, name, []))
            for handler in getattr(node, "handlers", []):
                walk(handler.body)

    walk(getattr(function, "body", []))
    return found


def _outermost(node: ast.stmt) -> Iterator[ast.expr]:
    """The calls of a statement that are not the root of a longer call; blocks below are statements of their own."""
    inner: set[int] = set()
    own = [n for n in _expressions(node) if isinstance(n, ast.Call)]
    for call in own:
        step: ast.AST = call.func
        while isinstance(step, ast.Attribute | ast.Call | ast.Subscript):
            if isinstance(step, ast.Call):
                inner.add(id(step))
                step = step.func
            else:
                step = step.value
    yield from (call for call in own if id(call) not in inner)


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler):
            continue
        yield child
        yield from _expressions(child)


def _chain(node: ast.AST, known: dict[str, str], held: dict[str, Chain]) -> Chain | None:
    calls: list[ast.Call] = []
    step = node
    while isinstance(step, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(step, ast.Call):
            calls.insert(0, step)
            step = step.func
        else:
            step = step.value
    if not isinstance(step, ast.Name):
        return None
    line = getattr(node, "lineno", 0)
    if step.id in held:
        return Chain(held[step.id].model, [*held[step.id].calls, *calls], line)
    if step.id in known and "objects" in ast.dump(node):
        return Chain(known[step.id], calls, line)
    return None


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _named_calls(node: ast.AST) -> set[str]:
    return {_name(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}


def _sources(world: World, *hints: str) -> Iterator[tuple[str, ast.Module]]:
    """The sources that hold one of these words, as trees; without words all."""
    for path, text in world.of(".py").items():
        if not path.startswith("hezhi/wiring/limits/") and (not hints or any(hint in text for hint in hints)):
            yield path, parsed(text)


def _labels(models: set) -> dict[str, str]:
    return {model.__name__: model._meta.label_lower for model in models}


# -- P1, P3, P14 -----------------------------------------------------------------------------------

COUNTED = {"Count", "Sum", "Avg", "Max", "Rank", "DenseRank", "RowNumber", "Window", "Ntile", "PercentRank", "Case"}


def nobody_is_ranked(world: World, people: People) -> Iterator[Finding]:
    """Counting what hangs on persons and ordering persons by it ranks them, whoever they are."""
    residents, staff = _labels(people.hanging), {"User": "org.user", "Holding": "org.holding"}
    for path, tree in _sources(world, "order_by", "Rank", "RowNumber", "Ntile"):
        if path.startswith("hezhi/engines/") and "analysis" not in path:
            continue
        known = models_in(tree, path, residents | staff)
        for _, chain in chains(tree, known) if known else ():
            by = _ranked_by(chain)
            if not by:
                continue
            if chain.model.startswith("org."):
                yield Finding("P14", f"{path}:{chain.line}", f"按“{by}”给工作人员排名")
            elif f"{path}:{chain.model}" not in world.allowed.get("ordered", {}):
                yield Finding("P1", f"{path}:{chain.line}", f"按“{by}”给个人排名")


def _ranked_by(chain: Chain) -> str:
    made: dict[str, ast.expr] = {}
    for call in chain.calls:
        method = _name(call.func)
        if method in ("annotate", "alias", "extra"):
            made |= {k.arg: k.value for k in call.keywords if k.arg and COUNTED & _named_calls(k.value)}
        if method == "order_by":
            for given in call.args:
                told = ast.dump(given)
                for name in made:
                    if f"'{name}'" in told or f"'-{name}'" in told:
                        return name
                if COUNTED & _named_calls(given):
                    return "计数"
    return next(
        (n for n, v in made.items() if {"Rank", "DenseRank", "RowNumber", "Ntile", "PercentRank"} & _named_calls(v)), ""
    )


def nobody_is_predicted(world: World, people: People) -> Iterator[Finding]:
    """No module that knows how to learn knows persons too."""
    for path, tree in _sources(world):
        origins = imports(tree).values()
        learner = next((origin for origin in origins if LEARNERS.match(origin)), "")
        graph = next((origin for origin in origins if GRAPHS.match(origin)), "")
        known = models_in(tree, path, _labels(people.hanging)) if learner or graph else {}
        if known and learner and path not in world.allowed.get("learners", {}):
            yield Finding("P1", path, f"学习算法（{learner}）与个人数据放在一起，就会给人做预测")
        if known and graph:
            yield Finding("P3", path, f"图算法（{graph}）用在人身上，就会推断关系")


def ties_are_never_found_out(world: World, people: People) -> Iterator[Finding]:
    """Ties are entered by a verb; nobody is joined to another by a phone, an address, a place."""
    residents = _labels({m for m in people.hanging if m._meta.label_lower != "handling.reporter"})
    for path, tree in _sources(world, "Tie", "blind", "address", "point"):
        known = models_in(tree, path, residents)
        for function, chain in chains(tree, known) if known else ():
            said = _joined_by(chain)
            if said:
                yield Finding("P3", f"{path}:{chain.line}", f"用相同的“{said}”把两个人连起来，是推断关系")
            made = {"create", "bulk_create", "get_or_create", "update_or_create"} & set(chain.methods)
            if chain.model == f"{CARE}.tie" and made and not _is_entered(path, function):
                yield Finding("P3", f"{path}:{chain.line}", "社会关系只能由经办人逐条登记，不由程序生成")
        for call in nodes(tree):
            if isinstance(call, ast.Call) and known.get(_name(call.func)) == f"{CARE}.tie" and "/actions" not in path:
                yield Finding("P3", f"{path}:{call.lineno}", "社会关系只能由经办人逐条登记，不由程序生成")


def _is_entered(path: str, function: ast.AST) -> bool:
    decorated = any("verb" in ast.dump(d) for d in getattr(function, "decorator_list", ()))
    return f"{CARE_ROOM}actions" in path and decorated


def _joined_by(chain: Chain) -> str:
    for call in chain.calls:
        method = _name(call.func)
        if method == "values":
            keys = [str(a.value) for a in call.args if isinstance(a, ast.Constant)]
            shared = next((key for key in keys if JOINED_BY.search(key) and ("blind" in key or "address" in key)), "")
            if shared and {"annotate", "alias"} & set(chain.methods):
                return shared
        if method in ("filter", "get", "exclude"):
            for given in call.keywords:
                key = (given.arg or "").removesuffix("__in").removesuffix("__exact")
                if not JOINED_BY.search(key) or not ("blind" in key or "address" in key or "point" in key):
                    continue
                if any(
                    isinstance(n, ast.Attribute) and n.attr == key for n in ast.walk(given.value)
                ) or "F" in _named_calls(given.value):
                    return key
    return ""


# -- P2 --------------------------------------------------------------------------------------------


def no_recogniser(world: World, people: People) -> Iterator[Finding]:
    """No call that tells whose face or plate it is; finding one in order to blur it is another thing."""
    for path, text in world.of(".py").items():
        if path.startswith("hezhi/wiring/limits/"):
            continue
        found = RECOGNISERS.search(text)
        if found:
            yield Finding("P2", path, f"“{found[0]}”辨认是谁的面孔或号牌")


# -- P6, P8, P10, P12 ------------------------------------------------------------------------------

WITHIN = ("queries", "actions", "jobs", "events", "demo", "models", "api", "erasing", "telling")


def care_is_asked_with_the_reader_in_hand(world: World, people: People) -> Iterator[Finding]:
    """Care rows are read by the care room alone, on its pages only through its queries."""
    names = _labels(people.special)
    for path, tree in _sources(world, *names, "care_"):
        known = models_in(tree, path, names)
        for function, chain in chains(tree, known) if known else ():
            inside = path.startswith(CARE_ROOM)
            if not inside:
                yield Finding("P6", f"{path}:{chain.line}", f"帮扶室之外读取 {chain.model}")
            elif not path.removeprefix(CARE_ROOM).startswith(WITHIN) and "visible_to" not in chain.methods:
                yield Finding("P6", f"{path}:{chain.line}", f"没有从“谁在看”出发读取 {chain.model}")
            counted = {"Count", "Sum"} & {n for call in chain.calls for n in _named_calls(call)} or {"aggregate"} & set(
                chain.methods
            )
            if counted and "published" not in _named_calls(function) and "visible_to" not in chain.methods:
                yield Finding("P6", f"{path}:{chain.line}", "人数没有经过小于 10 不显示的处理就发布")
        texts = (node for node in nodes(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
        for node in () if path.startswith(CARE_ROOM) else texts:
            if re.search(r"\b(from|join|update|into)\s+care_\w+", str(node.value), re.IGNORECASE):
                yield Finding("P6", f"{path}:{node.lineno}", "用 SQL 绕过按指派知情")


def no_map_and_no_sheet_in_care(world: World, people: People) -> Iterator[Finding]:
    """The care room makes no points, no tiles and no sheets."""
    for path, tree in _sources(world):
        if not path.startswith(CARE_ROOM):
            continue
        origins = set(imports(tree).values())
        sheet = next((o for o in origins if SHEETS.search(o) and o.rpartition(".")[2] not in READ_IN), "")
        if sheet and path not in world.allowed.get("sheets", {}):
            yield Finding("P10", path, f"帮扶室用 {sheet} 生成表格，等于导出")
        geo = {
            o for o in origins if "contrib.gis" in o or o.startswith(("hezhi.engines.geo.tiles", "geojson", "shapely"))
        }
        calls = _named_calls(tree) & {"AsGeoJSON", "AsMVT", "ST_AsMVT", "Centroid", "geojson", "feature_collection"}
        if geo or calls:
            yield Finding("P8", path, f"帮扶室产生地图数据（{'、'.join(sorted(geo | calls))}）")


def only_people_close(world: World, people: People) -> Iterator[Finding]:
    """A clock may freeze, remind and erase after its term; closing is a person's word."""
    for path, tree in _sources(world):
        if path not in (f"{CARE_ROOM}jobs.py", f"{CARE_ROOM}events.py"):
            continue
        for node in nodes(tree):
            told = ""
            if isinstance(node, ast.Call) and _name(node.func) in ("close", "close_file"):
                told = _name(node.func)
            if isinstance(node, ast.keyword) and node.arg in ("closed_on", "closed_by", "closed_by_id"):
                told = str(node.arg)
            if isinstance(node, ast.Attribute) and node.attr == "CLOSED" and isinstance(node.ctx, ast.Load):
                told = "CLOSED" if _is_set(tree, node) else ""
            if told and f"{path}:{told}" not in world.allowed.get("closing", {}):
                yield Finding(
                    "P12",
                    f"{path}:{getattr(node, 'lineno', getattr(node.value, 'lineno', 0) if isinstance(node, ast.keyword) else 0)}",
                    "由时钟结案，没有具体的人负责",
                )


def _is_set(tree: ast.Module, node: ast.Attribute) -> bool:
    for each in nodes(tree):
        if isinstance(each, ast.Assign) and any(n is node for n in ast.walk(each.value)):
            return True
        writes = isinstance(each, ast.Call) and _name(each.func) in ("update", "create", "bulk_update")
        if writes and any(n is node for k in each.keywords for n in ast.walk(k.value)):  # type: ignore[attr-defined]
            return True
    return False


# -- P9, P14 ---------------------------------------------------------------------------------------


def audit_holds_no_values(world: World, people: People) -> Iterator[Finding]:
    """What is written into the audit is ids and names of fields, never a person's values."""
    for path, tree in _sources(world, "deed.detail", "audit.", "entry_of", "read_of_personal"):
        for node in nodes(tree):
            values: list[ast.AST] = []
            if isinstance(node, ast.Call) and _name(node.func) in ("write", "entry_of", "read_of_personal", "refused"):
                values = [k.value for k in node.keywords if k.arg in ("detail", "fields", "purpose", "reason")]
            if isinstance(node, ast.Assign | ast.AugAssign):
                told = ast.unparse(node.target if isinstance(node, ast.AugAssign) else node.targets[0])
                values = [node.value] if "deed" in told and "detail" in told else []
            for value in values:
                found = _personal_value(value)
                if found:
                    yield Finding("P9", f"{path}:{node.lineno}", f"审计里写入了个人信息的值“{found}”")  # type: ignore[attr-defined]


def _personal_value(value: ast.AST) -> str:
    for node in ast.walk(value):
        if isinstance(node, ast.Attribute) and node.attr in PERSONAL - {"name", "text"}:
            return node.attr
        if (
            isinstance(node, ast.Attribute)
            and node.attr in ("name", "text")
            and re.search(r"resident|person|party|reporter|guardian", ast.dump(node.value).lower())
        ):
            return node.attr
    return ""


def online_time_counts_nothing(world: World, people: People) -> Iterator[Finding]:
    """When somebody last used the system is for the safety of accounts, not for judging him."""
    for path, tree in _sources(world, "last_seen_at"):
        if path.startswith(("hezhi/engines/", "hezhi/chapters/appcentre/users/")):
            continue
        for node in nodes(tree):
            if isinstance(node, ast.Attribute | ast.Constant):
                told = node.attr if isinstance(node, ast.Attribute) else node.value
                if (
                    isinstance(told, str)
                    and re.fullmatch(r"-?(\w+__)?last_seen_at", told)
                    and path not in world.allowed.get("sessions", {})
                ):
                    yield Finding("P14", f"{path}:{node.lineno}", "用最近使用时间衡量工作人员")


GUARDS = (
    nobody_is_ranked, nobody_is_predicted, ties_are_never_found_out, no_recogniser, care_is_asked_with_the_reader_in_hand,
    no_map_and_no_sheet_in_care, only_people_close, audit_holds_no_values, online_time_counts_nothing,
)  # fmt: skip
