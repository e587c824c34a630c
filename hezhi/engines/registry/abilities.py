"""Parts that need no other engine (附件、意见): `parts = (Files(), Remarks())` in a declaration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from hezhi.engines.org.actor import Actor
from hezhi.engines.records import files
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import Attachment, Comment
from hezhi.engines.registry.parts import Panel, Part
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.ids import new_id
from hezhi.ground.masks import entry_warning, mask_text
from hezhi.ground.text import tidy

if TYPE_CHECKING:
    from django.db.models import Model

    from hezhi.engines.registry.declaration import Registry

LONGEST_REMARK = 2_000


class FilesPanel(Panel):
    """The files of a row (附件): shown to its readers, added and removed by who may change it."""

    code, title, template = "files", "附件", "registry/files.html"

    def context(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> dict[str, Any]:
        rows = Attachment.objects.filter(object_type=registry.label, object_id=row.pk, removed_at__isnull=True)
        told = [(each, reverse("file", args=[each.pk])) for each in rows.order_by("uploaded_at")]
        return {"files": told, "may_change": registry.offers_to(by, "edit")}

    def receive(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> str | None:
        by.must(registry.permission("edit"))
        gone = request.POST.get("remove")
        if gone:
            return self._remove(registry, row, by, gone, request.POST.get("reason", ""))
        uploads = request.FILES.getlist("files")
        if not uploads:
            raise BadInput({"files": "请选择要上传的文件。"})
        kept = files.keep_files(by, row, files.look_through(uploads))
        return f"已保存 {len(kept)} 个附件。"

    def _remove(self, registry: Registry, row: Model, by: Actor, id: str, reason: str) -> str:
        found = Attachment.objects.filter(object_type=registry.label, object_id=row.pk)
        attachment = next((each for each in found if str(each.pk) == id), None)
        if attachment is None:
            raise NotFound(what="没有找到这个附件。")
        files.remove_file(attachment, by=by, reason=reason or "不再需要")
        return f"已移除“{attachment.name}”。"


class Files(Part):
    """A row has files (附件)."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (FilesPanel(),)

    def connect(self, registry: Registry) -> None:
        """Say who may open the files of these rows: whoever may read the row itself."""

        def may_open(actor: Actor, object_id: UUID, attachment: Attachment) -> bool:
            return registry.offers_to(actor, "view") and registry.visible(actor).filter(pk=object_id).exists()

        files.guard(registry.label, may_open)


class RemarksPanel(Panel):
    """What officers say to each other about a row (意见)."""

    code, title, template = "remarks", "意见", "registry/remarks.html"

    def context(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> dict[str, Any]:
        rows = Comment.objects.filter(object_type=registry.label, object_id=row.pk).order_by("-at", "-id")[:200]
        return {"remarks": [(each, mask_text(each.text)) for each in rows]}

    def receive(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> str | None:
        text = tidy(request.POST.get("text", ""))
        if not text:
            raise BadInput({"text": "请填写意见。"})
        if len(text) > LONGEST_REMARK:
            raise BadInput({"text": f"意见最多 {LONGEST_REMARK} 字，现为 {len(text)} 字。"})
        with acting(by, verb=f"{registry.label}.remark") as deed:
            Comment.objects.create(
                id=new_id(), object_type=registry.label, object_id=row.pk, text=text, by_id=by.user_id,
                by_name=by.name, unit_name=by.unit_name, at=time.now(),
            )  # fmt: skip
            deed.on(row)
        return f"意见已保存。{entry_warning(text) or ''}"


class Remarks(Part):
    """Officers may write remarks on a row (意见)."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (RemarksPanel(),)
