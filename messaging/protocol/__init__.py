"""Every frame on the socket, both directions, as msgspec tagged unions.

JSON text frames. `docs/protocol.md` tells how they are used; `frontend/src/lib/protocol.gen.ts` is
generated from here. Unknown commands and unknown fields are refused, unknown events ignored.
Positions and lengths inside a text (`at`, `n`, `length`) count Unicode code points and are opaque
to a client: it keeps `at + n` and never measures its own string.
"""

import msgspec

PROTOCOL_VERSION = 1
MAX_BODY_BYTES = 256 * 1024
MAX_FRAME_BYTES = 1024 * 1024  # the largest body however it is escaped ("\\u00fc" for "ü"), and its envelope

encode = msgspec.json.Encoder(decimal_format="number").encode
