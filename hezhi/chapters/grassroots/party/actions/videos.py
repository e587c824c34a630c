"""The video of an article (文章视频): looked through, with a picture before it and words for who cannot hear or see it."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile

from hezhi.chapters.grassroots.party.actions.articles import drafted
from hezhi.chapters.grassroots.party.models import Article, ArticleVideo
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.engines.records.files import keep_files, look_through, remove_file
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.text import one_line, tidy
from hezhi.ground.uploads import PICTURES, VIDEOS


@clause("9.1.3-3-4")
@verb("party.add_video")
def add_video(
    article: Article, *, by: Actor, upload: UploadedFile | None, poster: UploadedFile | None, title: str, transcript: str = ""
) -> ArticleVideo:  # fmt: skip
    """Add the video of an article (添加视频): MP4 or WebM by content, with a cover and a title. Raises UploadRefused."""
    row, title = drafted(article, by), one_line(title)[:60]
    faults = {
        "video": "" if upload else "请选择视频。", "poster": "" if poster else "请选择封面图片。", "title": "" if title else "请填写视频说明。",
    }  # fmt: skip
    if any(faults.values()) or upload is None or poster is None:
        raise BadInput({name: said for name, said in faults.items() if said})
    if ArticleVideo.objects.filter(article=row).exists():
        raise BadInput({"video": "文章已有视频，请先删除。"})
    cover = look_through([poster], field="poster", kinds=PICTURES)
    film = look_through([upload], field="video", kinds=VIDEOS)
    [kept_cover] = keep_files(by, row, cover, stage="poster", field="poster")
    [kept] = keep_files(by, row, film, stage="video", field="video")
    return ArticleVideo.objects.create(
        article=row, file=kept, poster=kept_cover, title=title, transcript=tidy(transcript)[:2000]
    )


@clause("9.1.3-3-4")
@verb("party.drop_video")
def drop_video(article: Article, *, by: Actor) -> Article:
    """Take the video out (删除视频), with its cover."""
    row = drafted(article, by)
    found = ArticleVideo.objects.filter(article=row).select_related("file", "poster").first()
    if found is None:
        raise NotFound("文章没有视频。")
    for each in (found.file, found.poster):
        remove_file(each, by=by, reason="文章不用这个视频")
    found.delete()
    return row
