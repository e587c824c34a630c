"""Houses, leases and residents of an invented place."""

from django.contrib.gis.db import models

from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault import BlindIndexField, SealedTextField
from hezhi.engines.registry.dictionaries import DictionaryField
from hezhi.engines.registry.models import Record


@tracked()
class House(Record):
    """A house (房屋)."""

    class State(models.TextChoices):
        EMPTY = "empty", "空置"
        LET = "let", "出租"

    name = models.CharField("名称", max_length=60)
    code = models.CharField("房屋编号", max_length=20, blank=True)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.EMPTY)
    note = models.CharField("备注说明", max_length=60, blank=True)
    shape = models.PolygonField("范围", srid=4326, null=True, blank=True)

    class Meta:
        app_label = "room_of_tests"
        verbose_name = "房屋"


@tracked()
class Lease(Record):
    """A lease (租约) of a house."""

    name = models.CharField("租约", max_length=60)
    house = models.ForeignKey(House, models.PROTECT, related_name="leases", verbose_name="房屋")

    class Meta:
        app_label = "room_of_tests"
        verbose_name = "租约"


@tracked()
class Resident(Record):
    """A resident (居民), invented."""

    name = models.CharField("姓名", max_length=20)
    gender = DictionaryField("性别", "test_gender", blank=True)
    birth_date = models.DateField("出生日期", null=True, blank=True)
    id_number = SealedTextField("身份证号", max_length=18, blank=True)
    id_number_blind = BlindIndexField(source="id_number")
    income = models.IntegerField("月收入", null=True, blank=True)

    class Meta:
        app_label = "room_of_tests"
        verbose_name = "居民"
