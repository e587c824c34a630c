"""Requests of people over their own data (个人信息请求, P11): see, correct, delete, object, withdraw."""

from django.db import models

from hezhi.chapters.grassroots.care.models.reading import OwnQuerySet
from hezhi.chapters.grassroots.care.rules import RIGHTS
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault import SealedTextField
from hezhi.ground.ids import new_id


@tracked()
class RightsRequest(models.Model):
    """个人信息请求: taken at the counter or through the citizens' channel, answered within 15 working days."""

    class Channel(models.TextChoices):
        COUNTER = "counter", "窗口"
        CITIZEN = "citizen", "市民通"

    class State(models.TextChoices):
        OPEN = "open", "办理中"
        GRANTED = "granted", "已满足"
        PARTLY = "partly", "部分满足"
        REFUSED = "refused", "依法不予满足"

    purposes = {
        "person_name": "核验和答复本人", "phone": "答复本人", "text": "办理请求", "answer": "答复请求",
    }  # fmt: skip

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField("请求编号", max_length=20, unique=True)
    kind = models.CharField("请求事项", max_length=10, choices=list(RIGHTS.items()))
    channel = models.CharField("渠道", max_length=8, choices=Channel.choices, default=Channel.COUNTER)
    resident = models.ForeignKey(
        "registers.Resident", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="人口登记"
    )
    person_name = SealedTextField("请求人", max_length=50)
    phone = SealedTextField("联系电话", max_length=30, blank=True, default="")
    text = SealedTextField("请求内容")
    follow_print = models.CharField("查询码索引", max_length=64, blank=True, editable=False)
    received_at = models.DateTimeField("收到时间")
    due_at = models.DateTimeField("答复期限")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    answer = SealedTextField("答复", blank=True, default="")
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="答复人")

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "个人信息请求"
        ordering = ["due_at"]

    def __str__(self) -> str:
        return self.number
