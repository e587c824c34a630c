"""`hezhi doctor` (体检): what could be wrong with an installation, and how to mend it.

Every examination gives one finding: good, worth a look, or bad with its mend. None of them changes anything.
"""

import ctypes
import json
import os
import platform
import re
import shutil
import socket
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from hezhi.ground import time as clock
from hezhi.wiring import machine, media
from hezhi.wiring.cluster import EXTENSIONS
from hezhi.wiring.file_place import FilePlace, file_place
from hezhi.wiring.places import CHECKOUT, home
from hezhi.wiring.voice import Trouble

GB = 2**30
SIGNS = {"good": "[green]正常[/green]", "look": "[yellow]留意[/yellow]", "bad": "[red]故障[/red]"}


@dataclass(frozen=True)
class Finding:
    """What one examination found. `state` is good, look or bad; `mend` says what to do about it."""

    subject: str
    state: str
    what: str
    mend: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine() -> list[Finding]:
    """All findings, in the order in which faults cause each other."""
    found = [*versions(), disk(), keys(), files(), fonts(), media_server()]
    try:
        link = _connect()
    except (psycopg.Error, KeyError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "未知原因"
        return [
            *found,
            Finding("数据库", "bad", f"连接失败：{reason}", "运行 ./run 启动；使用外部数据库时核对 DATABASE_URL。"),
        ]
    with link:
        found += [_safely(subject, look, link) for subject, look in EXAMINATIONS]
    return found


def show(findings: list[Finding], screen: Console) -> None:
    """Print the findings as a table, then the mends."""
    table = Table("项目", "结果", "情况")
    for finding in findings:
        table.add_row(finding.subject, SIGNS[finding.state], finding.what)
    screen.print(table)
    for finding in findings:
        if finding.mend:
            screen.print(f"{finding.subject}:{finding.mend}", markup=False, soft_wrap=True)


def _safely(subject: str, look: Callable[[psycopg.Connection], Finding], link: psycopg.Connection) -> Finding:
    try:
        return look(link)
    except psycopg.Error as error:
        return Finding(
            subject, "bad", f"无法检查：{str(error).strip().splitlines()[0]}", "运行 ./run，它会补齐数据表和权限。"
        )


def _connect() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, connect_timeout=5)


# -- the machine -----------------------------------------------------------------------------------


def versions() -> Iterator[Finding]:
    """Python, and each package against the lock file."""
    python = platform.python_version()
    good = tuple(map(int, python.split(".")[:2])) >= (3, 11)
    yield Finding("Python", "good" if good else "bad", python, "" if good else "需要 3.11 以上版本。")
    differing = list(_differing_packages())
    if differing:
        yield Finding(
            "软件包", "look", "与锁定版本不同：" + "、".join(differing[:6]), "运行 ./run，按锁定文件重新安装。"
        )
    else:
        yield Finding("软件包", "good", "与锁定文件一致")


def _differing_packages() -> Iterator[str]:
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    conditional = set()
    lock = (CHECKOUT / "requirements/base.txt").read_text()
    for name, version, marker in re.findall(r"^([\w.-]+)==([^\s;]+)([^\\\n]*)", lock, re.M):
        wanted[name].add(version)
        conditional |= {name} if marker.strip(" ;") else set()
    for name, versions_ in wanted.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            if name not in conditional:  # a package with a condition may rightly be absent
                yield f"{name}（缺）"
            continue
        if found not in versions_:
            yield f"{name} {found}（应为 {'或'.join(sorted(versions_))}）"


def disk() -> Finding:
    """Room left where the data lie."""
    usage = shutil.disk_usage(home() if home().exists() else home().anchor)
    what = f"{home()} 可用 {usage.free / GB:.1f} GB（共 {usage.total / GB:.0f} GB）"
    if usage.free < GB:
        return Finding("磁盘", "bad", what, "请清理或扩容：低于 1 GB 时数据库可能停止写入。")
    if usage.free < 10 * GB:
        return Finding("磁盘", "look", what, "建议保留 10 GB 以上。")
    return Finding("磁盘", "good", what)


def keys() -> Finding:
    """Key files that others can read are as good as none."""
    folder = home() / "keys"
    if not folder.exists():
        return Finding("密钥", "look", f"{folder} 尚未建立", "首次运行 ./run 时会自动建立。")
    open_ones = [path.name for path in folder.iterdir() if path.is_file() and path.stat().st_mode & 0o077]
    secret = [name for name in open_ones if not name.endswith((".crt", ".names"))]
    if secret:
        return Finding(
            "密钥", "bad", f"其他用户可读：{'、'.join(secret)}", f"执行 chmod go-rwx {folder}/*，并考虑轮换密钥。"
        )
    return Finding("密钥", "good", "仅本人可读")


