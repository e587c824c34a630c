"""The peer's door: one view set, one transaction."""

from datetime import timedelta

from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.utils.timezone import now  # noqa: TID251 - the peer is no part of the house
from rest_framework import serializers, viewsets

from bench.peers.drf_orm.models import Case, Grid, History, Job, Sla, Unit
from bench.peers.drf_orm.serializers import CaseSerializer


class CaseViewSet(viewsets.ModelViewSet):
    queryset = Case.objects.select_related("category", "grid", "unit")
    serializer_class = CaseSerializer

    @transaction.atomic
    def perform_create(self, serializer: CaseSerializer) -> None:
        given, moment = serializer.validated_data, now()
        point = Point(given.pop("lon"), given.pop("lat"), srid=4326)
        grid = Grid.objects.filter(shape__covers=point).first()
        if grid is None:
            raise serializers.ValidationError({"lon": "outside the district"})
        due = moment + timedelta(hours=given["category"].hours)
        case = serializer.save(
            number=_number(),
            unit=Unit.objects.get(code="centre"),
            grid=grid,
            point=point,
            created_at=moment,
            due_at=due,
        )
        History.objects.create(
            case=case, verb="report", by=self.request.user.username, at=moment,
            after={"state": case.state, "title": case.title, "category": case.category.code, "grid": grid.code},
        )  # fmt: skip
        Sla.objects.create(case=case, stage="accept", started_at=moment, due_at=moment + timedelta(minutes=30))
        Job.objects.create(name="tell_desk", args={"case": case.pk}, at=moment)


def _number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('peer_number')")
        return f"P{cursor.fetchone()[0]:08d}"
