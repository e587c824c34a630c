"""Units, their posts and the people in them on one page (单位与岗位, 10.1-3): what a new district sets up on day one."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hezhi.chapters.appcentre.users import actions, queries
from hezhi.chapters.appcentre.users.pages import forms
from hezhi.engines.org.api import Actor, Post, Role, Unit, needs, reader, unit_tree
from hezhi.engines.org.api import units as open_units
from hezhi.ground import time
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Fact

clause = "10.1-3"
OPEN_LEVELS = 1


@dataclass
class Branch:
    """A unit with those below it (单位及下级), how many posts it has and how many people are in them."""

    unit: Unit
    depth: int
    posts: int = 0
    people: int = 0
    below: list["Branch"] = field(default_factory=list)

    @property
    def opened(self) -> bool:
        return self.depth < OPEN_LEVELS

    @property
    def all_below(self) -> int:
        """Units below, at any depth."""
        return sum(1 + branch.all_below for branch in self.below)


@needs("org.view", clause=clause)
@require_GET
def tree(request: HttpRequest) -> HttpResponse:
    """All open units as a tree (单位树) whose lower branches come when they are opened, or the units of a searched name."""
    by, text = reader(request), request.GET.get("q", "").strip()[:40]
    branches, found = _branches(), []
    if text:
        found = [b for b in _flat(branches) if text in b.unit.name or text in b.unit.code or text in b.unit.short_name]
    closed = Unit.objects.filter(valid_to__lte=time.today()).count()
    return render(request, "users/units.html", {
        "branches": branches, "text": text, "found": found, "whole": True, "closed": closed,
        "all": sum(1 + b.all_below for b in branches), "action_list": _ways_of_tree(by),
    })  # fmt: skip


@needs("org.view", clause=clause)
@require_GET
def below(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """What lies below one unit (下级单位): a part for the tree whose branch is opened, a page of its own without script."""
    (branch,) = _branches(get_object_or_404(open_units(), pk=unit_id))
    if request.headers.get("HX-Request"):
        return render(request, "users/parts/unit_below.html", {"branches": branch.below})
    return render(request, "users/units.html", {"branches": [branch], "action_list": _ways_of_tree(reader(request))})


def _ways_of_tree(by: Actor) -> list[Action]:
    drawn = [Action("单位清单", "/r/units/")]
    if by.may("org.units"):
        drawn += [
            Action("批量导入", "/r/units/import/", icon="upload"),
            Action("新增单位", "/r/units/new/", kind="primary", icon="plus"),
        ]
    return drawn


def _branches(root: Unit | None = None) -> list[Branch]:
    moment, day = time.now(), time.today()
    open_post = Q(posts__valid_to__isnull=True) | Q(posts__valid_to__gt=day)
    in_post = Q(posts__holdings__valid_from__lte=moment) & (
        Q(posts__holdings__valid_to__isnull=True) | Q(posts__holdings__valid_to__gt=moment)
    )
    counted = (Unit.objects.filter(path__startswith=root.path) if root else Unit.objects).annotate(
        n_posts=Count("posts", filter=open_post, distinct=True),
        n_people=Count("posts__holdings__user", filter=in_post, distinct=True),
    )
    counts = {row["pk"]: row for row in counted.order_by().values("pk", "n_posts", "n_people")}
    roots: list[Branch] = []
    way: list[Branch] = []
    for depth, unit in unit_tree(root):
        branch = Branch(unit, depth, counts[unit.pk]["n_posts"], counts[unit.pk]["n_people"])
        del way[depth:]
        (way[-1].below if way else roots).append(branch)
        way.append(branch)
    return roots


def _flat(branches: list[Branch]) -> list[Branch]:
    return [one for branch in branches for one in (branch, *_flat(branch.below))]


@needs("org.view", clause=clause)
@require_GET
def unit(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """One unit: its dates, its posts and who holds them, its open work, what lies below (单位详情)."""
    by, place = reader(request), get_object_or_404(Unit.objects.select_related("parent", "area"), pk=unit_id)
    work = queries.open_work_of(place)
    return render(request, "users/unit.html", {
        "unit": place, "closed": place.valid_to is not None and place.valid_to <= time.today(),
        "fact_list": _facts(place, work), "posts": queries.posts_of(place), "now": time.now(),
        "below": Unit.objects.filter(parent=place).order_by("order", "code"), "action_list": _ways(place, by),
        "may_set": by.may("org.units"), "may_grant": by.may("org.roles"), "crumbs": _crumbs(place),
    })  # fmt: skip


def _facts(place: Unit, work: queries.OpenWork) -> list[Fact]:
    return [
        Fact("单位代码", place.code),
        Fact("单位类型", place.get_kind_display()),
        Fact(
            "上级单位",
            place.parent or "无",
            url=reverse("users_unit", args=[place.parent_id]) if place.parent_id else "",
        ),
        Fact("辖区", place.area or "无"),
        Fact("启用日期", time.show_day(place.valid_from)),
        Fact("停用日期", time.show_day(place.valid_to) if place.valid_to else "长期"),
        Fact("值班电话", place.phone or "未填"),
        Fact("未办结工作", work.told or "没有"),
        Fact("职责", place.duties or "未填", wide=True),
    ]


def _ways(place: Unit, by: Actor) -> list[Action]:
    drawn = [Action("值班表", reverse("roster-unit", args=[place.pk]))] if place.valid_to is None else []
    if not by.may("org.units"):
        return drawn
    if place.valid_to is None:
        drawn.append(Action("停用", f"/r/units/{place.pk}/remove/", kind="danger", opens="dialog"))
        drawn.append(Action("设岗", reverse("users_new_post", args=[place.pk]), opens="dialog"))
    drawn.append(Action("修改", f"/r/units/{place.pk}/edit/", kind="primary"))
    return drawn


def _crumbs(place: Unit) -> list[Crumb]:
    above: list[Crumb] = []
    here = place.parent
    while here is not None:
        above.insert(0, Crumb(here.name, reverse("users_unit", args=[here.pk])))
        here = here.parent
    return [Crumb("单位与岗位", reverse("users_units")), *above, Crumb(place.name)]


class NewPost(django_forms.Form):
    """A post in a unit (设岗)."""

    role = django_forms.ModelChoiceField(
        label="角色", queryset=Role.objects.all(), empty_label="请选择", help_text="决定这个岗位能做什么、看多远。",
        error_messages={"required": "请选择角色。"},
    )  # fmt: skip
    title = django_forms.CharField(label="岗位名称", max_length=60, required=False, help_text="留空与角色同名。")


@needs("org.units", clause=clause)
def new_post(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """Set up a post (设岗); who holds it is granted by the security administrator."""
    place = get_object_or_404(Unit, pk=unit_id, valid_to__isnull=True)

    def do(typed: dict[str, Any]) -> None:
        post = actions.create_post(place, by=reader(request), **typed)
        messages.success(request, f"已设「{post.title}」，请安全管理员安排人员。")

    back = reverse("users_unit", args=[place.pk])
    return ask(request, NewPost, f"设岗：{place.name}", do, back, submit="设岗")


class Person(forms.Reason):
    """Who is to hold a post, and until when (安排人员)."""

    user = forms.PersonField(label="人员", help_text="输入姓名或登录名的几个字，从提示中选。")
    valid_to = forms.MomentField(label="至", required=False, help_text="临时任职填写；留空表示长期。")
    field_order = ["user", "valid_to", "reason"]


@needs("org.roles", clause=clause)
def grant_here(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Propose a person for a post, from the post (安排人员); a second person approves."""
    post = get_object_or_404(Post.objects.select_related("unit", "role"), pk=post_id)

    def do(typed: dict[str, Any]) -> None:
        actions.propose_grant(post, by=reader(request), **typed)
        messages.success(request, f"已提请由{typed['user']}任「{post}」，经第二人审批后生效。")

    back = reverse("users_unit", args=[post.unit_id])
    return ask(request, Person, f"安排人员：{post}", do, back, submit="提请审批")
