"""Articles (工作宣传): cleaned, checked, published by two people, withdrawn with a trace, counted without anybody behind."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import nh3
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.html import escape

from hezhi.chapters.grassroots.party import rules
from hezhi.chapters.grassroots.party.actions.pushes import take_back
from hezhi.chapters.grassroots.party.actions.review import Matter, matter
from hezhi.chapters.grassroots.party.models import Article, ArticlePicture, ArticlePush, ArticleReads, ArticleVideo
from hezhi.chapters.grassroots.party.models.articles import AUDIENCES
from hezhi.chapters.grassroots.party.models.base import APPROVED, ENDED, OPEN_TO_EDIT
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import locked
from hezhi.engines.records.acting import verb
from hezhi.engines.records.files import keep_files, look_through, remove_file
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.ids import new_id
from hezhi.ground.masks import Kind, find_personal
from hezhi.ground.text import one_line
from hezhi.ground.uploads import PICTURES

EDIT = "party_articles.edit"
MOST_PICTURES = 9


# -- the text --------------------------------------------------------------------------------------


def cleaned(text: str) -> str:
    """A pasted text without anything that could run or disguise itself: only `rules.TAGS` and plain links stay."""
    return nh3.clean(
        text, tags=rules.TAGS, clean_content_tags={"script", "style"}, attributes={"a": {"href"}}, url_schemes={"http", "https"},
        link_rel="noopener noreferrer", strip_comments=True,
    )  # fmt: skip


def shown(text: str) -> str:
    """The text as readers get it (显示内容): pasted markup cleaned, a typed text in paragraphs; safe to print as it is."""
    if rules.looks_like_markup(text):
        return cleaned(text)
    told = (escape(part).replace("\n", "<br>") for part in rules.paragraphs(text))
    return "".join(f"<p>{part}</p>" for part in told)


def set_text(row: Article) -> None:
    """Keep what was pasted only as it was cleaned, and what readers get beside it."""
    if rules.looks_like_markup(row.body):
        row.body = cleaned(row.body)
    row.html = shown(row.body)


_NAMES = {Kind.RESIDENT_ID: "身份证号", Kind.PHONE: "电话号码", Kind.BANK_CARD: "银行卡号"}


def publication_fault(row: Article) -> str | None:
    """Why an article cannot be published: a personal number in it, a picture without words; None when it can."""
    pictures = [] if row._state.adding else list(row.pictures.all())
    video = None if row._state.adding else ArticleVideo.objects.filter(article=row).first()
    said = (video.title, video.transcript) if video else ()
    texts = (row.title, row.source, row.body, nh3.clean(row.html, tags=set()), *(each.alt for each in pictures), *said)
    found = {_NAMES[span.kind] for text in texts for span in find_personal(text)}
    if found:
        return f"文中有{'、'.join(sorted(found))}，不能发布，请删去后再提交"
    if any(not each.alt for each in pictures):
        return "有的图片没有说明文字，看不见图片的人无法了解内容，请补上"
    return None


def _is_ready(row: Article) -> None:
    fault = publication_fault(row)
    if fault:
        raise NotNow(f"{fault}。", "没有发布。", code="party.not_fit_to_publish")
    if row.shows_until is not None and row.shows_until <= time.now():
        raise NotNow("停止显示的时间已经过去。", remedy="请修改时间后再提交。", code="party.over_already")


def _video_told(row: Article) -> str:
    video = ArticleVideo.objects.filter(article=row).first()
    return f"{video.title}（请打开原件播放后再审批）" if video else "无"


def _tell(row: Article) -> Sequence[tuple[str, str]]:
    until = time.show(row.shows_until) if row.shows_until else "一直显示"
    names = dict(AUDIENCES)
    plain = nh3.clean(row.html.replace("</p>", "</p>\n"), tags=set())
    return [
        ("标题", row.title), ("栏目", str(row.column)), ("来源", row.source or "未填"), ("发布到", "、".join(names[a] for a in row.audiences)),
        ("开始显示", time.show(row.shows_from)), ("停止显示", until), ("正文", plain), ("图片", f"{row.pictures.count()} 张"),
        ("视频", _video_told(row)),
    ]  # fmt: skip


matter(Matter("party_article", "宣传文章", Article, EDIT, _tell, _is_ready, "party-articles"))


# -- pictures --------------------------------------------------------------------------------------


def drafted(article: Article, by: Actor) -> Article:
    """An article that may still be changed by this editor, held until the transaction ends."""
    by.must(EDIT)
    row = locked(Article.objects.visible_to(by).filter(removed_at__isnull=True), article.pk).first()
    if row is None:
        raise NotFound("没有找到这篇文章。")
    if row.state not in OPEN_TO_EDIT:
        raise NotNow(
            f"文章{row.get_state_display()}，图片和视频不能再改。",
            remedy="请撤下后另写一篇，或在审批里撤回。",
            code="party.not_draft",
        )
    return row


@clause("9.1.3-3-4")
@verb("party.add_picture")
def add_picture(article: Article, *, by: Actor, upload: UploadedFile | None, alt: str) -> ArticlePicture:
    """Add a picture with the sentence that stands for it (添加配图)."""
    row, alt = drafted(article, by), one_line(alt)[:100]
    if upload is None:
        raise BadInput({"picture": "请选择图片。"})
    if row.pictures.count() >= MOST_PICTURES:
        raise BadInput({"picture": f"一篇文章最多 {MOST_PICTURES} 张图片。"})
    looked = look_through([upload], field="picture", kinds=PICTURES)
    [kept] = keep_files(by, row, looked, stage="picture", field="picture")
    if row.pictures.filter(file=kept).exists():
        raise BadInput({"picture": "这张图片已经在文章里。"})
    return ArticlePicture.objects.create(article=row, file=kept, alt=alt)


@clause("9.1.3-3-4")
@verb("party.describe_picture")
def describe_picture(article: Article, *, by: Actor, picture_id: UUID, alt: str) -> ArticlePicture:
    """Say in words what a picture shows (图片说明)."""
    row = drafted(article, by)
    found = row.pictures.filter(pk=picture_id).first()
    if found is None:
        raise NotFound("没有找到这张图片。")
    found.alt = one_line(alt)[:100]
    found.save()
    return found


@clause("9.1.3-3-4")
@verb("party.drop_picture")
def drop_picture(article: Article, *, by: Actor, picture_id: UUID) -> Article:
    """Take a picture out (删除配图)."""
    row = drafted(article, by)
    found = row.pictures.select_related("file").filter(pk=picture_id).first()
    if found is None:
        raise NotFound("没有找到这张图片。")
    remove_file(found.file, by=by, reason="文章不用这张图片")
    found.delete()
    return row


# -- published and withdrawn -----------------------------------------------------------------------


@clause("9.1.3-3-4")
@verb("party.withdraw_article")
def withdraw_article(article: Article, *, by: Actor, reason: str) -> Article:
    """Take a published article down at once (撤下), with a reason; it stays on the list with its history."""
    by.must("party_articles.withdraw")
    row = locked(Article.objects.visible_to(by).filter(removed_at__isnull=True), article.pk).first()
    if row is None:
        raise NotFound("没有找到这篇文章。")
    if row.state != APPROVED:
        raise NotNow(f"文章{row.get_state_display()}，不用撤下。", code="party.not_published")
    if not reason.strip():
        raise BadInput({"reason": "请写明撤下的原因。"})
    row.state, row.returned_because, row.changed_at, row.changed_by_id = (
        ENDED,
        reason.strip()[:200],
        time.now(),
        by.user_id,
    )
    row.revision += 1
    row.save()
    for push in ArticlePush.objects.select_for_update().filter(article=row):
        take_back(push)
    return row


@clause("9.1.3-3-4")
def count_read(article: Article, channel: str) -> None:
    """One more reading today in a channel (阅读次数); nothing of the reader is kept, not even that it was the same one."""
    today = ArticleReads.objects.filter(article=article, day=time.today(), channel=channel)
    if today.update(times=F("times") + 1):
        return
    try:
        with transaction.atomic():
            ArticleReads.objects.create(id=new_id(), article=article, day=time.today(), channel=channel, times=1)
    except IntegrityError:  # somebody else was today's first reader at the same moment
        today.update(times=F("times") + 1)
