"""What the account screens show (账号界面数据): lists, facts and the buttons a reader may press."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse

from hezhi.engines.org import failures
from hezhi.engines.org.api import Actor, Holding, User, accounts_to_look_at
from hezhi.engines.org.sign_in import is_open
from hezhi.ground import time
from hezhi.ground.time import show
from hezhi.ground.ui.shapes import Action, Cell, Chip, Column, Empty, Fact, Filter, Listing, Pager, Row

PAGE = 50
COLUMNS = (
    Column("姓名", "title"),
    Column("登录名", "code"),
    Column("现任岗位"),
    Column("最近使用", "time"),
    Column("状态"),
)


def account_list(asked: Mapping[str, str]) -> Listing:
    """Accounts by name, in pages; `state` is active, look or disabled, `q` searches."""
    state = asked.get("state") if asked.get("state") in ("look", "disabled") else "active"
    text, after = asked.get("q", "").strip()[:40], asked.get("after", "")
    why: dict[object, list[str]] = {}
    for attention in accounts_to_look_at():
        why.setdefault(attention.user.pk, []).append(attention.why)
    rows = _chosen(str(state), why).filter(_matching(text)).order_by("login_name")
    page = list(_with_posts(rows.filter(login_name__gt=after))[: PAGE + 1])
    query = {"state": state, "q": text}
    further = f"?{urlencode(query | {'after': page[PAGE - 1].login_name})}" if len(page) > PAGE else ""
    return Listing(
        name="账号管理",
        columns=COLUMNS,
        rows=[_row(user, why.get(user.pk, ())) for user in page[:PAGE]],
        empty=Empty("没有符合条件的账号。", "查看全部", reverse("users_accounts")),
        filters=(Filter("q", "姓名、登录名或电话", "search", text),),
        hidden=(("state", str(state)),),
        filtered=bool(text),
        clear_url=f"?{urlencode({'state': state})}",
        chips=_chips(str(state), text, len(why)),
        pager=Pager(next_url=further, previous_url=f"?{urlencode(query)}" if after else ""),
    )


def _chosen(state: str, why: Mapping[object, object]) -> QuerySet[User]:
    if state == "look":
        return User.objects.filter(pk__in=list(why))
    return User.objects.filter(is_active=state == "active")


def _matching(text: str) -> Q:
    if not text:
        return Q()
    return Q(full_name__icontains=text) | Q(login_name__icontains=text) | Q(work_phone__contains=text)


def _with_posts(rows: QuerySet[User]) -> QuerySet[User]:
    moment = time.now()
    held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment), valid_from__lte=moment)
    return rows.prefetch_related(Prefetch("holdings", held.select_related("post__unit"), to_attr="held_now"))


def _chips(state: str, text: str, to_look_at: int) -> list[Chip]:
    active = User.objects.filter(is_active=True).count()
    closed = User.objects.filter(is_active=False).count()
    counted = (("active", "在用", active), ("look", "需核查", to_look_at), ("disabled", "已停用", closed))
    return [
        Chip(name, count, f"?{urlencode({'state': code, 'q': text})}", active=code == state)
        for code, name, count in counted
    ]


def _row(user: User, why: Iterable[str]) -> Row:
    page = reverse("users_account", args=[user.pk])
    posts = [str(held.post) for held in user.held_now]  # type: ignore[attr-defined]
    return Row(
        id=str(user.pk),
        name=user.full_name,
        url=page,
        cells=(
            Cell(user.full_name, url=page),
            Cell(user.login_name),
            Cell("；".join(posts) or "—"),
            Cell(show(user.last_seen_at) if user.last_seen_at else "未登录过"),
            Cell("在用" if user.is_active else "已停用", note="；".join(why)),
        ),
    )


def own_facts(user: User) -> list[Fact]:
    """What a person sees of his own account."""
    return [
        Fact("姓名", user.full_name),
        Fact("登录名", user.login_name),
        Fact("工作电话", user.work_phone),
        Fact("口令修改于", _told(user.password_changed_at, "从未")),
        Fact("账号有效期至", _told(user.expires_at, "长期")),
        Fact("最近登录", _told(user.last_seen_at, "首次")),
    ]


def account_facts(user: User) -> list[Fact]:
    """What administrators see of an account; nothing of its owner's work."""
    locked = failures.lock_of_name(user.login_name, time.now())
    still = locked is not None and locked > time.now()
    return [
        Fact("登录名", user.login_name),
        Fact("姓名", user.full_name),
        Fact("工作电话", user.work_phone),
        Fact("状态", _state(user), f"登录失败过多，锁定至 {show(locked)}" if still and locked else ""),
        Fact("有效期至", _told(user.expires_at, "长期")),
        Fact("最近使用", _told(user.last_seen_at, "未登录过")),
        Fact(
            "口令修改于", _told(user.password_changed_at, "从未"), "下次登录须修改" if user.must_change_password else ""
        ),
        Fact("两步验证", "已设置" if user.authenticator_set.exists() else "未设置"),  # type: ignore[attr-defined]
    ]


def _state(user: User) -> str:
    if not user.is_active:
        return "已停用"
    return "在用" if is_open(user) else "在用，但已过期或长期未用，不能登录"


def _told(moment: object, otherwise: str) -> str:
    return show(moment) if moment else otherwise  # type: ignore[arg-type]


def ways_of(user: User, by: Actor) -> list[Action]:
    """The buttons on an account, for the one who reads: none on his own account."""
    if by.user_id == user.pk:
        return []
    ways = []
    if by.may("org.accounts") and user.is_active:
        ways = [
            _way("解锁", "users_unlock", user),
            _way("调整有效期", "users_expiry", user),
            _way("重置两步验证", "users_reset_factor", user),
            _way("重置口令", "users_reset_password", user),
            _way("停用账号", "users_disable", user, "danger"),
        ]
    elif by.may("org.accounts"):
        ways = [_way("启用账号", "users_enable", user, "primary")]
    if by.may("org.roles") and user.is_active:
        ways.append(_way("授予岗位", "users_grant", user, "primary"))
    return ways


def _way(name: str, page: str, user: User, kind: str = "plain") -> Action:
    return Action(name, reverse(page, args=[user.pk]), kind, opens="dialog")
