"""Guards over scripts, templates and requirements (前端脚本、模板、依赖清单)."""

import re
from collections.abc import Iterator

from hezhi.wiring.limits.findings import Finding
from hezhi.wiring.limits.people import People
from hezhi.wiring.limits.world import World

BIOMETRIC = {
    "face-recognition", "face_recognition", "dlib", "insightface", "deepface", "facenet-pytorch", "keras-facenet", "arcface",
    "retina-face", "mtcnn", "openface", "compreface-sdk", "speechbrain", "resemblyzer", "pyannote-audio", "pyannote.audio",
    "fingerprint-enhancer", "iris-recognition", "gait", "opengait", "torchreid", "fastreid", "hyperlpr", "hyperlpr3", "openalpr",
    "fast-alpr", "face-api.js", "@vladmandic/face-api", "@vladmandic/human", "@tensorflow-models/face-landmarks-detection",
    "@tensorflow-models/facemesh", "tracking", "clmtrackr",
}  # fmt: skip
"""Packages that recognise a face, a voice, a gait, a print or a number plate. Blurring needs none of them."""
_PACKAGE = re.compile(r'^\s*"?(?P<name>@?[A-Za-z0-9][\w.@/-]*)"?\s*(?:\[[^\]]*\])?\s*(?:[=<>~!;:]|$)', re.MULTILINE)
_ASKS = re.compile(
    r"geolocation\s*\.\s*(?:getCurrentPosition|watchPosition)|getUserMedia|getDisplayMedia|requestPermission|"
    r"permissions\s*\.\s*request|contacts\s*\.\s*select|bluetooth\s*\.\s*requestDevice"
)
_READ_BEYOND_NEED = re.compile(
    r"contacts\s*\.\s*select|bluetooth\s*\.\s*requestDevice|getInstalledRelatedApps|IdleDetector"
)
_AT_LOAD = re.compile(r"[\"'`](?:load|DOMContentLoaded|pageshow|visibilitychange|focus|online)[\"'`]")
_FUNCTION = re.compile(
    r"(?:function\s+(?P<a>\w+)\s*\(|(?:const|let|var)\s+(?P<b>\w+)\s*=\s*(?:async\s*)?(?:\([^)]*\)|\w+)\s*=>)"
)


def no_biometric_package(world: World, people: People) -> Iterator[Finding]:
    """No library that recognises people by their bodies, and none that reads plates."""
    for path, text in world.of(".in", ".txt", "package.json").items():
        for found in _PACKAGE.finditer(text):
            if found["name"].lower().replace("_", "-") in {name.replace("_", "-") for name in BIOMETRIC}:
                yield Finding("P2", path, f"“{found['name']}”用于生物识别或号牌识别")


def no_following(world: World, people: People) -> Iterator[Finding]:
    """A position is read once; a watch that is not let go, or a reading in a timer, follows a person."""
    for path, text in world.of(".js").items():
        plain = _without_comments(text)
        if "watchPosition" in plain and "clearWatch" not in plain:
            yield Finding("P2", path, "持续读取位置，没有停止")
        for timer in re.finditer(r"setInterval\s*\(", plain):
            if re.search(r"getCurrentPosition|watchPosition|coords", _call(plain, timer.end() - 1)):
                yield Finding("P2", path, "按时钟反复读取位置")
        if re.search(r"BackgroundGeolocation|backgroundFetch.*position|LocationManager", plain):
            yield Finding("P2", path, "在后台读取位置")


def permissions_when_used(world: World, people: People) -> Iterator[Finding]:
    """A permission is asked for inside a function that a person's own act calls, never when a page opens."""
    for path, text in world.of(".js").items():
        if not (path.startswith("hezhi/ground/ui/") or "/channels/" in path or path.endswith((".js",))):
            continue
        plain = _without_comments(text)
        for found in _ASKS.finditer(plain):
            names = _enclosing(plain, found.start())
            if not names:
                yield Finding("P13", path, f"“{found[0]}”在页面打开时就索取权限")
                continue
            at_load = [name for name in names if _called_at_load(plain, name)]
            if at_load or _innermost(names) == "@load":
                yield Finding("P13", path, f"“{found[0]}”由页面打开事件触发，没有等人使用这项功能")
        for found in _READ_BEYOND_NEED.finditer(plain):
            yield Finding("P13", path, f"“{found[0]}”读取办理用不到的设备信息")


def a_refusal_blocks_nothing(world: World, people: People) -> Iterator[Finding]:
    """No form of the citizens demands a position, and no page of theirs asks for a face or a document to begin."""
    for path, text in world.of(".html").items():
        if "/channels/citizen/" not in path:
            continue
        for field in re.finditer(r"<input[^>]*>", text):
            if re.search(r'name="(?:lng|lat|lon|longitude|latitude)"', field[0]) and re.search(
                r"\brequired\b", field[0]
            ):
                yield Finding("P13", path, "不给位置就不能上报")


