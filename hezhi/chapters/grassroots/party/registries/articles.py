"""Articles and their columns as registries (工作宣传): 9.1.3-3-4."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import mark_safe

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.actions.articles import publication_fault, set_text
from hezhi.chapters.grassroots.party.models import Article, ArticlePush, ArticleReads, ArticleVideo, NewsColumn
from hezhi.chapters.grassroots.party.models.articles import AUDIENCES
from hezhi.chapters.grassroots.party.models.base import APPROVED, OPEN_TO_EDIT
from hezhi.chapters.grassroots.party.pages.reviewed import ReviewedDetail
from hezhi.chapters.grassroots.party.registries.activities import SETTINGS
from hezhi.chapters.grassroots.party.registries.common import GROUP, Review, never_merged, new_version, refuse, rights
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.ui.shapes import Action, Fact


class PicturesPanel(Panel):
    """The pictures of an article, each with the words that stand for it (配图)."""

    code, title, template = "pictures", "配图", "party/tab_pictures.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        pictures = [(each, reverse("party-picture", args=[row.pk, each.pk])) for each in row.pictures.all()]
        return {"pictures": pictures, "may_change": by.may("party_articles.edit") and row.state in OPEN_TO_EDIT}

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        told = request.POST
        if told.get("drop"):
            actions.drop_picture(row, by=by, picture_id=UUID(told["drop"]))
            return "图片已删除。"
        if told.get("describe"):
            actions.describe_picture(row, by=by, picture_id=UUID(told["describe"]), alt=told.get("alt", ""))
            return "说明已保存。"
        made = actions.add_picture(row, by=by, upload=request.FILES.get("picture"), alt=told.get("alt", ""))
        return "图片已添加。" if made.alt else "图片已添加。还没有说明文字，发布前须补上。"


class VideoPanel(Panel):
    """The video of an article with its cover and its text (视频)."""

    code, title, template = "video", "视频", "party/tab_video.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        video = ArticleVideo.objects.filter(article=row).select_related("file").first()
        may = by.may("party_articles.edit") and row.state in OPEN_TO_EDIT
        urls = {name: reverse(f"party-{name}", args=[row.pk]) for name in ("video_file", "poster")}
        return {"video": video, "may_change": may, "typed": request.POST} | urls

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        if request.POST.get("drop"):
            actions.drop_video(row, by=by)
            return "视频已删除。"
        told = {name: request.POST.get(name, "") for name in ("title", "transcript")}
        actions.add_video(row, by=by, upload=request.FILES.get("video"), poster=request.FILES.get("poster"), **told)
        return "视频已添加，拍摄地点、设备等信息已去除。"


class PushPanel(Panel):
    """To whom the article was pushed, and what has left (推送)."""

    code, title, template = "pushes", "推送", "party/tab_pushes.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        pushes = list(row.pushes.select_related("pushed_by"))
        counts = queries.letters_of([each.pk for each in pushes])
        may = by.may("party_articles.push")
        lines = [
            (
                each, counts.get(each.pk, {}), "、".join(queries.role_names(each.roles)),
                reverse("party-push-withdraw", args=[row.pk, each.pk]) if may and counts.get(each.pk, {}).get("waiting") else "",
            )
            for each in pushes
        ]  # fmt: skip
        return {"lines": lines}


class ReadsPanel(Panel):
    """How often the article was opened, by channel (阅读次数)."""

    code, title, template = "reads", "阅读次数", "party/tab_reads.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        found = dict(row.reads.order_by().values_list("channel").annotate(many=Sum("times")))
        return {"reads": [(name, found.get(code, 0)) for code, name in AUDIENCES]}


class ArticleTabs(Part):
    """What an article shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (PicturesPanel(), VideoPanel(), PushPanel(), ReadsPanel())

    def dress(self, registry: Registry, form: Any) -> None:
        """Room enough to write in."""
        if "body" in form.fields:
            form.fields["body"].widget.attrs["rows"] = 14

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        made = [Action("手机预览", reverse("party-preview", args=[row.pk]))]
        if row.state == APPROVED and by.may("party_articles.push") and row.pushes.count() < len(ArticlePush.To.values):
            made.append(Action("推送", reverse("party-push", args=[row.pk]), opens="dialog", icon="send"))
        if row.state == APPROVED and by.may("party_articles.withdraw"):
            made.append(Action("撤下", reverse("party-withdraw", args=[row.pk]), kind="danger", opens="dialog"))
        return made

    def notices(self, registry: Registry, row: Any, by: Actor) -> Sequence[str]:
        if row.state in OPEN_TO_EDIT:
            fault = publication_fault(row)
            return (f"{fault}。",) if fault else ()
        return (f"已撤下：{row.returned_because}。",) if row.state == Article.State.ENDED else ()


