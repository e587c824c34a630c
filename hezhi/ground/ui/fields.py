"""Form fields that take words as well as codes (表单项): the same on a page, in a sheet and in the API.

An officer types a unit's name, a sheet holds its code, a machine sends its key: one field reads them all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException, GEOSGeometry, MultiPolygon, Point
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q, QuerySet
from django.db.models.base import ModelState
from django.urls import reverse
from django.utils.choices import CallableChoiceIterator

from hezhi.ground.text import strip_controls
from hezhi.ground.time import local
from hezhi.ground.words import in_words, label_of, label_path

SELECT_UP_TO = 200
PRELOAD_UP_TO = 5_000
NAMED_AT_MOST = 8
ONE_LINE = 200
YES, NO = ("是", "有", "1", "true", "yes", "y", "on", "√"), ("否", "无", "0", "false", "no", "n", "", "×")
DATETIME_FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M")
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")


class Lookup:
    """Finds a row by key, code or name (按编号、代码或名称查找). Remembers what it found, for a whole sheet."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.rows = rows
        names = {field.name for field in rows.model._meta.concrete_fields}
        told = ("code", "name", "full_name", "short_name", "login_name", "number", "title")
        self.words = [name for name in told if name in names]
        self.label = label_path(rows.model)
        self._known: dict[str, Any] = {}
        self._all_known = False
        self._offered: list[str] | None = None
        self._same: dict[Any, Any] = {}

    def remember_all(self) -> None:
        """Read every row once, where there are few enough; a sheet then costs no query per row."""
        found = list(self.rows[: PRELOAD_UP_TO + 1])
        if len(found) > PRELOAD_UP_TO:
            return
        self._all_known = True
        for name in ("pk", *self.words):
            for row in found:
                key = str(getattr(row, name))
                # A word that means two rows is remembered as such, and refused when it comes.
                self._known[key] = row if key not in self._known or self._known[key] == row else ()

    def remember(self, typed: Collection[str], *fetched: str) -> None:
        """Know what these texts mean, asked for together; `fetched` names the columns that are needed of the rows."""
        if self._all_known:
            return
        left = {text for text in typed if text and text not in self._known}
        keys = {text: key for text in left if (key := _key(text)) is not None}
        by_key = {row.pk: row for row in self._read(fetched, pk__in=keys.values())} if keys else {}
        self._known |= {text: by_key.get(key) for text, key in keys.items()}
        left -= set(keys)
        for name in self.words:
            found: dict[str, Any] = {}
            for row in self._read(fetched, **{f"{name}__one_of": left}) if left else ():
                text = str(getattr(row, name))
                found[text] = () if text in found else row
            self._known |= found
            left -= set(found)
        self._known |= dict.fromkeys(left)

    def _read(self, fetched: Sequence[str], **wanted: Any) -> Iterable[Any]:
        """The rows wanted; where columns are named, rows of these and nothing else, made without the model's ceremony."""
        if not fetched:
            return self.rows.filter(**wanted)
        names, same = (self.rows.model._meta.pk.attname, *self.words, *fetched), self._same
        found = self.rows.filter(**wanted).order_by().values_list(*names)
        return [_light(self.rows.model, names, [same.setdefault(value, value) for value in row]) for row in found]

    def add(self, row: Any) -> None:
        """Know one more row, entered a moment ago."""
        self._offered = None
        for name in ("pk", *self.words):
            self._known[str(getattr(row, name))] = row

    def known(self, typed: str) -> Any:
        """The row that a text is known to mean, or None: then `find` says more."""
        return self._known.get(typed) or None

    def find(self, typed: str) -> Any:
        """The row meant; refuses in words what is unknown or means several."""
        if typed not in self._known and not self._all_known:
            self._known[typed] = self._ask(typed)
        row = self._known.get(typed)
        if row is None:
            raise ValidationError(f"没有“{typed}”这个{self._noun()}。{self._offer()}", code="unknown")
        if row == ():
            raise ValidationError(f"“{typed}”对应多个{self._noun()}，请改填代码。", code="ambiguous")
        return row

    def first(self, most: int) -> list[tuple[str, str]]:
        """The first rows as (key, label) pairs, for a select."""
        pairs = self.rows.values_list("pk", self.label)[:most]
        return [(str(key), str(label)) for key, label in pairs]

    def like(self, typed: str, most: int = 20) -> list[tuple[str, str]]:
        """Rows whose name contains what was typed or whose code begins with it: (label, code) pairs."""
        condition = Q(**{f"{self.label}__icontains": typed})
        code = "code" if "code" in self.words else self.label
        condition |= Q(**{f"{code}__istartswith": typed})
        return [(str(a), str(b)) for a, b in self.rows.filter(condition).values_list(self.label, code)[:most]]

    def _ask(self, typed: str) -> Any:
        key = _key(typed)
        if key is not None:
            return self.rows.filter(pk=key).first()
        for name in self.words:
            found = list(self.rows.filter(**{name: typed})[:2])
            if found:
                return found[0] if len(found) == 1 else ()
        return None

    def _noun(self) -> str:
        return str(self.rows.model._meta.verbose_name)

    def _offer(self) -> str:
        if self._offered is None:
            self._offered = [label for _, label in self.first(NAMED_AT_MOST + 1)]
        names = self._offered
        if not names:
            return "目前没有可选的内容。"
        return f"可选：{'、'.join(names[:NAMED_AT_MOST])}{'等' if len(names) > NAMED_AT_MOST else ''}。"


