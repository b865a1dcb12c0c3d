"""Where on the file server the files of a new dataset go."""

from __future__ import annotations

import re
import string
from typing import Any

from scitacean.errors import ConfigurationError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath

_UNSAFE = re.compile(r"[^A-Za-z0-9_.\-]")


class _Escaping(string.Formatter):
    """Fills in fields of a dataset as single, safe folder names."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        del args, kwargs
        if isinstance(key, int) or key.startswith("_"):
            raise KeyError(key)
        return getattr(self._dataset, key)

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        value, used = super().get_field(field_name, args, kwargs)
        if value is None:
            raise ConfigurationError(
                f"The source folder pattern needs {{{field_name}}}, which this dataset does not have.",
                hint="Give the dataset that field, or use another pattern.",
            )
        return value, used

    def format_field(self, value: Any, format_spec: str) -> str:
        return escape(super().format_field(value, format_spec))


def escape(name: str) -> str:
    """Turn any text into one safe name of a folder.

    Characters other than ASCII letters, digits, dots, dashes and underscores become underscores, and so
    do names of dots only.

    Examples
    --------
    >>> escape("Run 7/b"), escape("..")
    ('Run_7_b', '__')
    """
    escaped = _UNSAFE.sub("_", name)
    return escaped.replace(".", "_") if not escaped.strip(".") else escaped


def source_folder_for(dataset: Dataset, pattern: str | RemotePath | None) -> RemotePath:
    """Return the folder for the files of a dataset.

    Parameters
    ----------
    dataset:
        Its fields fill in the pattern.
    pattern:
        Folder with fields of the dataset in braces: ``/data/{owner_group}/{name}``, ``{pid.pid}``,
        ``{uid}`` (unique to the dataset). None: the dataset's own source folder.

    Raises
    ------
    ConfigurationError
        If the pattern names a field that datasets do not have or that this one lacks, or if there is
        neither pattern nor source folder.

    Examples
    --------
    >>> dataset = Dataset(type="raw", name="Run 7")
    >>> source_folder_for(dataset, "/data/{type}/{name}")
    RemotePath('/data/raw/Run_7')
    """
    if pattern is None:
        if dataset.source_folder is None:
            raise ConfigurationError(
                "It is not known where on the file server the files shall go.",
                hint="Set dataset.source_folder, or give the file transfer a source_folder pattern "
                "(--source-folder).",
            )
        return dataset.source_folder
    try:
        return RemotePath(_Escaping(dataset).vformat(str(pattern), (), {}))
    except (KeyError, AttributeError, IndexError, ValueError) as error:
        raise ConfigurationError(
            f"The source folder pattern {str(pattern)!r} cannot be filled in: {error}.",
            hint="Use names of dataset fields in braces, {name}, {owner_group} or {uid} for example.",
        ) from None