def no_map_in_care(world: World, people: People) -> Iterator[Finding]:
    """No page of the care room draws a map or carries coordinates."""
    for path, text in world.of(".html").items():
        if "/grassroots/care/" in path and re.search(r"map_box|hezhi/map|geojson|data-marker|pmtiles|\.point\b", text):
            yield Finding("P8", path, "帮扶页面里出现地图")
        if "/channels/wall/" in path and re.search(r"resident|care_|帮扶对象|carefile", text, re.IGNORECASE):
            yield Finding("P8", path, "大屏上出现帮扶对象")


def the_word_stays_where_it_must(world: World, people: People) -> Iterator[Finding]:
    """The illness is named in the one programme that is off; nowhere else in dictionaries, pages or code."""
    from hezhi.wiring.limits.tables import HIV

    for path, text in world.texts().items():
        if path in world.allowed.get("words", {}) or path.startswith(("requirements/", "hezhi/wiring/limits/")):
            continue
        if HIV.search(text):
            yield Finding("P5", path, "艾滋病字样出现在依法开启的项目之外")


def no_leaderboard(world: World, people: People) -> Iterator[Finding]:
    """No page shows staff a rank, points or a streak."""
    for path, text in world.of(".html").items():
        plain = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL)
        if re.search(r"积分榜|排行榜|在线时长|连续打卡|龙虎榜|leaderboard", plain):
            yield Finding("P14", path, "给工作人员排行、记积分或在线时长")


# -- reading scripts -------------------------------------------------------------------------------


def _without_comments(text: str) -> str:
    """The script with comments blanked, so that a sentence about a thing is not the thing."""
    return re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", lambda m: " " * len(m[0]), text, flags=re.DOTALL)


def _call(text: str, opening: int) -> str:
    """The argument list that begins at this bracket."""
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return text[opening : at + 1]
    return text[opening:]


def _enclosing(text: str, at: int) -> list[str]:
    """Names of the functions round a place, outermost first; «@act» for an unnamed handler of a person's act, «@load» of the page's."""
    around_: list[tuple[int, str]] = []
    for found in _FUNCTION.finditer(text[:at]):
        body = text.find("{", found.end())
        arrow = found["b"] is not None and (body < 0 or "\n" in text[found.end() : body])
        end = text.find(";", found.end()) if arrow else _closing(text, body)
        if found.start() < at <= end:
            around_.append((found.start(), found["a"] or found["b"]))
    for found in re.finditer(r"addEventListener\s*\(\s*", text[:at]):
        inside = _call(text, text.find("(", found.start()))
        if found.start() + len(inside) + 20 > at and at < found.start() + len("addEventListener") + len(inside) + 4:
            event = re.match(r"[\"'`](\w+)", text[found.end() :])
            around_.append((found.start(), "@load" if event and _AT_LOAD.match(f"'{event[1]}'") else "@act"))
    return [name for _, name in sorted(around_)]


def _innermost(names: list[str]) -> str:
    """The nearest handler round a place: of the page's own events, or of a person's act."""
    return next((name for name in reversed(names) if name.startswith("@")), "")


def _closing(text: str, opening: int) -> int:
    """Where the braces that open here close."""
    depth = 0
    for at in range(max(opening, 0), len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return len(text)


def _called_at_load(text: str, name: str) -> bool:
    """Whether a function is called at the top of the module, or handed to an event of the page itself."""
    for found in re.finditer(rf"(?<![\w.]){re.escape(name)}\s*(?:\(|[,)])", text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if re.search(r"function\s*$|const\s*$|let\s*$|export\s+(async\s+)?function\s*$", line):
            continue
        handed = text[max(0, found.start() - 80) : found.start()]
        event = re.search(r"addEventListener\s*\(\s*([\"'`]\w+[\"'`])\s*,\s*$", handed)
        if event and _AT_LOAD.fullmatch(event[1]):
            return True
        if event:
            continue  # handed to an act of the person
        around = _enclosing(text, found.start())
        if not around and text[found.end() - 1] == "(" and not _is_definition(text, found.start()):
            return True
        if _innermost(around) == "@load":
            return True
    return False


def _is_definition(text: str, at: int) -> bool:
    return bool(re.search(r"(function|const|let|var)\s+$", text[max(0, at - 20) : at]))


GUARDS = (
    no_biometric_package, no_following, permissions_when_used, a_refusal_blocks_nothing, no_map_in_care, the_word_stays_where_it_must,
    no_leaderboard,
)  # fmt: skip
