"""Instruments: where something was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import attrs

from scicat_api.models import CreateInstrumentDto
from scicat_api.models import Instrument as InstrumentAnswer
from scitacean.model.entry import TrackedEntry
from scitacean.model.metadata import plain_object
from scitacean.model.wire import promised, received, to_send
from scitacean.problem import Problem
from scitacean.validation.instrument import REQUIRED, problems_of_instrument


@attrs.define(kw_only=True)
class Instrument(TrackedEntry):
    """An instrument of the facility.

    Attributes
    ----------
    unique_name:
        Name that no other instrument has, for machines.
    name:
        Name, for people.
    pid:
        Identifier; the server makes one where it is None, and servers before 5.0 always do.
    custom_metadata:
        Anything else that JSON can hold.

    Examples
    --------
    >>> instrument = Instrument(unique_name="SITE:BL1", name="Beamline 1")
    >>> instrument.validate()
    """

    _noun: ClassVar[str] = "instrument"
    _required: ClassVar[frozenset[str]] = frozenset(REQUIRED)

    unique_name: str
    name: str
    pid: str | None = None
    custom_metadata: Mapping[str, object] | None = attrs.field(default=None, eq=plain_object)

    def find_problems(self, *, required: bool = True) -> list[Problem]:
        """Find what a server would refuse, and (as warnings) what it may not give back as it was.

        Parameters
        ----------
        required:
            Whether to look for missing fields: instruments of older servers may lack some.

        Returns
        -------
        :
            All problems; none where there are none.

        Examples
        --------
        >>> instrument = Instrument(unique_name="SITE:BL1", name="Beamline 1", custom_metadata={"a b": 1})
        >>> [(problem.field, problem.severity) for problem in instrument.find_problems()]
        [('custom_metadata["a b"]', 'warning')]
        """
        fields = self._values()
        fields["custom_metadata"] = plain_object(self.custom_metadata)
        return problems_of_instrument(fields, required=required)

    def make_upload_model(self) -> CreateInstrumentDto:
        """Make what is sent to create the instrument.

        Raises
        ------
        ValidationError
            If it breaks rules of the catalogue.

        Examples
        --------
        >>> Instrument(unique_name="SITE:BL1", name="Beamline 1").make_upload_model().to_dict()
        {'name': 'Beamline 1', 'uniqueName': 'SITE:BL1'}
        """
        self.raise_for(self.find_problems())
        return CreateInstrumentDto(
            unique_name=self.unique_name,
            name=self.name,
            pid=to_send(self.pid),
            custom_metadata=to_send(plain_object(self.custom_metadata)),
        )

    @classmethod
    def from_download_model(cls, model: InstrumentAnswer) -> Self:
        """Make an instrument of what the catalogue answered; a field with an odd value keeps it.

        Parameters
        ----------
        model:
            The answer.

        Examples
        --------
        >>> answer = InstrumentAnswer.from_dict({"uniqueName": "SITE:BL1", "name": "Beamline 1", "pid": "1"})
        >>> Instrument.from_download_model(answer).pid
        '1'
        """
        return cls(
            unique_name=promised(model.unique_name),
            name=promised(model.name),
            pid=received(model.pid),
            custom_metadata=received(model.custom_metadata),
            created_at=received(model.created_at),
            created_by=received(model.created_by),
            updated_at=received(model.updated_at),
            updated_by=received(model.updated_by),
        )
