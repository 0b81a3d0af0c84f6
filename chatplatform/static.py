"""Built files, served as they lie: compressed twins beside them, names with a hash in them kept for good."""

import re

from django.conf import settings
from servestatic.middleware import ServeStaticMiddleware

_HASHED = re.compile(settings.HASHED_FILE_NAME)


class StaticFiles(ServeStaticMiddleware):
    """ServeStatic's own test knows only the names of Django's manifest storage, whatever the setting says."""

    def immutable_file_test(self, path: str, url: str) -> bool:
        return _HASHED.search(url) is not None