def _key(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _light(model: type[models.Model], names: Sequence[str], values: Sequence[Any]) -> models.Model:
    """A row as `only` would give it, without telling anybody that it was made: thousands are made for a sheet."""
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    row.__dict__.update(zip(names, values, strict=True))
    return row


class LookupWidget(forms.Select):
    """A select while there are few choices, a field with suggestions when there are many."""

    lookup: Lookup
    pick_url: str = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        pairs = self.lookup.first(SELECT_UP_TO + 1)
        if len(pairs) <= SELECT_UP_TO:
            self.choices = [("", "请选择" if self.is_required else "(无)"), *pairs]
            return super().get_context(name, value, attrs)
        told = self.build_attrs(self.attrs, attrs)
        told["class"] = str(told.get("class", "")).replace("form-select", "form-control")
        widget = {
            "name": name, "value": self._shown(value), "attrs": told, "required": self.is_required, "is_hidden": False,
            "template_name": "ui/parts/lookup.html", "pick_url": self.pick_url,
        }  # fmt: skip
        return {"widget": widget}

    def _shown(self, value: Any) -> str:
        if value in (None, ""):
            return ""
        try:
            return label_of(self.lookup.find(str(value)))
        except ValidationError:
            return str(value)

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> Any:
        drawn = context["widget"]["template_name"]
        return super()._render(drawn, context, renderer)  # type: ignore[misc]


class SuggestInput(forms.TextInput):
    """A line of text with suggestions from an address (联想输入): for fields that read a name by themselves."""

    template_name = "ui/parts/lookup.html"

    def __init__(self, pick: str, what: str, placeholder: str) -> None:
        super().__init__()
        self.pick, self.what, self.placeholder = pick, what, placeholder

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "pick_url": f"{reverse(self.pick, args=[self.what])}?field={name}", "placeholder": self.placeholder,
        }  # fmt: skip
        return context


class LookupField(forms.ModelChoiceField):
    """A foreign key given by key, code or name."""

    def __init__(
        self, queryset: QuerySet[Any], *, required: bool, label: str, help_text: str = "", **ignored: Any
    ) -> None:
        super().__init__(queryset, required=required, label=label, help_text=help_text, widget=LookupWidget())
        self.use(Lookup(queryset))

    def use(self, lookup: Lookup, pick_url: str = "") -> None:
        """Take this list of rows, narrowed to what the person may choose."""
        self.lookup = lookup
        self.widget.lookup = lookup  # type: ignore[attr-defined]
        self.widget.pick_url = pick_url  # type: ignore[attr-defined]

    def __deepcopy__(self, memo: dict[int, Any]) -> LookupField:
        copied = super().__deepcopy__(memo)
        copied.use(self.lookup)  # type: ignore[attr-defined]
        return copied  # type: ignore[return-value]

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        return value if isinstance(value, models.Model) else self.lookup.find(strip_controls(str(value)).strip())

    def prepare_value(self, value: Any) -> Any:
        return value.pk if isinstance(value, models.Model) else value


