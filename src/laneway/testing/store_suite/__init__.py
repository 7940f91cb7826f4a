"""The store suite: what every store passes. Subclass `StoreSuite` in a test module and say how one is made."""

from laneway.testing.store_suite.case import FullStore, StoreCase
from laneway.testing.store_suite.chains import Chains
from laneway.testing.store_suite.commits import Commits
from laneway.testing.store_suite.erasures import Erasures
from laneway.testing.store_suite.figures import StoreFigures
from laneway.testing.store_suite.logs import Logs
from laneway.testing.store_suite.needs import Needs
from laneway.testing.store_suite.ownership import Ownership
from laneway.testing.store_suite.pages import Pages
from laneway.testing.store_suite.restarts import Restarts
from laneway.testing.store_suite.retentions import Retentions
from laneway.testing.store_suite.searches import Searches
from laneway.testing.store_suite.tallies import Tallies

__all__ = ["FullStore", "StoreCase", "StoreSuite"]


class StoreSuite(
    Commits, Chains, Needs, Ownership, Logs, Pages, Tallies, Searches, Retentions, Erasures, Restarts, StoreFigures
):
    """Everything that the store contract promises, as tests."""
