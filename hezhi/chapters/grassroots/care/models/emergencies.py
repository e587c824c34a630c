"""The list for rescue teams in a declared incident (应急名单, P7): one area, named readers, destroyed at the close."""

from django.db import models
from django.db.models import Q

from hezhi.chapters.grassroots.care.models.files import CareFile
from hezhi.chapters.grassroots.care.models.reading import OwnQuerySet
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault import SealedTextField
from hezhi.ground.ids import new_id


@tracked()
class EmergencyList(models.Model):
    """应急名单: opened by the duty leader for a declared incident; while it is open its named readers see the list."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    incident = models.CharField("突发事件编号", max_length=40)
    title = models.CharField("事件名称", max_length=60)
    area = models.ForeignKey("geo.Area", models.PROTECT, related_name="+", verbose_name="区域")
    opened_by = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="启动人")
    opened_at = models.DateTimeField("启动时间")
    closed_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="结束人")
    closed_at = models.DateTimeField("结束时间", null=True)
    destroyed = models.PositiveIntegerField("销毁条数", null=True)

    objects = OwnQuerySet.as_manager()
    measures = {"destroyed": "人"}

    class Meta:
        verbose_name = "应急名单"
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "area"], condition=Q(closed_at__isnull=True), name="one_list_of_an_area"
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident} {self.title}"


class EmergencyReader(models.Model):
    """A member of a rescue team who is named for the list (指定救援人员)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    emergency = models.ForeignKey(EmergencyList, models.CASCADE, related_name="readers", verbose_name="名单")
    user = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="救援人员")

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "救援人员"
        constraints = [models.UniqueConstraint(fields=["emergency", "user"], name="one_reader_once")]


class EmergencyEntry(models.Model):
    """One person on the list (应急名单条目): name, address, phone, help needed; no programme, never a strict one."""

    purposes = {"person_name": "应急救助", "address": "应急救助", "phone": "应急救助", "help_needed": "应急救助"}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    emergency = models.ForeignKey(EmergencyList, models.CASCADE, related_name="entries", verbose_name="名单")
    file = models.ForeignKey(CareFile, models.CASCADE, related_name="+", verbose_name="档案")
    person_name = SealedTextField("姓名")
    address = SealedTextField("住址", blank=True, default="")
    phone = SealedTextField("电话", blank=True, default="")
    help_needed = SealedTextField("所需帮助", blank=True, default="")

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "应急名单条目"
