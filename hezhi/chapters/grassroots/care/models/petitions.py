"""Petition matters (信访事项, P4): the matter, its parties, its stage, who must answer, by when. No list of persons."""

from typing import Self

from django.db import models
from django.db.models import F, Q

from hezhi.chapters.grassroots.care.rules import STAGES
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import within
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault import SealedTextField
from hezhi.engines.registry.models import Record
from hezhi.ground.ids import new_id


class PetitionQuerySet(models.QuerySet):
    """Matters asked for with the reader in hand."""

    by_assignment = True

    def visible_to(self, actor: Actor) -> Self:
        """Those of the petition office that keeps them and of the unit that must answer.

        Never the one complained of, nor who belongs to it or to a unit below it, however far his data scope reaches.
        """
        units = list(actor.scope.units)
        mine = within(actor.scope) if actor.may("petitions.edit") else Q(office__in=units)
        return self.filter(mine | Q(office__in=units)).exclude(complained_unit__in=[*units, *actor.above])


class OfMatterQuerySet(models.QuerySet):
    """Parties and steps of matters."""

    by_assignment = True

    def visible_to(self, actor: Actor) -> Self:
        """What hangs on matters this person may see."""
        return self.filter(matter__in=PetitionMatter.objects.visible_to(actor).values("pk"))


@tracked()
class PetitionMatter(Record):
    """信访事项: what is asked and who must answer; lawful stages with their limits (信访工作条例 22, 34–36)."""

    class Way(models.TextChoices):
        LETTER = "letter", "来信"
        VISIT = "visit", "来访"
        NET = "net", "网上"
        PHONE = "phone", "来电"
        HANDED = "handed", "上级转送"

    purposes = {"text": "办理信访事项", "reply": "答复信访事项"}

    number = models.CharField("事项编号", max_length=30)
    title = models.CharField("事项", max_length=100, help_text="写事，不写人")
    way = models.CharField("来源", max_length=8, choices=Way.choices)
    received_on = models.DateField("收到日期")
    stage = models.CharField("环节", max_length=10, choices=list(STAGES.items()), default="register")
    stage_since = models.DateField("本环节起", editable=False)
    due_on = models.DateField("本环节期限", null=True, editable=False)
    extended = models.BooleanField("已延期", default=False, editable=False)
    complained_unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="被反映的单位"
    )
    office = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="办理单位"
    )
    text = SealedTextField("诉求内容")
    reply = SealedTextField("答复意见", blank=True, default="")
    closed_on = models.DateField("办结日期", null=True, blank=True, editable=False)

    objects = PetitionQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "信访事项"
        ordering = ["due_on", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=Q(removed_at__isnull=True), name="one_matter_per_number"
            ),
            models.CheckConstraint(
                name="complained_unit_never_answers",
                condition=Q(complained_unit__isnull=True) | Q(office__isnull=True) | ~Q(office=F("complained_unit")),
            ),
        ]

    def __str__(self) -> str:
        return self.number


@tracked()
class PetitionParty(models.Model):
    """当事人: who brought the matter, kept with this matter alone; joined with no other record."""

    purposes = {"person_name": "答复信访人", "phone": "答复信访人"}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(PetitionMatter, models.CASCADE, related_name="parties", verbose_name="事项")
    person_name = SealedTextField("姓名", max_length=50)
    phone = SealedTextField("电话", max_length=30, blank=True, default="")

    objects = OfMatterQuerySet.as_manager()

    class Meta:
        verbose_name = "当事人"


@tracked()
class PetitionStep(models.Model):
    """办理过程: what was done on the matter, by which office."""

    purposes = {"text": "办理信访事项"}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(PetitionMatter, models.CASCADE, related_name="steps", verbose_name="事项")
    name = models.CharField("步骤", max_length=30)
    text = SealedTextField("说明", blank=True, default="")
    at = models.DateTimeField("时间")
    by_name = models.CharField("经办人", max_length=40)
    unit_name = models.CharField("单位", max_length=80)

    objects = OfMatterQuerySet.as_manager()

    class Meta:
        verbose_name = "办理过程"
        ordering = ["at"]
