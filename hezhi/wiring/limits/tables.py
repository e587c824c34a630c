"""Guards over models (数据表): numbers, scales, positions, ties, open text, ends and purposes."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.gis.db.models.fields import BaseSpatialField
from django.contrib.postgres.fields import ArrayField
from django.db import models

from hezhi.engines.records.vault import BlindIndexField, SealedTextField
from hezhi.engines.registry.dictionaries import DictionaryField
from hezhi.wiring.limits.findings import Finding
from hezhi.wiring.limits.people import STAFF, People, own_fields, target_of, targets, where
from hezhi.wiring.limits.world import World

NUMBERS = (models.IntegerField, models.FloatField, models.DecimalField)
UNITS = {
    "人", "户", "岁", "元", "次", "个", "间", "件", "页", "平方米", "公斤", "厘米", "年", "个月", "天", "小时", "分钟", "版", "号", "层", "排序", "产权百分比",
}  # fmt: skip
"""Units of measure. 分, 级, 星 and % are none: they are judgements."""
BOOKKEEPING = {"revision", "number_in_year", "sequence"}
SCALES = (
    {"高", "中", "低"}, {"红", "橙", "黄", "绿", "蓝"}, {"一", "二", "三", "四", "五"}, {"1", "2", "3", "4", "5"}, {"a", "b", "c", "d"},
    {"特别", "重点", "一般"}, {"重点", "一般", "无"}, {"高危", "中危", "低危"}, {"high", "medium", "low"}, {"严重", "较重", "一般", "轻微"},
    {"稳定", "基本稳定", "不稳定"}, {"放心", "关注", "严控"},
)  # fmt: skip
_SCALE_TAIL = re.compile(r"(风险|等级|级别|关注|管控|危险|稳控|级|类|色|度|等|档|型|risk|level| )+")
ID_WORDS = re.compile(r"身份证|证件号|居民身份|id_number|id_card|resident_id|identity_number")
CONTACT_WORDS = re.compile(r"电话|手机|联系方式|phone|mobile")
HOME_WORDS = re.compile(r"住址|家庭地址|居住地址|户籍地址|home_address")
TIME_OF_STAFF = re.compile(r"在线|online|points?$|积分|打卡|check_?in|签到|排名|^rank$|ranking|步数|steps_walked")
GENERATED = getattr(models, "GeneratedField", ())


def is_number(field: Any) -> bool:
    """A column that holds a number people could be compared by; keys are none."""
    inner = getattr(field, "output_field", field) if isinstance(field, GENERATED) else field
    return isinstance(inner, NUMBERS) and not isinstance(inner, models.AutoField) and not field.is_relation


def words(field: Any) -> str:
    """What a column is called, in code and on screen."""
    return f"{field.name} {field.verbose_name}".lower()


def choices(field: Any) -> list[tuple[Any, Any]]:
    """What a column lets one choose from; a dictionary's codes as they are shipped, for there may be no table yet."""
    return list(field.shipped_choices if isinstance(field, DictionaryField) else field.flatchoices or ())


# -- P1 --------------------------------------------------------------------------------------------


def no_score(world: World, people: People) -> Iterator[Finding]:
    """A number about a person is a measure with a unit, or it is a judgement."""
    for model in sorted(people.hanging, key=where):
        told = {**getattr(model, "measures", {})}
        for field in own_fields(model):
            if not is_number(field) or field.name in BOOKKEEPING:
                continue
            unit = told.get(field.name) or world.allowed.get("measures", {}).get(where(model, field.name), "")
            if unit not in UNITS:
                said = f"以“{unit}”计" if unit else "没有计量单位"
                yield Finding("P1", where(model, field.name), f"关于个人的数字“{field.verbose_name}”{said}，就是打分")


def no_scale(world: World, people: People) -> Iterator[Finding]:
    """Choices that run from high to low grade a person just as a number does."""
    for model in sorted(people.hanging, key=where):
        for field in own_fields(model):
            labels = {_SCALE_TAIL.sub("", str(name).lower()) for _, name in choices(field)}
            labels |= {str(code).lower() for code, _ in choices(field) if str(code).isalpha()}
            if any(len(labels & scale) >= 2 for scale in SCALES):
                yield Finding("P1", where(model, field.name), f"“{field.verbose_name}”的选项由高到低，等于给人分级")


# -- P2 --------------------------------------------------------------------------------------------


