"""What gunicorn loads."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
# Loaded before the processes part: shared memory, and no slow first request.
import_module("shop.urls")
