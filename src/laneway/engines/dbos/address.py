"""Address: the database's URL as the libraries under DBOS read it, and their log lines as ours."""

import logging

import sqlalchemy as sa
import structlog
from psycopg.pq import Conninfo

log = structlog.get_logger(__name__)

AGAIN_S = 30.0
"""How long a line of DBOS's is not repeated."""
PROBES = {
    "keepalives_idle": "5", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "15000",
}  # fmt: skip
"""Unless the address says otherwise: these libraries wait for an answer as long as the connection seems to stand, and
without a word from the other end the kernel takes two hours to give it up."""


def libpq_address(url: str) -> sa.URL:
    """The same database: what this driver does not know as a parameter is a setting of the server, as for the store."""
    made = sa.make_url(url)
    known = {each.keyword.decode() for each in Conninfo.get_defaults()}
    settings = [f"-c{name}={value}" for name, value in made.query.items() if name not in known]
    query = PROBES | {name: value for name, value in made.query.items() if name in known}
    if settings:
        query["options"] = " ".join((*settings, *_texts(query.get("options", ()))))
    return made.set(drivername="postgresql+psycopg", query=query)


def _texts(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


class _Handler(logging.Handler):
    """Hands DBOS's log lines on, as facts with fields.

    While the database is away, each of its polls tells of it many times a second: a line that comes again and again is
    handed on now and then, with how often it was not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, int], tuple[float, int]] = {}
        """By its place in DBOS: when a line was last handed on, and how many have come since."""

    def emit(self, record: logging.LogRecord) -> None:
        place = record.pathname, record.lineno
        told_at, unsaid = self._told.get(place, (-AGAIN_S, 0))
        if record.created - told_at < AGAIN_S:
            self._told[place] = told_at, unsaid + 1
            return
        self._told[place] = record.created, 0
        tell = log.error if record.levelno >= logging.ERROR else log.warning
        tell("dbos", detail=record.getMessage(), unsaid=unsaid)


def quiet_logs() -> None:
    """Let DBOS log where we log, and only what goes wrong: it makes no handler of its own where there is one."""
    logger = logging.getLogger("dbos")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    if not any(isinstance(handler, _Handler) for handler in logger.handlers):
        logger.addHandler(_Handler())
