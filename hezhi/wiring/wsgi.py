"""The door of the page and API workers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
application = get_wsgi_application()
