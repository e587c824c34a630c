"""The door of the page and API workers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
application = get_wsgi_application()

from hezhi.wiring.flow_book import refuse_faulty_flows  # noqa: E402  (the apps must be loaded)

refuse_faulty_flows()