class CodeField(forms.TypedChoiceField):
    """One of a list of codes; its label is taken as well.

    `dictionary` names a list that is data; codes that are rows of a table are not `fixed`. Neither stands in the
    description of the interface, which must not change with what is in the tables.
    """

    dictionary = ""
    fixed = True

    @property
    def codes(self) -> dict[str, str]:
        """The codes with their labels, without the empty choice."""
        choices: Any = self.choices
        return {str(code): str(label) for code, label in choices if code not in ("", None)}

    def to_python(self, value: Any) -> str:
        typed = "" if value in self.empty_values else str(value).strip()
        return {label: code for code, label in self.codes.items()}.get(typed, typed)

    def validate(self, value: Any) -> None:
        if value and not self.valid_value(value):
            offered = "、".join(self.codes.values())
            raise ValidationError(f"没有“{value}”这个选项。可选：{offered}。", code="invalid_choice")
        forms.Field.validate(self, value)


class YesNoInput(forms.CheckboxInput):
    """A tick box that also passes on a word from a sheet."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name, False)


class YesNoField(forms.BooleanField):
    """是 or 否, ticked or written."""

    widget = YesNoInput

    def to_python(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value if value is not None else "").strip().lower()
        if word in YES or word in NO:
            return word in YES
        raise ValidationError(f"“{value}”不是“是”或“否”。", code="invalid")

    def validate(self, value: Any) -> None:
        """«否» is an answer too."""


class WordsField(forms.CharField):
    """Several short values in one field, separated as people do: «、», «,», «;» or a space."""

    def __init__(self, *, base: models.Field[Any, Any], **kwargs: Any) -> None:
        self.base = base
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> list[Any]:  # type: ignore[override]
        typed = "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
        return [self._one(word) for word in re.split(r"[、,，;；\s]+", strip_controls(typed)) if word]

    def prepare_value(self, value: Any) -> Any:
        return in_words(value) if isinstance(value, list | tuple) else value

    def _one(self, word: str) -> Any:
        try:
            return self.base.clean(word, None)
        except ValidationError as fault:
            raise ValidationError([f"“{word}”：{said}" for said in fault.messages]) from None


class CodesField(WordsField):
    """Several of a list of codes (多选): ticked on a page, written as codes or labels in a sheet."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, base: models.Field[Any, Any], **kwargs: Any) -> None:
        super().__init__(base=base, **kwargs)
        self.widget.choices = CallableChoiceIterator(lambda: base.flatchoices)  # type: ignore[attr-defined]

    @property
    def codes(self) -> dict[str, str]:
        """The codes with their labels, asked anew: a dictionary changes meanwhile."""
        return {str(code): str(label) for code, label in self.base.flatchoices}

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, list | tuple) else re.findall(r"[^、,，;；\s]+", str(value or ""))

    def _one(self, word: str) -> Any:
        code = {label: code for code, label in self.codes.items()}.get(word, word)
        if code not in self.codes:
            raise ValidationError(
                f"没有“{word}”这个选项。可选：{'、'.join(self.codes.values())}。", code="invalid_choice"
            )
        return code


def plausible_day(value: Any) -> None:
    """Refuse a day or moment that is certainly mistyped, and that no clock of ours could carry."""
    if value is not None and not 1900 <= value.year <= 2200:
        raise ValidationError("年份应在 1900 至 2200 之间。")


