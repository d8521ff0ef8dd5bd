"""The entry point of the deployed service, for Vercel and for gunicorn: `gunicorn -c api/gunicorn_conf.py api.index:app`."""

import sys

from api import create_app
from api.config import ConfigError

try:
    app = create_app()
except ConfigError as error:
    # One clear message for whoever deploys, instead of a traceback.
    sys.exit(str(error))
