"""The three lists (需求清单、资源清单、项目清单): 9.1.3-3-1. What people around need, what member units offer, and
the projects that bring both together. Nobody's name stands in them: a need is a matter, an offer is a unit's."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hezhi.chapters.grassroots.party.models.organisations import PartyOrganisation
from hezhi.engines.org.scope import ScopedQuerySet
from hezhi.engines.records.history import tracked
from hezhi.engines.registry.models import Record


class ListKind(models.TextChoices):
    """What a need or an offer is about (类别)."""

    ENVIRONMENT = "environment", "环境整治"
    REPAIR = "repair", "设施维修"
    CARE = "care", "养老助残"
    CHILDREN = "children", "青少年关爱"
    HEALTH = "health", "健康义诊"
    LAW = "law", "法律服务"
    WORK = "work", "就业创业"
    CULTURE = "culture", "文化体育"
    SAFETY = "safety", "安全宣传"
    PLACE = "place", "场地物资"
    OTHER = "other", "其他"


@tracked()
class Need(Record):
    """需求: what residents or units ask for, entered by the organisation that heard it."""

    class From(models.TextChoices):
        RESIDENTS = "residents", "居民"
        UNITS = "units", "驻区单位"
        GRID = "grid", "网格走访"
        COMMUNITY = "community", "社区"

    class State(models.TextChoices):
        OPEN = "open", "待对接"
        TAKEN = "taken", "对接中"
        MET = "met", "已解决"
        CLOSED = "closed", "不再需要"

    organisation = models.ForeignKey(PartyOrganisation, models.PROTECT, related_name="needs", verbose_name="登记党组织")
    title = models.CharField("需求", max_length=60)
    kind = models.CharField("类别", max_length=12, choices=ListKind.choices)
    asked_by = models.CharField("提出方", max_length=10, choices=From.choices, default=From.RESIDENTS)
    text = models.TextField("具体要求", max_length=1000, help_text="写清要什么、多少、在哪里；不写姓名、电话和证件号码")
    place = models.CharField("地点", max_length=100, blank=True)
    wanted_by = models.DateField("希望完成", null=True, blank=True)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN, editable=False)
    closed_because = models.CharField("关闭原因", max_length=100, blank=True, editable=False)

    class Meta:
        verbose_name = "需求"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["community", "state"], name="party_need_state")]

    def __str__(self) -> str:
        return self.title


class ResourceQuerySet(ScopedQuerySet):
    """Offers asked for with the reader in hand, or from the side of a need."""

    def offered_to(self, need: Need, day: object) -> Self:
        """What is offered where the need lies, on a day: in its community, in its town, in the whole district."""
        here = Q(reaches=Resource.Reaches.COMMUNITY, community=need.community_id) if need.community_id else Q(pk__in=())
        town = Q(reaches=Resource.Reaches.TOWN, town=need.town_id) if need.town_id else Q(pk__in=())
        whole = Q(reaches=Resource.Reaches.DISTRICT, district=need.district_id)
        still = Q(until__isnull=True) | Q(until__gte=day)
        return self.filter(here | town | whole).filter(still, removed_at__isnull=True, since__lte=day)


@tracked()
class Resource(Record):
    """资源: what a member unit (共建单位) can give: people, places, things, skills; from a day, perhaps to a day."""

    class Reaches(models.TextChoices):
        COMMUNITY = "community", "本社区"
        TOWN = "town", "本镇街"
        DISTRICT = "district", "全区"

    organisation = models.ForeignKey(
        PartyOrganisation, models.PROTECT, related_name="resources", verbose_name="联系党组织"
    )
    title = models.CharField("资源", max_length=60)
    kinds = ArrayField(
        models.CharField("可服务类别", max_length=12, choices=ListKind.choices), verbose_name="可服务类别", default=list
    )
    giver = models.CharField("提供单位", max_length=60, help_text="共建单位全称，不填个人")
    text = models.TextField("能提供什么", max_length=1000, help_text="人员、场地、物资、技能和数量；联系由党组织转达")
    reaches = models.CharField("服务范围", max_length=10, choices=Reaches.choices, default=Reaches.COMMUNITY)
    since = models.DateField("可用起始")
    until = models.DateField("可用截止", null=True, blank=True, help_text="留空为长期")

    objects = ResourceQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "资源"
        ordering = ["title", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="resource_ends_after_it_begins",
                violation_error_message="可用截止不能早于可用起始。",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.title}（{self.giver}）"


@tracked()
class Project(Record):
    """项目: a need and what meets it; proposed, claimed by an organisation, done, and evaluated by another person."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待认领"
        CLAIMED = "claimed", "实施中"
        DONE = "done", "待评价"
        RATED = "rated", "已评价"
        STOPPED = "stopped", "已终止"

    class Verdict(models.TextChoices):
        MET = "met", "需求已解决"
        PARTLY = "partly", "部分解决"
        NOT = "not", "没有解决"

    need = models.ForeignKey(Need, models.PROTECT, related_name="projects", verbose_name="需求")
    resource = models.ForeignKey(
        Resource, models.PROTECT, null=True, blank=True, related_name="projects", verbose_name="使用资源",
        help_text="没有合适资源的留空，由认领的党组织自己组织",
    )  # fmt: skip
    title = models.CharField("项目", max_length=60)
    plan = models.TextField("做什么、怎么做", max_length=1000)
    due_on = models.DateField("计划完成", null=True, blank=True)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.PROPOSED, editable=False)
    lead = models.ForeignKey(
        PartyOrganisation, models.PROTECT, null=True, editable=False, related_name="+", verbose_name="认领党组织"
    )
    claimed_on = models.DateField("认领日期", null=True, editable=False)
    done_on = models.DateField("完成日期", null=True, editable=False)
    done_by = models.UUIDField("完成登记人", null=True, editable=False)
    result = models.TextField("完成情况", max_length=1000, blank=True, editable=False)
    verdict = models.CharField("评价", max_length=8, choices=Verdict.choices, blank=True, editable=False)
    verdict_text = models.CharField("评价意见", max_length=200, blank=True, editable=False)
    stopped_because = models.CharField("终止原因", max_length=100, blank=True, editable=False)

    class Meta:
        verbose_name = "项目"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("proposed", "stopped")) | Q(lead__isnull=False), name="project_has_a_lead"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["community", "state"], name="party_project_state")]

    def __str__(self) -> str:
        return self.title