class JsonField(forms.JSONField):
    """Structured content as JSON text, told in words when it cannot be read."""

    default_error_messages = {"invalid": "内容不是有效的 JSON，请检查引号、逗号和括号。"}

    def __init__(self, *, empty: Any = None, **kwargs: Any) -> None:
        self.empty = empty
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        if "\\u0000" in json.dumps(found, default=str):
            raise ValidationError("内容里有不可见的控制字符，请删去。")
        if found is None and self.empty is not None:
            return self.empty()
        return found

    def prepare_value(self, value: Any) -> Any:
        return "" if value in ([], {}) else super().prepare_value(value)


class PointField(forms.CharField):
    """A place as «经度,纬度» (WGS 84)."""

    def to_python(self, value: Any) -> Point | None:  # type: ignore[override]
        if value in self.empty_values:
            return None
        if isinstance(value, GEOSGeometry):
            return value  # type: ignore[return-value]
        numbers = re.split(r"[,，\s]+", str(value).strip())
        try:
            x, y = map(float, numbers)
        except ValueError:
            raise ValidationError("位置应写成“经度,纬度”，例如 120.382640,36.067100。") from None
        return _checked_point(x, y)

    def prepare_value(self, value: Any) -> Any:
        return in_words(value) if isinstance(value, GEOSGeometry) else value


class ShapeField(forms.CharField):
    """A line or an area (WGS 84) as GeoJSON or WKT text, drawn on a map where scripts run.

    Where any shape may stand (GEOMETRY) a point is written «经度,纬度» too.
    """

    widget = forms.Textarea

    def __init__(self, *, geom_type: str = "POLYGON", **kwargs: Any) -> None:
        self.geom_type = geom_type
        super().__init__(**kwargs)
        self.widget.attrs |= {"rows": 3}

    def to_python(self, value: Any) -> GEOSGeometry | None:  # type: ignore[override]
        if value in self.empty_values:
            return None
        if self.geom_type == "GEOMETRY" and re.fullmatch(r"\s*[-\d.]+[,，\s]+[-\d.]+\s*", str(value)):
            return PointField().to_python(value)
        try:
            shape = value if isinstance(value, GEOSGeometry) else GEOSGeometry(str(value).strip(), srid=4326)
        except (GEOSException, GDALException, ValueError):
            raise ValidationError("图形无法识别，应为 GeoJSON 或 WKT（WGS 84）。") from None
        if self.geom_type == "MULTIPOLYGON" and shape.geom_type == "Polygon":
            shape = MultiPolygon(shape, srid=4326)
        if shape.geom_type.upper() != self.geom_type and self.geom_type != "GEOMETRY":
            raise ValidationError(f"图形种类不对：应为 {self.geom_type}，现为 {shape.geom_type}。")
        if not shape.valid:
            raise ValidationError("图形的边界自相交或没有闭合，请重新绘制。")
        west, south, east, north = shape.extent
        for x, y in ((west, south), (east, north)):
            _checked_point(x, y)
        return shape

    def prepare_value(self, value: Any) -> Any:
        return in_words(value) if isinstance(value, GEOSGeometry) else value


def _checked_point(x: float, y: float) -> Point:
    # China lies between 73–136 east and 3–54 north: swapped or projected coordinates are seen at once.
    if 3 <= x <= 54 and 73 <= y <= 136:
        raise ValidationError("经纬度写反了：应为经度在前、纬度在后。")
    if not (73 <= x <= 136 and 3 <= y <= 54):
        raise ValidationError("位置不在我国范围内，请使用 WGS 84(CGCS2000)经纬度，单位为度。")
    return Point(x, y, srid=4326)


