"""The peer's tables: a case and what belongs to it."""

from django.contrib.gis.db import models


class Category(models.Model):
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    hours = models.PositiveIntegerField(default=120)


class Unit(models.Model):
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)


class Grid(models.Model):
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    town = models.CharField(max_length=80)
    shape = models.MultiPolygonField(srid=4326)


class Case(models.Model):
    number = models.CharField(max_length=24, unique=True)
    outside_number = models.CharField(max_length=60, unique=True)
    source = models.CharField(max_length=16)
    title = models.CharField(max_length=120)
    text = models.TextField()
    category = models.ForeignKey(Category, models.PROTECT)
    unit = models.ForeignKey(Unit, models.PROTECT)
    grid = models.ForeignKey(Grid, models.PROTECT)
    point = models.PointField(srid=4326)
    name = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=16, default="to_accept")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="peer_newest"),
            models.Index(fields=["state", "-created_at"], name="peer_state"),
        ]


class History(models.Model):
    case = models.ForeignKey(Case, models.CASCADE)
    verb = models.CharField(max_length=30)
    by = models.CharField(max_length=60)
    at = models.DateTimeField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)


class Sla(models.Model):
    case = models.ForeignKey(Case, models.CASCADE)
    stage = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()


class Job(models.Model):
    name = models.CharField(max_length=60)
    args = models.JSONField()
    state = models.CharField(max_length=12, default="todo")
    at = models.DateTimeField()
