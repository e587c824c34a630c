"""Serving a video (播放视频): a player asks for parts of it; each part is given after the same check as the page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from hezhi.chapters.grassroots.party.models import Article, ArticleVideo
from hezhi.engines.records.files import open_file
from hezhi.engines.records.playing import played
from hezhi.ground.errors import NotFound


def video_of(row: Article) -> ArticleVideo:
    """The video of an article that the caller has let through."""
    found = ArticleVideo.objects.filter(article=row).select_related("file", "poster").first()
    if found is None:
        raise NotFound("这篇文章没有视频。")
    return found


def video_answer(request: HttpRequest, row: Article) -> HttpResponseBase:
    """The video of an article that the caller has let through, whole or in the part that was asked for."""
    return played(request, video_of(row).file, keep="private, max-age=600")


def poster_answer(row: Article) -> HttpResponse:
    """The picture that stands before the video."""
    content, content_type = open_file(video_of(row).poster)
    response = HttpResponse(content, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=600"
    return response
