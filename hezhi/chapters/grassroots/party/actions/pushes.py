"""Pushing an article (推送): once to each audience, by the outbox; what has not left can be taken back.

Citizens who subscribe are known to 爱山东 alone: we give it one message for a column's subscribers and keep nobody's
number (decision 0095). Of staff nobody is told who has said that he wants no news.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.urls import reverse

from hezhi.chapters.grassroots.party import queries
from hezhi.chapters.grassroots.party.models import Article, ArticlePush, NewsRefusal
from hezhi.chapters.grassroots.party.models.articles import GRID, PUBLIC
from hezhi.chapters.grassroots.party.models.base import APPROVED
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import User
from hezhi.engines.org.scope import locked
from hezhi.engines.reach.api import Message, recall, resolvers, tell_all
from hezhi.engines.reach.models import Channel
from hezhi.engines.reach.rules import TOPIC
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow

PUSH, EVENT, ABOUT = "party_articles.push", "party.article", "party.articlepush"
To = ArticlePush.To
NEEDED = {To.CITIZENS: PUBLIC, To.GRID: GRID, To.OFFICERS: GRID}
"""For whom an article must be published before it is pushed to an audience; officers read what the grid reads."""


# -- push and withdraw -----------------------------------------------------------------------------


@clause("9.1.3-3-4")
@verb("party.push_article")
def push_article(article: Article, *, by: Actor, to: str, roles: Sequence[str] = ()) -> ArticlePush:
    """Push a published article to an audience (推送), once; one that will stand published later leaves at that minute.

    Raises NotNow when it is not published for the audience or was pushed to it, BadInput where nobody would hear.
    """
    by.must(PUSH)
    row = _article(article, by)
    if to not in To.values:
        raise BadInput({"to": "请选择推送对象。"})
    if row.state != APPROVED or (row.shows_until is not None and row.shows_until <= time.now()):
        raise NotNow("文章没有发布，或已经停止显示，不能推送。", code="party.not_published")
    if NEEDED[To(to)] not in row.audiences:
        raise NotNow(
            f"文章没有发布到{'市民通' if to == To.CITIZENS else '网格员手机端'}，推送的人打不开。",
            remedy="请修改“发布到”，经审批后再推送。", code="party.not_for_them",
        )  # fmt: skip
    if row.pushes.filter(to=to).exists():
        raise NotNow("这篇文章已向这类对象推送过，不重复推送。", code="party.pushed_already")
    if to == To.OFFICERS and not roles:
        raise BadInput({"roles": "请至少选择一个岗位。"})
    people = [] if to == To.CITIZENS else queries.receivers(by, to, roles)
    if to != To.CITIZENS and not people:
        raise BadInput({"to": "本单位及下级没有可以接收的人，或都不接收推送。"})
    made = ArticlePush.objects.create(
        article=row, to=to, roles=list(roles) if to == To.OFFICERS else [], pushed_at=time.now(), pushed_by_id=by.user_id,
        leaves_at=max(row.shows_from, time.now()),
    )  # fmt: skip
    told = tell_all(by, [_message(made, person) for person in people] or [_message(made, None)])
    if not told:
        raise NotNow(
            "推送用的消息模板已停用，没有推送。", remedy="请系统管理员启用模板“宣传文章推送”。", code="party.no_words"
        )
    made.letters = len(told)
    made.save(update_fields=["letters"])
    return made


def _message(made: ArticlePush, person: User | None) -> Message:
    article = made.article
    values = {"title": article.title, "column": article.column.name}
    told = {"about": (ABOUT, made.pk), "values": values, "not_before": made.leaves_at}
    if person is None:
        link = reverse("citizen-article", args=[article.pk])
        return Message(EVENT, channels=(Channel.AI_SHANDONG,), link=link, **told)  # type: ignore[arg-type]
    name = "phone-party-article" if made.to == To.GRID else "party-reading"
    return Message(EVENT, to_user=person.pk, link=reverse(name, args=[article.pk]), **told)  # type: ignore[arg-type]


@clause("9.1.3-3-4")
@verb("party.withdraw_push")
def withdraw_push(push: ArticlePush, *, by: Actor) -> ArticlePush:
    """Take back what has not left yet (撤回推送). Raises NotNow when all has left."""
    by.must(PUSH)
    _article(push.article, by)
    row = ArticlePush.objects.select_for_update(of=("self",)).get(pk=push.pk)
    many = 0 if row.withdrawn_at else take_back(row)
    if not many:
        raise NotNow("消息都已发出，不能撤回。", remedy="内容有误的，请撤下文章。", code="party.all_sent")
    return row


def take_back(row: ArticlePush) -> int:
    """Recall a push's waiting messages and write down how many, in the verb of whoever asks."""
    many = recall(EVENT, (ABOUT, row.pk))
    if many:
        row.withdrawn_at, row.withdrawn = time.now(), row.withdrawn + many
        row.save(update_fields=["withdrawn_at", "withdrawn"])
    return many


def _article(article: Article, by: Actor) -> Article:
    row = locked(Article.objects.visible_to(by).filter(removed_at__isnull=True), article.pk).first()
    if row is None:
        raise NotFound("没有找到这篇文章。")
    return row


# -- one's own word --------------------------------------------------------------------------------


@clause("9.1.3-3-4")
@verb("party.choose_news")
def choose_news(*, by: Actor, wanted: bool) -> bool:
    """Say that one wants news, or none any more (接收或关闭推送); what waits for him is not delivered either."""
    mine = NewsRefusal.objects.filter(user=by.user_id)
    if wanted:
        mine.delete()
    elif by.user_id is not None and not mine.exists():
        NewsRefusal.objects.create(user_id=by.user_id, since=time.now())
    return wanted


# -- what the outbox asks --------------------------------------------------------------------------


def _unwilling(users: Collection[UUID]) -> list[UUID]:
    return list(NewsRefusal.objects.filter(user__in=users).values_list("user", flat=True))


def _subscribers(push_id: UUID, channel: str) -> resolvers.Receiver | None:
    """The subscribers of the article's column, as the channel knows them; nobody once the article is withdrawn."""
    found = ArticlePush.objects.filter(pk=push_id).select_related("article__column").first()
    if found is None or found.article.state != APPROVED:
        return None
    return resolvers.Receiver(f"{TOPIC}{found.article.column.code}")


resolvers.declines(EVENT, _unwilling)
resolvers.register(ABOUT, _subscribers)
