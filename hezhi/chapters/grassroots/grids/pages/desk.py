"""The addresses of grid management's own pages (网格管理页面)."""

from django.urls import path

from hezhi.chapters.grassroots.grids.pages import (
    divisions,
    finding,
    layers,
    plotting,
    report,
    special,
    supervision,
    transfer,
)

urlpatterns = [
    path("find/", finding.find, name="grids-find"),
    path("supervision/", supervision.page, name="grids-supervision"),
    path("report/", report.page, name="grids-report"),
    path("matrix/", special.matrix, name="grids-matrix"),
    path("special/new/", special.new, name="grids-special-new"),
    path("special/<uuid:id>/close/", special.close, name="grids-special-close"),
    path("import/", transfer.take_in, name="grids-import"),
    path("export/", transfer.give_out, name="grids-export"),
    path("plot/", plotting.choose, name="grids-choose"),
    path("plot/<uuid:id>/", plotting.plot, name="grids-plot"),
    path("plot/<uuid:id>/features.json", plotting.features, name="grids-plot-features"),
    path("plot/<uuid:id>/around.json", plotting.around, name="grids-plot-around"),
    path("plot/<uuid:id>/step/", plotting.step, name="grids-plot-step"),
    path("plot/<uuid:id>/propose/", plotting.suggest, name="grids-plot-propose"),
    path("divisions/<uuid:id>/", divisions.division, name="grids-division"),
    path("divisions/<uuid:id>/do/<slug:verb>/", divisions.do, name="grids-division-do"),
    path("divisions/<uuid:id>/<slug:which>.json", divisions.shapes, name="grids-division-shapes"),
    path("town/<uuid:id>/grids.json", layers.of_town, name="grids-town-shapes"),
    path("<uuid:id>/shape.json", layers.one, name="grids-shape"),
    path("<uuid:id>/around.json", layers.around, name="grids-around"),
    path("<uuid:id>/notes.json", layers.notes, name="grids-notes"),
]
