"""Make the peer's tables in an empty database and fill them with the grids it is told (JSON on standard input)."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.drf_orm.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402, TID251 - the peer is no part of the house
from django.contrib.gis.geos import GEOSGeometry  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

from bench.peers.drf_orm.models import Category, Grid, Unit  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)
told = json.load(sys.stdin)
with connection.cursor() as cursor:
    cursor.execute("CREATE SEQUENCE peer_number")
Grid.objects.bulk_create(
    [Grid(code=code, name=name, town=town, shape=GEOSGeometry(shape)) for code, name, town, shape in told["grids"]],
    batch_size=200,
)
Category.objects.bulk_create([Category(code=code, name=name) for code, name in told["categories"]])
Unit.objects.create(code="centre", name="示例区社会治理中心")
print(Token.objects.create(user=User.objects.create(username="demo")).key)
