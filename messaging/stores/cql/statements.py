"""All the CQL of the message store. Every statement may be repeated, at any time, by anybody.

A write carries `USING TIMESTAMP`, which is the message's revision (see `rows.stamp`): of two writes of one row the
higher revision stays, whichever comes last, and the same one again changes nothing. No clock has a say.
"""

MESSAGE_COLUMNS = (
    "branch_id", "bucket", "seq", "variant", "message_id", "thread_id", "lane",
    "author_kind", "author_id", "author_name", "author_slot", "client_id", "reply_to", "run_id", "turn_id",
    "state", "revision", "body", "body_chunks", "body_sha256", "meta", "meta_chunks", "created_us", "edited_us",
)  # fmt: skip
REVISION_COLUMNS = ("message_id", "revision", "body", "body_chunks", "state", "editor_name", "edited_us")
CHUNK_COLUMNS = ("message_id", "revision", "part", "n", "piece")
REF_COLUMNS = ("message_id", "branch_id", "seq", "variant")
BUCKET_COLUMNS = ("branch_id", "bucket")


def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) USING TIMESTAMP ?"  # noqa: S608  our own names


INSERT_MESSAGE = _insert("message", MESSAGE_COLUMNS)
INSERT_REVISION = _insert("message_revision", REVISION_COLUMNS)
INSERT_CHUNK = _insert("message_chunk", CHUNK_COLUMNS)
INSERT_REF = _insert("message_ref", REF_COLUMNS)
INSERT_BUCKET = _insert("message_bucket", BUCKET_COLUMNS)

_MESSAGES = f"SELECT {', '.join(MESSAGE_COLUMNS)} FROM message WHERE branch_id = ? AND bucket = ?"  # noqa: S608  as above
NEWEST_FIRST = f"{_MESSAGES} AND seq >= ? AND seq <= ?"
OLDEST_FIRST = f"{_MESSAGES} AND seq >= ? AND seq <= ? ORDER BY seq ASC"
ONE = f"{_MESSAGES} AND seq = ? AND variant = ?"
KEPT = "SELECT seq, variant, message_id, revision FROM message WHERE branch_id = ? AND bucket = ? AND seq >= ? AND seq <= ?"
REF = "SELECT branch_id, seq, variant FROM message_ref WHERE message_id = ?"
BUCKET_BELOW = "SELECT bucket FROM message_bucket WHERE branch_id = ? AND bucket >= ? AND bucket <= ? LIMIT 1"
BUCKET_ABOVE = (
    "SELECT bucket FROM message_bucket WHERE branch_id = ? AND bucket >= ? AND bucket <= ? ORDER BY bucket ASC LIMIT 1"
)
BRANCHES = "SELECT DISTINCT branch_id FROM message_bucket"
REVISIONS = (
    "SELECT revision, body, body_chunks, state, editor_name, edited_us FROM message_revision WHERE message_id = ?"
)
CHUNKS = "SELECT part, n, piece FROM message_chunk WHERE message_id = ? AND revision = ?"

# Without a write time of their own: the clock is far above every revision's stamp, so nothing of these is seen again.
DELETE_REVISIONS = "DELETE FROM message_revision WHERE message_id = ?"
DELETE_CHUNKS = "DELETE FROM message_chunk WHERE message_id = ? AND revision = ?"
DELETE_REF = "DELETE FROM message_ref WHERE message_id = ?"
DELETE_MESSAGES = "DELETE FROM message WHERE branch_id = ? AND bucket = ?"
DELETE_BUCKET = "DELETE FROM message_bucket WHERE branch_id = ? AND bucket = ?"

ALL = (
    DELETE_REVISIONS, DELETE_CHUNKS, DELETE_REF, DELETE_MESSAGES, DELETE_BUCKET,
    INSERT_MESSAGE, INSERT_REVISION, INSERT_CHUNK, INSERT_REF, INSERT_BUCKET,
    NEWEST_FIRST, OLDEST_FIRST, ONE, KEPT, REF, BUCKET_BELOW, BUCKET_ABOVE, BRANCHES, REVISIONS, CHUNKS,
)  # fmt: skip
