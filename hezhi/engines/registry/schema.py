"""The OpenAPI description of a registry (接口说明), made from the declaration: rows, forms, filters, refusals.

It is made when somebody asks for it: most processes serve, work or count and never describe.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import django_filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers

from hezhi.engines.registry.filters import CodesFilter, DayFilter, KeysFilter, YesNoFilter
from hezhi.ground.openapi import History, Letter, serializer, taken, told

if TYPE_CHECKING:
    from hezhi.engines.registry.columns import Column
    from hezhi.engines.registry.declaration import Registry


def describe(cls: type[Any]) -> None:
    """Put a description on each operation of a registry's interface class."""
    registry: Registry = cls.registry
    row, page = row_serializer(registry), page_serializer(registry)
    form = form_serializer(registry, partial=False)
    patch = form_serializer(registry, partial=True)
    tag, noun = [registry.title], registry.noun

    def operation_told(operation: str, summary: str, answers: dict[Any, Any], **more: Any) -> Any:
        refusals = {code: OpenApiResponse(Letter) for code in (401, 403, *more.pop("refusals", ()))}
        return extend_schema(
            operation_id=f"{registry.slug.replace('-', '_')}_{operation}", tags=tag, summary=summary,
            description=f"{summary}。{SCOPE}", responses=answers | refusals, **more,
        )  # fmt: skip

    operations = {
        "list": operation_told("list", f"查询{noun}", {200: page}, parameters=list_parameters(registry), refusals=(422,)),
        "retrieve": operation_told("read", f"查看一条{noun}", {200: row}, refusals=(404,)),
        "create": operation_told("add", f"登记{noun}", {201: row}, request=form, refusals=(400, 422)),
        "partial_update": operation_told("change", f"修改{noun}", {200: row}, request=patch, refusals=(400, 404, 409, 422)),
        "destroy": operation_told(
            "remove", f"删除或停用{noun}", {204: None}, refusals=(404, 409, 422),
            parameters=[OpenApiParameter("reason", str, required=True, description="原因")],
        ),
        "restore": operation_told("restore", f"恢复{noun}", {200: row}, request=None, refusals=(404, 409)),
        "history": operation_told("history", f"{noun}的变更历史", {200: History}, refusals=(404,)),
        "map": operation_told(
            "map", f"{noun}地图图层（GeoJSON，WGS 84）",
            {(200, "application/geo+json"): OpenApiTypes.OBJECT}, refusals=(422,),
            parameters=[
                OpenApiParameter("bbox", str, description="西,南,东,北，单位为度"),
                OpenApiParameter("limit", int, description="最多返回的点数，默认 2000，上限 5000"),
                *filter_parameters(registry),
            ],
        ),
    }  # fmt: skip
    # Each class gets functions of its own, or the last registry would describe them all.
    for action, tell in operations.items():
        setattr(cls, action, tell(_copied(getattr(cls, action))))
    cls.described = True


SCOPE = "只含您数据范围内的记录，个人信息按规定脱敏。"


def _copied(method: Any) -> Any:
    return wraps(method)(lambda self, *args, **kwargs: method(self, *args, **kwargs))


# -- rows and forms --------------------------------------------------------------------------------


def row_serializer(registry: Registry) -> type[serializers.Serializer[Any]]:
    """A row as it is told."""
    fields: dict[str, Any] = {"id": serializers.UUIDField()}
    fields |= {name: _told(column) for name, column in registry.api_columns.items()}
    return serializer(f"{type(registry).__name__}Row", fields | {"version": serializers.CharField(required=False)})


def page_serializer(registry: Registry) -> type[serializers.Serializer[Any]]:
    """A page of rows."""
    fields = {
        "items": row_serializer(registry)(many=True),
        "next": serializers.CharField(allow_null=True),
        "previous": serializers.CharField(allow_null=True),
        "total": serializers.IntegerField(),
        "total_is_capped": serializers.BooleanField(),
    }
    return extend_schema_serializer(many=False)(serializer(f"{type(registry).__name__}Page", fields))


def form_serializer(registry: Registry, *, partial: bool) -> type[serializers.Serializer[Any]]:
    """What is sent to enter or change a row."""
    offered = registry.form_class.base_fields if registry.form_fields else {}
    fields = {name: taken(field, required=field.required and not partial) for name, field in offered.items()}
    if "extra" in registry.api_columns:
        fields["extra"] = serializers.DictField(required=False, help_text="扩展字段：代码和内容")
    if partial:
        fields["version"] = serializers.CharField(required=False)
    return serializer(f"{type(registry).__name__}{'Change' if partial else 'Entry'}", fields)


def _told(column: Column) -> Any:
    if column.kind == "object":
        return serializers.DictField(help_text=column.label)
    return told(None if column.mask_kind else column.field, column.label, column.choices)


# -- parameters ------------------------------------------------------------------------------------


def list_parameters(registry: Registry) -> list[OpenApiParameter]:
    """The filters of the registry and the words of the list itself."""
    sortable = [name for name in registry.told_columns if registry.can_sort(name)]
    return [
        *filter_parameters(registry),
        OpenApiParameter(
            "order", str, enum=[s + n for n in sortable for s in ("", "-")] or None, description="排序，前加 - 为倒序"
        ),
        OpenApiParameter("size", {"type": "integer", "minimum": 1, "maximum": 1000}, description="每页条数"),
        OpenApiParameter("after", str, description="上一次返回的 next 中的位置"),
        OpenApiParameter("before", str, description="上一次返回的 previous 中的位置"),
        OpenApiParameter("removed", str, enum=["1"], description="只看已删除的（须有恢复权限）"),
    ]


def filter_parameters(registry: Registry) -> list[OpenApiParameter]:
    """Each filter of the declaration as a parameter."""
    return [_parameter(name, made) for name, made in registry.told_filters.base_filters.items()]


def _parameter(name: str, made: django_filters.Filter) -> OpenApiParameter:
    label = str(made.label)
    if isinstance(made, KeysFilter):
        return OpenApiParameter(name, OpenApiTypes.UUID, many=True, description=label)
    if isinstance(made, CodesFilter) and isinstance(made.extra["choices"], list | tuple):
        codes = [str(code) for code, _ in made.extra["choices"] if code not in ("", None)]
        return OpenApiParameter(name, str, many=True, enum=codes, description=label)
    if isinstance(made, DayFilter):
        return OpenApiParameter(name, OpenApiTypes.DATE, description=label)
    if isinstance(made, YesNoFilter):
        return OpenApiParameter(name, str, enum=["1", "0"], description=f"{label}：1 是，0 否")
    if isinstance(made, django_filters.NumberFilter):
        return OpenApiParameter(name, OpenApiTypes.NUMBER, description=label)
    return OpenApiParameter(name, {"type": "string", "maxLength": 100}, description=label)
