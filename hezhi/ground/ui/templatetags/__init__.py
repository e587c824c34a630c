"""Template tags of the ui kit; load them with `{% load ui %}`."""
