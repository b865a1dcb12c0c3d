"""A SciCat catalogue in one process: a WSGI application over SQLite.

It has the routes of a real server that the client uses and answers as real servers do, errors and
oddities included.  Reach it in the same process through ``httpx.WSGITransport``, or over a socket
with :func:`serve`.
"""

from .accounts import Accounts, User
from .catalogue import EmbeddedCatalogue
from .server import Server, serve
from .variants import VARIANTS, Variant

__all__ = ["VARIANTS", "Accounts", "EmbeddedCatalogue", "Server", "User", "Variant", "serve"]
