"""What an embedded catalogue has, as mappings of generated classes, to fill and to look at in tests."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, MutableMapping
from typing import Generic, TypeVar

from attrs import frozen

from scicat_api.types import Model
from scitacean.embedded.answers import Document
from scitacean.embedded.conditions import EVERYTHING
from scitacean.embedded.entries import Kind
from scitacean.embedded.store import AlreadyThere, Store, Transaction, linked
from scitacean.model.pid import PID

M = TypeVar("M", bound=Model)
K = TypeVar("K", PID, str)


# Equal to a dict with the same content, as mappings are.
@frozen(eq=False, repr=False)
class Entries(MutableMapping[K, M], Generic[K, M]):
    """The entries of one kind by their ids.

    They are read from the catalogue each time, whoever may see them, and what is assigned is there as it
    is: no rule of the server is asked. An entry that has no ``_id`` gets one, as on servers. A change to
    an object that was read changes nothing in the catalogue: assign it.

    Parameters
    ----------
    store:
        The catalogue's documents.
    kind:
        Which of them.
    model:
        Their class.
    key:
        Makes an id of its text.
    """

    _store: Store
    _kind: Kind
    _model: type[M]
    _key: Callable[[str], K]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"

    def __getitem__(self, key: PID | str) -> M:
        with self._store.transaction(write=False) as transaction:
            document = transaction.get(self._kind.collection, str(key))
        if document is None:
            raise KeyError(key)
        return self._model.from_dict(document)

    def __setitem__(self, key: PID | str, entry: M) -> None:
        _check_type(entry, self._model)
        identifier = str(key)
        document = {"_id": identifier, **entry.to_dict()}
        if document.setdefault(self._kind.identifier, identifier) != identifier:
            raise ValueError(
                f"This {self._kind.title.lower()} has the id {document[self._kind.identifier]}, "
                f"so it cannot be put under {identifier}."
            )
        with self._store.transaction(write=True) as transaction:
            known = transaction.get(self._kind.collection, identifier) is not None
            put = transaction.replace if known else transaction.insert
            put(self._kind.collection, identifier, document)

    def __delitem__(self, key: PID | str) -> None:
        with self._store.transaction(write=True) as transaction:
            if transaction.get(self._kind.collection, str(key)) is None:
                raise KeyError(key)
            transaction.delete(self._kind.collection, str(key))

    def __iter__(self) -> Iterator[K]:
        with self._store.transaction(write=False) as transaction:
            found = transaction.find(self._kind.collection, EVERYTHING)
        return iter([self._key(document[self._kind.identifier]) for document in found])

    def __len__(self) -> int:
        with self._store.transaction(write=False) as transaction:
            return transaction.count(self._kind.collection, EVERYTHING)


# Equal to a dict with the same content, as mappings are.
@frozen(eq=False, repr=False)
class EntriesOfDatasets(MutableMapping[PID, list[M]], Generic[M]):
    """What belongs to datasets, their blocks of files for example, in lists by PID.

    As with :class:`Entries`, what is assigned is there as it is, and lists that were read are copies. A
    dataset that has nothing is no key.

    Parameters
    ----------
    store:
        The catalogue's documents.
    kind:
        Which of them.
    model:
        Their class.
    datasets:
        Finds the PIDs of the datasets that a document belongs to.
    """

    _store: Store
    _kind: Kind
    _model: type[M]
    _datasets: Callable[[Document], list[str]]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"

    def __getitem__(self, pid: PID | str) -> list[M]:
        with self._store.transaction(write=False) as transaction:
            found = self._of(str(pid), transaction)
        if not found:
            raise KeyError(pid)
        return [self._model.from_dict(document) for document in found]

    def __setitem__(self, pid: PID | str, entries: list[M]) -> None:
        title = self._kind.title.lower()
        if not isinstance(entries, list):
            raise TypeError(f"Assign a list of {self._model.__name__}, not one {type(entries).__name__}.")
        for entry in entries:
            _check_type(entry, self._model)
        documents = [{"_id": str(uuid.uuid4()), **entry.to_dict()} for entry in entries]
        with self._store.transaction(write=True) as transaction:
            self._delete(str(pid), transaction)
            for document in documents:
                if str(pid) not in self._datasets(document):
                    raise ValueError(f"This {title} belongs to {self._datasets(document)}, not to {pid}.")
                identifier = document.setdefault(self._kind.identifier, document["_id"])
                links = self._kind.links(document)
                try:
                    transaction.insert(self._kind.collection, identifier, document, links)
                except AlreadyThere:
                    raise ValueError(f"There is another {title} with the id {identifier}.") from None

    def __delitem__(self, pid: PID | str) -> None:
        with self._store.transaction(write=True) as transaction:
            if not self._delete(str(pid), transaction):
                raise KeyError(pid)

    def __iter__(self) -> Iterator[PID]:
        return iter([PID.parse(pid) for pid in self._pids()])

    def __len__(self) -> int:
        return len(self._pids())

    def _of(self, pid: str, transaction: Transaction) -> list[Document]:
        found = transaction.find(self._kind.collection, linked([pid]))
        return [document for document in found if pid in self._datasets(document)]

    def _delete(self, pid: str, transaction: Transaction) -> bool:
        found = self._of(pid, transaction)
        for document in found:
            transaction.delete(self._kind.collection, document[self._kind.identifier])
        return bool(found)

    def _pids(self) -> dict[str, None]:
        with self._store.transaction(write=False) as transaction:
            found = transaction.find(self._kind.collection, EVERYTHING)
        return dict.fromkeys(pid for document in found for pid in self._datasets(document))


def _check_type(entry: object, model: type[Model]) -> None:
    if not isinstance(entry, model):
        raise TypeError(
            f"This is a {type(entry).__name__} where the catalogue has {model.__name__} of "
            "scicat_api.models. To make one of something new, upload it or create it with client.scicat."
        )
