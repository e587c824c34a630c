"""The peer's message as DRF reads it."""

from rest_framework import serializers

from bench.peers.drf_orm.models import Case, Category


class CaseSerializer(serializers.ModelSerializer):
    category = serializers.SlugRelatedField(slug_field="code", queryset=Category.objects.all())
    lon = serializers.FloatField(write_only=True, min_value=-180, max_value=180)
    lat = serializers.FloatField(write_only=True, min_value=-90, max_value=90)
    grid = serializers.CharField(source="grid.code", read_only=True)

    class Meta:
        model = Case
        fields = [
            "number", "outside_number", "source", "title", "text", "category", "lon", "lat", "grid", "name", "phone",
            "state", "due_at",
        ]  # fmt: skip
        read_only_fields = ["number", "state", "due_at"]