def no_template(world: World, people: People) -> Iterator[Finding]:
    """A row of numbers about a person or a picture is what a face becomes when it is recognised."""
    for model in world.models:
        about = model in people.hanging or model._meta.label_lower in (STAFF, "records.attachment")
        about = about or any(t in (STAFF, "records.attachment") for _, t in targets(model))
        for field in own_fields(model) if about else ():
            vector = isinstance(field, ArrayField) and isinstance(field.base_field, models.FloatField)
            if vector or type(field).__name__ in ("VectorField", "HalfVectorField", "BitField"):
                yield Finding("P2", where(model, field.name), "与人或照片相连的特征向量，就是生物识别模板")
            elif model in people.hanging and isinstance(field, models.BinaryField):
                yield Finding("P2", where(model, field.name), "挂在个人名下的二进制内容无法说明不是生物特征")


def no_track(world: World, people: People) -> Iterator[Finding]:
    """Who, where and when in one row is a trace, unless the row is a report or a ticked point."""
    for model in world.models:
        subjects = [t for _, t in targets(model) if t == STAFF or _hangs(t, people)]
        if model in people.roots:
            subjects.append("self")
        moments = [f for f in own_fields(model) if isinstance(f, models.DateTimeField) and f.editable]
        lines = [f for f in own_fields(model) if getattr(f, "geom_type", "") in ("LINESTRING", "MULTILINESTRING")]
        if lines and subjects:
            yield Finding("P2", where(model, lines[0].name), "连着人的线路就是行踪")
        elif subjects and _place(model) and moments and where(model) not in world.allowed.get("positions", {}):
            yield Finding("P2", where(model), "一行里有人、有位置、有时刻，就是行踪记录")


def _place(model: type[models.Model]) -> bool:
    names = {f.name for f in own_fields(model)}
    pairs = ({"lat", "lng"}, {"lat", "lon"}, {"latitude", "longitude"}, {"x", "y"})
    point = any(isinstance(f, BaseSpatialField) for f in own_fields(model))
    return point or any(pair <= names for pair in pairs)


def _hangs(label: str, people: People) -> bool:
    return any(model._meta.label_lower == label for model in people.hanging)


# -- P3 --------------------------------------------------------------------------------------------

TIE_TELLS = ("source", "entered_on", "purpose")


def ties_are_entered(world: World, people: People) -> Iterator[Finding]:
    """A row that joins two persons says where it comes from, since when and what for; no bare join table."""
    roots = {model._meta.label_lower for model in people.roots if model._meta.label_lower != STAFF}
    for model in world.models:
        if any(where(model, field.name) in world.allowed.get("ties", {}) for field, _ in targets(model)):
            continue
        for field in model._meta.local_many_to_many:
            if model in people.roots and target_of(field) in roots:
                yield Finding("P3", where(model, field.name), "人与人直接相连，没有来源、日期和目的")
        ends = [field for field, target in targets(model) if target in roots and not field.many_to_many]
        if model in people.roots and ends and any(target_of(f) == model._meta.label_lower for f in ends):
            yield Finding("P3", where(model, ends[0].name), "人与人直接相连，没有来源、日期和目的")
        elif len(ends) >= 2:
            missing = [name for name in TIE_TELLS if not _required(model, name)]
            if missing:
                yield Finding("P3", where(model), f"两人之间的联系缺少 {'、'.join(missing)}，不能说明由谁为何登记")
            guessed = [f for f in own_fields(model) if is_number(f) or isinstance(f, models.JSONField)]
            if guessed:
                yield Finding("P3", where(model, guessed[0].name), "带强度或依据的联系是推断出来的联系")


def _required(model: type[models.Model], name: str) -> bool:
    field = next((f for f in own_fields(model) if f.name == name), None)
    return field is not None and not field.null and not field.blank


# -- P4 --------------------------------------------------------------------------------------------


