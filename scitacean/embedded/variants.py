"""How server versions differ from the newest one, each difference under a name."""

from __future__ import annotations

from attrs import evolve, frozen

from ..errors import ConfigurationError


@frozen
class Variant:
    """A version of the server.

    Parameters
    ----------
    name:
        What to ask for it by.
    missing_paths:
        Paths that it does not have: 404.
    unknown_fields:
        Fields by schema that it does not know: 400 ``property .. should not exist``.
    old_relationships:
        Relationships of datasets are ``{pid, relationship}``.
    patch_zeroes_sizes:
        A PATCH of a dataset through v4 sets the sizes and counts to zero that it does not send.
    sums_of_blocks:
        The size of a dataset is the sum of its blocks. Else blocks are added to what it was made
        with.
    only_admins_attach:
        Attachments can only be made through v4 by administrators.
    """

    name: str
    missing_paths: frozenset[str] = frozenset()
    unknown_fields: tuple[tuple[str, str], ...] = ()
    old_relationships: bool = False
    patch_zeroes_sizes: bool = False
    sums_of_blocks: bool = False
    only_admins_attach: bool = False


_EVENTS = frozenset({f"/api/v3/events/{name}" for name in ("connections", "stream", "ticket")})
_KEYWORDS = (("CreateProposalDto", "keywords"), ("PartialUpdateProposalDto", "keywords"))
_NEWEST = Variant("5.3")
_5_2 = Variant(
    "5.2",
    missing_paths=_EVENTS,
    unknown_fields=_KEYWORDS,
    patch_zeroes_sizes=True,
    sums_of_blocks=True,
)
_4_27 = evolve(
    _5_2,
    name="4.27",
    missing_paths=_EVENTS
    | {
        "/api/v3/auth/oidc/token",
        "/api/v4/origdatablocks/files/count",
        "/api/v4/origdatablocks/public/files/count",
    },
    unknown_fields=(
        *_KEYWORDS,
        ("CreateInstrumentDto", "pid"),
        ("CreateSampleDto", "sampleName"),
        ("PartialUpdateSampleDto", "sampleName"),
    ),
    old_relationships=True,
    only_admins_attach=True,
)

VARIANTS = {variant.name: variant for variant in (_NEWEST, _5_2, _4_27)}
"""The versions by name, the newest first."""

NEWEST = _NEWEST


def variant(name: str | None) -> Variant:
    """Find a version by its name; None: the newest.

    Raises
    ------
    ConfigurationError
        If there is no such version.

    Examples
    --------
    >>> variant("4.27").only_admins_attach
    True
    """
    if name is None:
        return NEWEST
    try:
        return VARIANTS[name]
    except KeyError:
        raise ConfigurationError(
            f"The embedded catalogue cannot behave like server {name!r}.",
            hint=f"Give one of: {', '.join(VARIANTS)}.",
        ) from None
