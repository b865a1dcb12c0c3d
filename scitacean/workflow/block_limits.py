"""How large the requests are in which files are registered."""

from __future__ import annotations

import attrs

from scitacean.model.orig_datablock import BYTES_PER_BLOCK, FILES_PER_BLOCK


@attrs.frozen(kw_only=True)
class BlockLimits:
    """How many files one request registers at most.

    Attributes
    ----------
    files_per_block:
        The most files.
    bytes_per_block:
        The largest body, in bytes; servers refuse more than 16 MiB by default.

    Examples
    --------
    >>> BlockLimits(files_per_block=1_000).bytes_per_block
    8388608
    """

    files_per_block: int = attrs.field(default=FILES_PER_BLOCK, validator=attrs.validators.ge(1))
    bytes_per_block: int = attrs.field(default=BYTES_PER_BLOCK, validator=attrs.validators.ge(1))
