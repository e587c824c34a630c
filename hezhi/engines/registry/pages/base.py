"""What every page of a registry shares: the declaration, the reader, the way back."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View

from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.registry.declaration import Registry
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.answers import answer, wants_part
from hezhi.ground.ui.shapes import Crumb


class RegistryPage(View):
    """Base of the pages: a Django class view with a registry. `capability` is the right it needs.

    A declaring room replaces a page by a subclass, or by any view, in `pages = {"detail": MyDetail}`.
    """

    registry: ClassVar[Registry] = None  # type: ignore[assignment]
    capability: ClassVar[str] = "view"

    @property
    def by(self) -> Actor:
        """Who reads or acts in this request."""
        return reader(self.request)

    def row(self, id: UUID) -> Any:
        """A row the reader may know of; anything else is «not found», whether it exists or not."""
        row = self.registry.visible(self.by).filter(pk=id).first()
        if row is None:
            raise NotFound(what=f"没有找到这条{self.registry.noun}。")
        return row

    def crumbs(self, *more: tuple[str, str]) -> list[Crumb]:
        """The path above the title."""
        start = [Crumb(self.registry.group)] if self.registry.group else []
        return [*start, Crumb(self.registry.title, self.registry.url()), *(Crumb(*step) for step in more)]

    def ask(
        self, form: Any, title: str, note: str, url: str, back: str, name: str, kind: str, status: int
    ) -> HttpResponse:
        """A question with a short form, as a dialog, or as a page of its own when scripts fail."""
        context = {
            "form": form, "heading": title, "dialog_title": title, "note": note, "dialog_note": note, "action_url": url,
            "cancel_url": back, "submit_name": name, "submit_kind": kind, "crumbs": self.crumbs(),
        }  # fmt: skip
        return answer(self.request, "registry/reason.html", "ui/parts/dialog_form.html", context, status=status)

    def done(self, sentence: str, url: str) -> HttpResponse:
        """Say that it is done, and lead on; a form in a dialog is answered so that htmx follows."""
        messages.success(self.request, sentence)
        if wants_part(self.request):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = url
            return answer
        return redirect(url)

    def way_back(self, request: HttpRequest, default: str) -> str:
        """Where a person came from, when that is a page of ours."""
        told = request.POST.get("back") or request.GET.get("back") or ""
        ours = url_has_allowed_host_and_scheme(told, allowed_hosts={request.get_host()})
        return told if ours and told.startswith("/") else default
