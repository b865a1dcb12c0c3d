"""Strategies for hypothesis: valid entries of the catalogue by default, invalid ones as asked.

They need the extra ``testing``: ``pip install 'scitacean[testing]'``. All take what they shall draw for
a field under its name, as a value or a strategy; ``invalid=True`` breaks some rule of the catalogue, and
``invalid="owner_email"`` one of that field.

Examples
--------
>>> from hypothesis import given
>>> @given(datasets(type="raw"))
... def test_text_names_the_dataset(dataset):
...     dataset.validate()
...     assert "raw" in str(dataset)
>>> test_text_names_the_dataset()
"""

from scitacean.testing.strategies.attachment import attachment_relationships, attachments, thumbnails
from scitacean.testing.strategies.datablock import datablocks, orig_datablocks
from scitacean.testing.strategies.dataset import datasets
from scitacean.testing.strategies.entry import instruments, jobs, published_data, samples
from scitacean.testing.strategies.file import files
from scitacean.testing.strategies.part import lifecycles, relationships, techniques
from scitacean.testing.strategies.proposal import measurement_periods, proposals
from scitacean.testing.strategies.scientific_metadata import metadata
from scitacean.testing.strategies.values import emails, groups, orcids, pids, remote_paths, texts, times

__all__ = [
    "attachment_relationships",
    "attachments",
    "datablocks",
    "datasets",
    "emails",
    "files",
    "groups",
    "instruments",
    "jobs",
    "lifecycles",
    "measurement_periods",
    "metadata",
    "orcids",
    "orig_datablocks",
    "pids",
    "proposals",
    "published_data",
    "relationships",
    "remote_paths",
    "samples",
    "techniques",
    "texts",
    "thumbnails",
    "times",
]