def petitions_are_matters(world: World, people: People) -> Iterator[Finding]:
    """Nothing joins a petition with the population, a place on the map or a plan of visits."""
    matter = {m for m in world.models if m._meta.label_lower == "care.petitionmatter"}
    around = people._reach(matter) if matter else set()
    labels = {m._meta.label_lower for m in around}
    roots = {m._meta.label_lower for m in people.roots} - labels - {STAFF, "handling.reporter"}
    for model in around:
        for field, target in targets(model):
            if target in roots or target == "care.carefile":
                yield Finding(
                    "P4", where(model, field.name), "信访事项不与人口库或帮扶档案相连，只登记事项和当事人本人所述"
                )
        for field in own_fields(model):
            if isinstance(field, BaseSpatialField):
                yield Finding("P4", where(model, field.name), "信访当事人没有位置")
            if re.search(r"visit_plan|next_visit|走访计划|稳控|control|whereabouts|travel|行踪|管控", words(field)):
                yield Finding("P4", where(model, field.name), "对信访当事人不安排走访、不作管控")
    for model in world.models:
        if model not in around and any(t in labels and t != "care.petitionmatter" for _, t in targets(model)):
            yield Finding("P4", where(model), "信访当事人不作为其他台账的对象")
    for model in matter:
        if "complained_unit_never_answers" not in {c.name for c in model._meta.constraints}:
            yield Finding("P4", where(model), "数据库没有拦住把事项交给被反映的单位办理")


# -- P6, P8, P9 ------------------------------------------------------------------------------------


def care_is_read_by_assignment(world: World, people: People) -> Iterator[Finding]:
    """Every table that hangs on a care file is read through the one condition of assignment."""
    for model in sorted(people.special, key=where):
        queryset = type(model._default_manager.all())
        if not getattr(queryset, "by_assignment", False):
            yield Finding("P6", where(model), "不经过按指派知情的查询条件，旁人就能读到")


def no_care_on_the_map(world: World, people: People) -> Iterator[Finding]:
    """No geometry, and no pair of coordinates, on anything that hangs on a care file."""
    for model in sorted(people.special, key=where):
        if _place(model):
            yield Finding("P8", where(model), "帮扶对象没有坐标")


def sealed_at_rest(world: World, people: People) -> Iterator[Finding]:
    """Numbers, phones, homes of persons and all narrative of care stand sealed."""
    for model in sorted(people.hanging, key=where):
        for field in own_fields(model):
            if not isinstance(field, models.CharField | models.TextField) or isinstance(
                field, SealedTextField | BlindIndexField
            ):
                continue
            if choices(field) or where(model, field.name) in world.allowed.get("open_fields", {}):
                continue
            told = words(field)
            if ID_WORDS.search(told) or CONTACT_WORDS.search(told) or HOME_WORDS.search(told):
                yield Finding("P9", where(model, field.name), f"“{field.verbose_name}”以明文存储")
            elif model in people.special and (isinstance(field, models.TextField) or (field.max_length or 0) > 120):
                yield Finding("P9", where(model, field.name), f"帮扶档案里的叙述“{field.verbose_name}”以明文存储")


# -- P5 --------------------------------------------------------------------------------------------

HIV = re.compile(
    r"艾滋|(?<![A-Za-z])[Hh][Ii][Vv](?![A-Za-z])|Hiv(?![a-z])|(?<![A-Z])AIDS(?![A-Z])|[a-z]Aids(?![a-z])|_aids(?![a-z])|(?<![a-z])aids_"
)
"""The illness by its names, in prose and in code; «aids» as an English verb or noun is none of them."""


def no_hiv_in_tables(world: World, people: People) -> Iterator[Finding]:
    """No column and no choice of any table says the word."""
    for model in world.models:
        for field in own_fields(model):
            told = [words(field), *(f"{code} {name}" for code, name in choices(field))]
            if any(HIV.search(each) for each in told):
                yield Finding("P5", where(model, field.name), "通用台账里出现艾滋病字样")


# -- P11, P12, P13 ---------------------------------------------------------------------------------


def persons_can_be_erased(world: World, people: People) -> Iterator[Finding]:
    """A table that holds on to a person makes his right to erasure an empty word."""
    labels = {m._meta.label_lower for m in people.hanging}
    for model in sorted(people.hanging, key=where):
        for field, target in targets(model):
            held = getattr(field.remote_field, "on_delete", None) in (models.PROTECT, models.RESTRICT)
            if held and target in labels and where(model, field.name) not in world.allowed.get("holds", {}):
                yield Finding("P11", where(model, field.name), "抓住个人记录不放，本人要求删除时删不掉")


FILE_TELLS = ("opened_on", "review_on", "basis")


