import os
import sys

from pydantic import ValidationError

from app.server import serve
from app.settings import Settings

try:
    settings = Settings.from_environment(os.environ)
except ValidationError as error:
    problems = "; ".join(f"{'.'.join(map(str, e['loc'])).upper() or 'settings'}: {e['msg']}" for e in error.errors())
    sys.exit(f"Invalid environment: {problems}")
serve(settings)
