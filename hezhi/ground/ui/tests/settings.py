"""Settings of the kit by itself: its tests need no database and no other floor.

`pytest hezhi/ground/ui --ds=hezhi.ground.ui.tests.settings` runs them without the house above; with the project's own
settings they pass as well.
"""

SECRET_KEY = "only for the tests of the ui kit"  # pragma: allowlist secret
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.staticfiles", "hezhi.ground.ui"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "/static/"
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
