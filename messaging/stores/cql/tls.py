"""TLS to the CQL servers, in the words that PostgreSQL has for it: how much is checked of who answers."""

import ssl
from typing import Literal, get_args

Mode = Literal["disable", "require", "verify-ca", "verify-full"]
MODES: tuple[str, ...] = get_args(Mode)


def context(mode: str, ca_file: str) -> ssl.SSLContext | None:
    """What connections are made with; None: nothing is encrypted.

    `require` checks nothing, `verify-ca` who signed the certificate, `verify-full` also that it is for the address that is
    asked. Without `ca_file` the system's own authorities count. Raises OSError for a file that cannot be read.
    """
    if mode == "disable":
        return None
    made = ssl.create_default_context(cafile=ca_file or None)
    made.check_hostname = mode == "verify-full"
    if mode == "require":
        made.verify_mode = ssl.CERT_NONE
    return made