def files() -> Finding:
    """Where files lie: told whole, there, and open to us."""
    mend = "核对 HEZHI_FILES 和 AWS_ 开头的变量（docs/running.md）；网页和任务进程须用同样的设置。"
    try:
        place = file_place(os.environ, home())
    except Trouble as trouble:
        return Finding("附件存放", "bad", trouble.chinese, mend)
    if place.bucket:
        return _bucket(place, mend)
    if not place.folder.exists():
        return Finding("附件存放", "look", f"{place} 尚未建立", "首次运行 ./run 或存入首个附件时会自动建立。")
    if not os.access(place.folder, os.R_OK | os.W_OK | os.X_OK):
        return Finding("附件存放", "bad", f"{place} 不可读写", f"把 {place} 的属主改为运行系统的用户。")
    return Finding("附件存放", "good", str(place))


def _bucket(place: FilePlace, mend: str) -> Finding:
    """Ask the store for one name, as the sweep of files does: keys, bucket, network and right in one question."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    once = Config(
        connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 1},
        s3={"addressing_style": place.addressing or "auto"},
    )  # fmt: skip
    try:
        client = boto3.Session().client(
            "s3", endpoint_url=place.endpoint or None, region_name=place.region or None, config=once
        )
        client.list_objects(Bucket=place.bucket, Prefix=place.prefix, MaxKeys=1)
    except (BotoCoreError, ClientError, ValueError) as error:
        return Finding("附件存放", "bad", f"{place} 无法访问：{error}", mend)
    return Finding("附件存放", "good", str(place))


def fonts() -> Finding:
    """Without a Chinese font, receipts and pictures made on the server show boxes."""
    for folder in ("/usr/share/fonts", "/usr/local/share/fonts", str(Path.home() / ".local/share/fonts")):
        for path in Path(folder).rglob("*") if Path(folder).exists() else ():
            if re.search(r"cjk|wqy|sourcehan|simsun|fandol|droidsansfallback", path.name, re.I):
                return Finding("中文字体", "good", path.name)
    return Finding("中文字体", "look", "未找到", "执行 apt-get install fonts-noto-cjk（打印和截图需要）。")


def media_server() -> Finding:
    """Calls by voice and video: is the server here, and does the running one answer."""
    lacking = media.missing()
    if lacking:
        return Finding("音视频服务", "look", lacking)
    try:
        notes = json.loads(media.notes_of(home()).read_text())
        with socket.create_connection((notes["api"], notes["admin_port"]), 2):
            return Finding(
                "音视频服务", "good", f"正在运行，媒体地址 {notes['address']}，端口 {notes.get('media_ports', '')}"
            )
    except (OSError, ValueError, KeyError):
        return Finding(
            "音视频服务", "look", "没有在运行，语音和视频通话不可用", "运行 ./run；反复退出时查看 log/calls.log。"
        )


# -- the database ----------------------------------------------------------------------------------


def database(link: psycopg.Connection) -> Finding:
    """Version, encoding, extensions, the collation by which names are sorted."""
    version, encoding = link.info.server_version // 10000, link.info.parameter_status("server_encoding")
    present = {name for (name,) in link.execute("SELECT extname FROM pg_extension")}
    missing = [name for name in EXTENSIONS if name not in present]
    if version < machine.OLDEST:
        return Finding("数据库", "bad", f"PostgreSQL {version}", f"需要 {machine.OLDEST} 以上版本。")
    if encoding != "UTF8":
        return Finding("数据库", "bad", f"编码 {encoding}", "需要 UTF8，请导出后重建数据库。")
    if missing:
        mend = " ".join(f"CREATE EXTENSION {name};" for name in missing)
        return Finding("数据库", "bad", f"缺少扩展 {'、'.join(missing)}", f"由数据库管理员在本库执行：{mend}")
    if not _one(link, "SELECT 1 FROM pg_collation WHERE collname = 'zh-x-icu'"):
        return Finding("数据库", "bad", "缺少中文排序规则 zh-x-icu", "请安装带 ICU 的 PostgreSQL。")
    postgis = _one(link, "SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    return Finding("数据库", "good", f"PostgreSQL {version},PostGIS {postgis},UTF8")


def tables(link: psycopg.Connection) -> Finding:
    """Every migration in the source is applied, and none is unknown."""
    applied = {tuple(row) for row in link.execute("SELECT app, name FROM django_migrations")}
    ours = {(path.parents[1].name, path.stem) for path in (CHECKOUT / "hezhi").glob("**/migrations/[0-9]*.py")}
    waiting = sorted(ours - applied)
    if waiting:
        names = "、".join(f"{app}.{name}" for app, name in waiting[:4])
        return Finding("数据表", "bad", f"{len(waiting)} 项更新未执行：{names}", "运行 ./run，它会执行更新。")
    return Finding("数据表", "good", f"{len(ours)} 项更新均已执行")


def roles(link: psycopg.Connection) -> Finding:
    """The application must not be able to empty or alter a table: the audit stands on that."""
    role, superuser = link.execute(
        "SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone() or ("", 0)
    powers = _one(
        link,
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' "
        "WHERE c.relkind IN ('r', 'p') AND (pg_get_userbyid(c.relowner) = current_user"
        " OR has_table_privilege(c.oid, 'TRUNCATE'))",
    )
    mend = "请为应用另设数据库角色：DATABASE_URL 用普通角色，DATABASE_OWNER_URL 用属主角色，然后运行 ./run。"
    if superuser:
        return Finding("数据库角色", "bad", f"{role} 是超级用户，可抹除审计记录", mend)
    if powers:
        return Finding("数据库角色", "bad", f"{role} 可清空或更改 {powers} 张表，审计记录不受保护", mend)
    return Finding("数据库角色", "good", f"{role} 不能更改表结构，不能清空记录")


def queue(link: psycopg.Connection) -> Finding:
    """Jobs: is anybody working, does anything wait too long, is anything stuck after a crash."""
    now = clock.real_now()
    beat = _one(link, "SELECT max(last_heartbeat) FROM procrastinate_workers")
    counts: dict[str, int] = dict(
        link.execute("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1").fetchall()
    )
    stuck = _one(
        link,
        "SELECT count(*) FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id "
        "WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - interval '2 minutes')",
    )
    waiting, failed = counts.get("todo", 0), counts.get("failed", 0)
    what = f"待办 {waiting}，失败 {failed}"
    if beat is None or (now - beat).total_seconds() > 60:
        return Finding("后台任务", "bad", f"没有任务进程在运行；{what}", "运行 ./run，或单独运行 hezhi worker。")
    if stuck:
        return Finding(
            "后台任务",
            "look",
            f"{stuck} 项任务中断；{what}",
            "任务进程会在几分钟内自动重做；持续出现请查看 worker.log。",
        )
    if failed:
        return Finding("后台任务", "look", what, "在系统的运维页面查看失败原因并重发。")
    return Finding("后台任务", "good", what)


def clocks(link: psycopg.Connection) -> Finding:
    """Time limits and the audit need the right time, the same here and in the database."""
    theirs = _one(link, "SELECT clock_timestamp()")
    apart = abs((clock.real_now() - theirs).total_seconds())
    if apart > 2:
        return Finding(
            "时钟", "bad", f"本机与数据库相差 {apart:.0f} 秒", "两台机器都启用校时（timedatectl set-ntp true）。"
        )
    if not _is_disciplined():
        return Finding(
            "时钟",
            "look",
            f"与数据库一致（相差 {apart:.2f} 秒），但内核显示未校时",
            "启用校时：timedatectl set-ntp true。",
        )
    return Finding("时钟", "good", f"已校时，与数据库相差 {apart:.2f} 秒")


def addresses(link: psycopg.Connection) -> Finding:
    """Whether visitors are told apart: a proxy that is not named gives all of them its own address."""
    people, places, relayed, one = link.execute(_SIGN_INS).fetchone() or (0, 0, 0, None)
    mend = (
        "在反向代理里写入 X-Forwarded-For，并把代理的地址或网段写进 HEZHI_TRUSTED_PROXIES（见 docs/running.md），"
        "否则按来源地址计的限制会落到所有人头上。"
    )
    if relayed:
        return Finding("来源地址", "look", f"近 7 天有 {relayed} 次登录经由未登记的代理（{one}）", mend)
    if people >= MANY_PEOPLE and places == 1:
        return Finding("来源地址", "look", f"近 7 天 {people} 人登录，来源都是 {one}", f"如前面有反向代理：{mend}")
    return Finding("来源地址", "good", f"近 7 天 {people} 人从 {places} 个地址登录")


MANY_PEOPLE = 3
"""So many may sit at one desk; more from one address alone are worth a look."""
_SIGN_INS = """
SELECT count(DISTINCT actor_id), count(DISTINCT address), count(*) FILTER (WHERE detail ? 'relayed'),
       host((array_agg(address ORDER BY detail ? 'relayed' DESC, at DESC))[1])
FROM records_auditentry WHERE event = 'users.sign_in' AND result = 'ok' AND at > now() - interval '7 days'
"""


def _is_disciplined() -> bool:
    """Whether the kernel says that some service keeps its clock right."""
    TIME_ERROR, buffer = 5, ctypes.create_string_buffer(256)
    try:
        return ctypes.CDLL(None).ntp_gettime(buffer) != TIME_ERROR
    except AttributeError:
        done = subprocess.run(["timedatectl", "show", "-p", "NTPSynchronized"], capture_output=True, text=True)
        return "yes" in done.stdout


def _one(link: psycopg.Connection, statement: str) -> Any:
    row = link.execute(statement).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None


EXAMINATIONS: tuple[tuple[str, Callable[[psycopg.Connection], Finding]], ...] = (
    ("数据库", database),
    ("数据表", tables),
    ("数据库角色", roles),
    ("后台任务", queue),
    ("时钟", clocks),
    ("来源地址", addresses),
)