def form_field(field: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    """The form field that fits a model's field; used as Django's `formfield_callback`."""
    told: dict[str, Any] = {"label": field.verbose_name, "help_text": field.help_text, "required": not field.blank}
    made: forms.Field | None
    if isinstance(field, models.ForeignKey):
        made = LookupField(field.remote_field.model._default_manager.all(), **told)
    elif field.choices:
        blank = field.blank or not field.has_default()
        offered = partial(
            field.get_choices, include_blank=blank, blank_choice=[("", "请选择")]
        )  # asked anew: a dictionary changes meanwhile
        made = CodeField(choices=offered, empty_value=None if field.null else "", **told)
        made.dictionary = getattr(field, "dictionary", "")
    elif isinstance(field, models.BooleanField) and not field.null:
        made = YesNoField(label=field.verbose_name, help_text=field.help_text, required=False)
    elif isinstance(field, ArrayField):
        kind = CodesField if field.base_field.choices else WordsField
        made = kind(base=field.base_field, **told)
    elif isinstance(field, models.JSONField):
        empty = field.get_default if field.has_default() and not field.null else None
        made = JsonField(empty=empty, widget=forms.Textarea(attrs={"rows": 4}), **told)
    elif getattr(field, "geom_type", "") == "POINT":
        made = PointField(**told)
    elif hasattr(field, "geom_type"):
        made = ShapeField(geom_type=field.geom_type, **told)
    else:
        made = _plain_field(field, kwargs)
    if made is None:
        return None
    if isinstance(made, forms.DateField | forms.DateTimeField):
        made.validators = [*made.validators, plausible_day]
    if field.has_default() and made.initial is None:
        made.initial = field.get_default()
    label = str(field.verbose_name)
    made.error_messages = {**made.error_messages, "required": f"请填写{label}。"}
    return made


def _plain_field(field: models.Field[Any, Any], kwargs: dict[str, Any]) -> forms.Field | None:
    if isinstance(field, models.DateTimeField):
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        return field.formfield(widget=widget, input_formats=DATETIME_FORMATS, **kwargs)
    if isinstance(field, models.DateField):
        day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return field.formfield(widget=day, input_formats=DATE_FORMATS, **kwargs)
    if isinstance(field, models.TimeField):
        return field.formfield(widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), **kwargs)
    if isinstance(field, models.TextField) and (field.max_length or 999) <= ONE_LINE:
        return field.formfield(**kwargs)  # a sealed number or name is a text to the database, and one line to a person
    if isinstance(field, models.TextField):
        return field.formfield(widget=forms.Textarea(attrs={"rows": 4}), **kwargs)
    return field.formfield(**kwargs)


def as_typed(field: forms.Field, value: Any) -> Any:
    """A value from a sheet or a machine, written the way this form field reads it."""
    if isinstance(value, dict) and "id" in value and isinstance(field, LookupField):
        return str(value["id"])
    if isinstance(field, PointField) and isinstance(value, dict):
        return ",".join(map(str, value.get("coordinates", ())))
    if isinstance(value, GEOSGeometry):
        return in_words(value)
    if isinstance(field, ShapeField) and isinstance(value, dict):
        return json.dumps(value)
    if isinstance(field, WordsField):
        return value if isinstance(value, list) else in_words(value)
    if isinstance(field, forms.JSONField) and not isinstance(value, str):
        return "" if value is None else json.dumps(value, ensure_ascii=False)
    if isinstance(field, forms.DateTimeField) and hasattr(value, "tzinfo") and value.tzinfo:
        return local(value).strftime("%Y-%m-%d %H:%M:%S")
    if value is None or isinstance(value, bool):
        return "" if value is None else ("true" if value else "false")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


class Words(forms.CharField):
    """Text with a limit that is counted beside the field and judged by the server (限长文字): nothing is cut unseen.

    A line break counts as one sign, as the reader counts it.
    """

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        told = f"最多 {most} 个字，现在是 %(show_value)d 个字，请精简。"
        kwargs["error_messages"] = {"max_length": told} | kwargs.get("error_messages", {})
        self.most = most
        super().__init__(max_length=most, **kwargs)

    def to_python(self, value: Any) -> str:
        """Line breaks as one sign each."""
        return str(super().to_python(value)).replace("\r\n", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """The limit for the counter instead of for the browser, which would cut what is pasted."""
        attrs: dict[str, Any] = {**super().widget_attrs(widget), "data-most": self.most}
        attrs.pop("maxlength", None)
        return attrs


class ManyFiles(forms.FileInput):
    """A field for several files at once (多个文件); they are looked through behind the form, not by it."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> None:
        """Nothing for the form itself: the page reads the list of what came under `name`."""