def files_end(world: World, people: People) -> Iterator[Finding]:
    """A file about a person in a programme has a basis, an opening, a review date, and an end that is kept."""
    for model in world.models:
        to = {t for _, t in targets(model)}
        if not (any(_hangs(t, people) for t in to) and "care.programme" in to):
            continue
        missing = [name for name in FILE_TELLS if not _required(model, name)]
        missing += [name for name in ("closed_on", "erase_on") if name not in {f.name for f in own_fields(model)}]
        if missing:
            yield Finding("P12", where(model), f"个人档案缺少 {'、'.join(missing)}，会无人复核、没有终点")
        if "review_within_six_months" not in {c.name for c in model._meta.constraints}:
            yield Finding("P12", where(model), "数据库没有拦住超过六个月的复核期")


def personal_fields_have_a_purpose(world: World, people: People) -> Iterator[Finding]:
    """What is personal is named with its purpose: by a registry, or by the model itself."""
    declared: dict[Any, set[str]] = {}
    for registry in world.registries:
        if registry.purpose:
            declared.setdefault(registry.model, set()).update(name.partition("__")[0] for name in registry.personal)
    for model in sorted(people.hanging, key=where):
        if where(model) in world.allowed.get("purposes", {}):
            continue
        told = declared.get(model, set()) | {n for n, why in getattr(model, "purposes", {}).items() if why.strip()}
        if model not in declared and str(getattr(model, "purpose", "")).strip():
            told = {field.name for field in own_fields(model)}
        for field in own_fields(model):
            if is_personal(field) and field.name not in told:
                yield Finding("P13", where(model, field.name), f"个人信息“{field.verbose_name}”没有写明用途")
            elif isinstance(field, models.JSONField) and where(model, field.name) not in world.allowed.get("json", {}):
                yield Finding("P13", where(model, field.name), "什么都能装的字段挂在个人名下，说不清收集了什么")


def is_personal(field: Any) -> bool:
    """A column that says something about a person: sealed, or an identity, contact, birth, photo."""
    if isinstance(field, BlindIndexField):
        return False
    if isinstance(field, SealedTextField):
        return True
    told = words(field)
    found = re.search(r"birth|出生|gender|性别|民族|ethnic|婚姻|照片|photo|宗教|religion|病|health|健康", told)
    return bool(found or ID_WORDS.search(told) or CONTACT_WORDS.search(told) or HOME_WORDS.search(told))


# -- P14 -------------------------------------------------------------------------------------------


def staff_is_not_watched(world: World, people: People) -> Iterator[Finding]:
    """No points, no online time, no rank on a member of staff; attendance is off until switched on with a reason."""
    for model in world.models:
        on_staff = model._meta.label_lower == STAFF or any(t == STAFF for _, t in targets(model))
        for field in own_fields(model):
            if on_staff and (is_number(field) or isinstance(field, models.DurationField)):
                told = TIME_OF_STAFF.search(field.name.lower()) or TIME_OF_STAFF.search(str(field.verbose_name))
                if told and where(model, field.name) not in world.allowed.get("duties", {}):
                    yield Finding("P14", where(model, field.name), "给工作人员记积分、在线时长或排名")
            on = isinstance(field, models.BooleanField) and field.default is True
            if on and re.search(r"attendance|打卡|考勤|签到", words(field) + model.__name__.lower()):
                yield Finding("P14", where(model, field.name), "打卡考勤默认开启；须由中心写明理由后才打开")
        calls = re.search(r"rollcall|点名|签到|打卡", model.__name__.lower() + str(model._meta.verbose_name))
        belongs = any(re.search(r"incident|emergency|switch|roster|shift", t) for _, t in targets(model))
        if on_staff and calls and not belongs:
            yield Finding("P14", where(model), "签到、点名不属于任何一次应急或值班，随时都在考勤")


# -- P6: membership of the Party -------------------------------------------------------------------

PARTY = "party"


def membership_stays_in_its_room(world: World, people: People) -> Iterator[Finding]:
    """Who belongs to the Party is known in the Party's room alone: no other table points to a member (党员身份)."""
    members = {str(m._meta.label_lower) for m in people.hanging if m._meta.app_label == PARTY}
    for model in sorted(world.models, key=where):
        if model._meta.app_label == PARTY:
            continue
        for field, target in targets(model):
            if target in members:
                yield Finding("P6", where(model, field.name), "党员身份只在党建室使用，其他数据表不得关联党员")


GUARDS = (
    no_score, no_scale, no_template, no_track, ties_are_entered, petitions_are_matters, care_is_read_by_assignment,
    no_care_on_the_map, sealed_at_rest, no_hiv_in_tables, persons_can_be_erased, files_end,
    personal_fields_have_a_purpose, staff_is_not_watched,
    membership_stays_in_its_room,
)  # fmt: skip
