"""Publicity (工作宣传): 9.1.3-3-4. Columns are data; what is published is public, and nobody who reads it is known."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hezhi.chapters.grassroots.party.models.base import APPROVED, DRAFT, ENDED, RETURNED, WAITING, Reviewed
from hezhi.engines.org.scope import ScopedQuerySet
from hezhi.engines.records.history import tracked
from hezhi.ground import time
from hezhi.ground.ids import new_id

PUBLIC, GRID, PARTY = "public", "grid", "party"
AUDIENCES = [(PUBLIC, "市民通"), (GRID, "网格员手机端"), (PARTY, "党员")]


@tracked()
class NewsColumn(models.Model):
    """宣传栏目: 党建动态、时事热点、理论学习、社会治理 …"""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("代码", max_length=20, unique=True)
    name = models.CharField("栏目", max_length=20)
    order = models.PositiveSmallIntegerField("排序", default=10)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "宣传栏目"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class ArticleQuerySet(ScopedQuerySet):
    """Articles: for editors with the reader in hand, for readers by audience and hour."""

    def live(self, audience: str) -> Self:
        """What stands published for an audience at this minute (此刻可见)."""
        now = time.now()
        open_ = Q(shows_until__isnull=True) | Q(shows_until__gt=now)
        return self.filter(
            open_, state=APPROVED, removed_at__isnull=True, shows_from__lte=now, audiences__contains=[audience]
        )


@tracked()
class Article(Reviewed):
    """宣传文章: written, checked by a second person, shown from a minute to a minute, withdrawn with a trace."""

    class State(models.TextChoices):
        DRAFT = DRAFT, "草稿"
        WAITING = WAITING, "待审核"
        RETURNED = RETURNED, "已退回"
        APPROVED = APPROVED, "已发布"
        ENDED = ENDED, "已撤下"

    column = models.ForeignKey(NewsColumn, models.PROTECT, related_name="articles", verbose_name="栏目")
    title = models.CharField("标题", max_length=80)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    source = models.CharField("来源", max_length=40, blank=True)
    body = models.TextField(
        "正文", max_length=20000, help_text="空一行为分段；从别处粘贴的格式保存时自动清理，只保留标题、列表、加粗和链接"
    )
    html = models.TextField("显示内容", blank=True, editable=False)
    audiences = ArrayField(
        models.CharField("发布到", max_length=8, choices=AUDIENCES), verbose_name="发布到", default=list
    )
    shows_from = models.DateTimeField("开始显示")
    shows_until = models.DateTimeField("停止显示", null=True, blank=True, help_text="留空为一直显示")
    on_top = models.BooleanField("置顶", default=False)

    objects = ArticleQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "宣传文章"
        ordering = ["-shows_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(shows_until__isnull=True) | Q(shows_until__gt=F("shows_from")),
                name="article_ends_after_it_begins",
            )
        ]
        indexes = [models.Index(fields=["column", "-shows_from"], name="article_live", condition=Q(state=APPROVED))]

    def __str__(self) -> str:
        return self.title


@tracked()
class ArticlePicture(models.Model):
    """文章配图: a file of the article and the sentence that stands for it (替代文字)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    article = models.ForeignKey(Article, models.CASCADE, related_name="pictures", verbose_name="文章")
    file = models.ForeignKey("records.Attachment", models.CASCADE, related_name="+", verbose_name="图片")
    alt = models.CharField("图片说明", max_length=100, blank=True)

    class Meta:
        verbose_name = "文章配图"
        ordering = ["id"]


@tracked()
class ArticleVideo(models.Model):
    """文章视频: one video of the article, the picture that stands before it, and what is said in it as text (文字稿)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    article = models.OneToOneField(Article, models.CASCADE, related_name="video", verbose_name="文章")
    file = models.ForeignKey("records.Attachment", models.PROTECT, related_name="+", verbose_name="视频")
    poster = models.ForeignKey("records.Attachment", models.PROTECT, related_name="+", verbose_name="封面")
    title = models.CharField("视频说明", max_length=60)
    transcript = models.TextField("文字稿", max_length=2000, blank=True)

    class Meta:
        verbose_name = "文章视频"


@tracked()
class ArticlePush(models.Model):
    """文章推送: an article was pushed to an audience, once; what had not left yet may be taken back."""

    class To(models.TextChoices):
        CITIZENS = "citizens", "市民订阅者"
        GRID = "grid", "网格员"
        OFFICERS = "officers", "工作人员"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    article = models.ForeignKey(Article, models.CASCADE, related_name="pushes", verbose_name="文章")
    to = models.CharField("推送对象", max_length=10, choices=To.choices)
    roles = ArrayField(models.CharField(max_length=60), verbose_name="岗位", default=list, blank=True)
    leaves_at = models.DateTimeField("发出时间")
    pushed_at = models.DateTimeField("推送时间")
    pushed_by = models.ForeignKey("org.User", models.SET_NULL, null=True, related_name="+", verbose_name="推送人")
    letters = models.PositiveIntegerField("消息", default=0)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    withdrawn = models.PositiveIntegerField("撤回消息", default=0)

    class Meta:
        verbose_name = "文章推送"
        ordering = ["pushed_at", "id"]
        constraints = [models.UniqueConstraint(fields=["article", "to"], name="an_article_is_pushed_once")]


class NewsRefusal(models.Model):
    """不接收宣传推送: somebody of staff wants no news pushed to him; when he wants it again, the row goes."""

    user = models.OneToOneField("org.User", models.CASCADE, primary_key=True, related_name="+", verbose_name="本人")
    since = models.DateTimeField("起始")

    class Meta:
        verbose_name = "不接收宣传推送"


class ArticleReads(models.Model):
    """阅读次数: how often an article was opened on a day in a channel; a number without anybody behind it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    article = models.ForeignKey(Article, models.CASCADE, related_name="reads", verbose_name="文章")
    day = models.DateField("日期")
    channel = models.CharField("渠道", max_length=8, choices=AUDIENCES)
    times = models.PositiveIntegerField("次数", default=0)

    class Meta:
        verbose_name = "阅读次数"
        constraints = [models.UniqueConstraint(fields=["article", "day", "channel"], name="reads_of_a_day")]