class ArticleDetail(ReviewedDetail):
    """The text as its readers get it, not the signs that make it so."""

    def _fact(self, row: Any, name: str) -> Fact:
        if name != "body" or not row.html:
            return super()._fact(row, name)
        return Fact("正文", mark_safe(row.html), wide=True)  # noqa: S308 – cleaned when it was saved (`actions.shown`)


@register
class Articles(Registry):
    """What the Party tells citizens and grid workers; written by one, published by another."""

    model = Article
    slug, title, group, icon = "party-articles", "宣传文章", GROUP, "file-text"
    clause = "9.1.3-3-4"
    right = rights("party_articles", "view", "edit", "delete", "export")
    offers = ("view", "add", "edit", "delete", "export", "api")
    list = ("title", "column", "state", "audiences", "shows_from", "shows_until", "on_top", "read_times")
    also = ("source", "unit", "edition", "changed_at")
    machine = ("title", "column", "state", "audiences", "shows_from", "shows_until", "on_top", "source", "body")
    filters = ("column", "shows_from", "on_top")
    search = ("title", "source")
    state = "state"
    ordering = ("-shows_from",)
    form = (
        ("文章", ("column", "title", "source", "body")),
        ("发布", ("audiences", "shows_from", "shows_until", "on_top")),
    )
    about = "文章由第二人审核后按时间发布；文中有证件号码、电话的不能发布。"
    pages = {"detail": ArticleDetail}
    parts = (Review(), ArticleTabs())

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        return NewsColumn.objects.filter(active=True) if name == "column" else None

    def with_columns(self, rows: QuerySet[Any], columns: Any) -> QuerySet[Any]:
        """How often each was read comes with the rows."""
        reads = ArticleReads.objects.filter(article=OuterRef("pk")).order_by().values("article")
        many = Subquery(reads.annotate(many=Sum("times")).values("many"))
        return super().with_columns(rows, columns).annotate(read_many=many)

    @column("阅读", kind="number")
    def read_times(self, row: Article) -> str:
        """Readings in all channels together."""
        if hasattr(row, "read_many"):
            return str(row.read_many or 0)
        return str(row.reads.aggregate(many=Sum("times"))["many"] or 0)

    def prepare(self, row: Article, by: Actor) -> None:
        """The text cleaned; an approved change is a new version."""
        set_text(row)
        new_version(row)

    def check(self, row: Article, by: Actor) -> None:
        """It has a text, readers and an end after its beginning; what is published holds no personal number."""
        refuse(
            {
                "body": None if row.html else "请填写正文",
                "audiences": None if row.audiences else "请选择发布到哪里",
                "shows_until": "停止显示应晚于开始显示"
                if row.shows_until and row.shows_until <= row.shows_from
                else None,
            }
        )
        if row.state == APPROVED and not row.removed_at:
            refuse({"body": publication_fault(row)})

    def after(self, verb: str, row: Any, by: Actor) -> None:
        never_merged(verb, row)

    def examples(self, n: int) -> dict[str, Any]:
        begins = time.now().replace(second=0, microsecond=0) + timedelta(minutes=n)
        return {
            "state": "draft", "body": f"样例正文{n}", "audiences": ["public", "grid"], "shows_from": begins, "shows_until": None,
        }  # fmt: skip


@register
class NewsColumns(Registry):
    """The columns under which articles stand."""

    model = NewsColumn
    slug, title, group = "party-news-columns", "宣传栏目", GROUP
    clause = "9.1.3-3-4"
    right = {"view": "party_articles.view"} | SETTINGS
    scope = public
    list = ("name", "code", "order", "active")
    filters = ("active",)
    search = ("name", "code")
    ordering = ("order", "code")
    natural_key = ("code",)
    form = (("栏目", ("code", "name", "order", "active")),)
