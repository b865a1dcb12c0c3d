"""Which handler answers which operation of the interface."""

from __future__ import annotations

from functools import partial

from . import (
    attachments,
    datasets,
    datasets_v3,
    entries,
    files,
    jobs,
    kinds,
    metadata_keys,
    parts,
    published,
    rights,
    sign_in,
)
from .access import PUBLISHED
from .calls import Handler, Route
from .entries import Kind
from .parts import Part
from .rights import Rule

_Routes = dict[tuple[str, str], Route]
_LOGIN = Route(sign_in.login, anonymous=None)
_LOGOUT = Route(sign_in.logout, anonymous=None)


def _open(handler: Handler) -> Route:
    """Make a route that those who are not signed in may use as well."""
    return Route(handler, anonymous=None)


def _changing(
    handler: Handler, body: str | None = None, anonymous: int = 403, *, guard: Rule | None = None
) -> Route:
    return Route(handler, body, anonymous, writes=True, guard=guard)


_SIGN_IN: _Routes = {
    ("POST", "/api/v3/auth/login"): _LOGIN,
    ("POST", "/api/v3/auth/ldap"): _LOGIN,
    ("POST", "/api/v3/auth/msad"): _LOGIN,
    ("POST", "/api/v3/users/login"): _LOGIN,
    ("POST", "/api/v3/auth/logout"): _LOGOUT,
    ("POST", "/api/v3/users/logout"): _LOGOUT,
    ("GET", "/api/v3/auth/whoami"): _open(sign_in.whoami),
    ("GET", "/api/v3/users/my/self"): Route(sign_in.my_self, anonymous=401),
    ("GET", "/api/v3/users/my/identity"): Route(sign_in.my_identity, anonymous=401),
    ("GET", "/api/v3/users/my/settings"): Route(sign_in.my_settings, anonymous=401),
    ("GET", "/api/v3/health"): _open(sign_in.health),
}

_DATASETS: _Routes = {
    ("POST", "/api/v4/datasets"): _changing(
        datasets.create, "CreateDatasetDto", guard=rights.DATASETS.create
    ),
    ("POST", "/api/v4/datasets/isValid"): Route(datasets.is_valid),
    ("GET", "/api/v4/datasets"): Route(datasets.find),
    ("GET", "/api/v4/datasets/findOne"): Route(datasets.find_one),
    ("GET", "/api/v4/datasets/count"): Route(datasets.count),
    ("GET", "/api/v4/datasets/fullfacet"): Route(partial(entries.full_facet, datasets.KIND)),
    ("GET", "/api/v4/datasets/metadataKeys"): Route(partial(entries.metadata, datasets.KIND)),
    ("GET", "/api/v4/datasets/public"): _open(datasets.find_public),
    ("GET", "/api/v4/datasets/public/findOne"): _open(datasets.find_one_public),
    ("GET", "/api/v4/datasets/public/count"): _open(datasets.count_public),
    ("GET", "/api/v4/datasets/public/fullfacet"): _open(
        partial(entries.full_facet, datasets.KIND, seen=PUBLISHED)
    ),
    ("GET", "/api/v4/datasets/public/metadataKeys"): _open(
        partial(entries.metadata, datasets.KIND, seen=PUBLISHED)
    ),
    ("GET", "/api/v4/datasets/public/{pid}"): _open(datasets.get_public),
    ("GET", "/api/v4/datasets/{pid}"): Route(datasets.get),
    ("PATCH", "/api/v4/datasets/{pid}"): _changing(datasets.patch, "PartialUpdateDatasetDto"),
    ("PUT", "/api/v4/datasets/{pid}"): _changing(datasets.put, "UpdateDatasetDto"),
    ("DELETE", "/api/v4/datasets/{pid}"): _changing(datasets.delete, guard=rights.DATASETS.delete),
    ("GET", "/api/v4/datasets/{pid}/datasetlifecycle"): Route(datasets.get_lifecycle),
    ("PATCH", "/api/v4/datasets/{pid}/datasetlifecycle"): _changing(
        datasets.patch_lifecycle, "PartialUpdateDatasetLifecycleDto"
    ),
    ("GET", "/api/v4/metadatakeys"): _open(metadata_keys.find),
}

_DATASETS_V3: _Routes = {
    ("POST", "/api/v3/datasets"): _changing(datasets_v3.create, guard=rights.DATASETS.create),
    ("POST", "/api/v3/datasets/isValid"): Route(datasets_v3.is_valid),
    ("GET", "/api/v3/datasets"): _open(datasets_v3.find),
    ("GET", "/api/v3/datasets/findOne"): _open(datasets_v3.find_one),
    ("GET", "/api/v3/datasets/count"): _open(datasets_v3.count),
    ("GET", "/api/v3/datasets/fullquery"): _open(datasets_v3.full_query),
    ("GET", "/api/v3/datasets/fullfacet"): _open(datasets_v3.full_facet),
    ("GET", "/api/v3/datasets/metadataKeys"): _open(partial(entries.metadata, datasets.KIND)),
    ("GET", "/api/v3/datasets/{pid}"): _open(datasets_v3.get),
    ("PATCH", "/api/v3/datasets/{pid}"): _changing(datasets_v3.patch),
    ("PUT", "/api/v3/datasets/{pid}"): _changing(datasets_v3.put),
    ("DELETE", "/api/v3/datasets/{pid}"): _changing(datasets.delete, guard=rights.DATASETS.delete),
    ("POST", "/api/v3/datasets/{pid}/appendToArrayField"): _changing(datasets_v3.append),
    ("GET", "/api/v3/datasets/{pid}/thumbnail"): _open(parts.thumbnail),
    ("GET", "/api/v3/datasets/{pid}/datasetlifecycle"): _open(datasets.get_lifecycle),
    ("PATCH", "/api/v3/datasets/{pid}/datasetlifecycle"): _changing(
        datasets.patch_lifecycle, "PartialUpdateDatasetLifecycleDto"
    ),
}

_FILES: _Routes = {
    ("POST", "/api/v4/origdatablocks"): _changing(
        partial(files.create, files.BLOCKS), "CreateOrigDatablockDto"
    ),
    ("POST", "/api/v4/origdatablocks/isValid"): Route(files.is_valid),
    ("GET", "/api/v4/origdatablocks"): Route(partial(entries.find_v4, files.BLOCKS)),
    ("GET", "/api/v4/origdatablocks/files"): Route(files.files),
    ("GET", "/api/v4/origdatablocks/files/count"): Route(files.count_files),
    ("GET", "/api/v4/origdatablocks/fullfacet"): Route(partial(entries.full_facet, files.BLOCKS)),
    ("GET", "/api/v4/origdatablocks/public"): _open(partial(entries.find_v4, files.BLOCKS, seen=PUBLISHED)),
    ("GET", "/api/v4/origdatablocks/public/files"): _open(files.files_public),
    ("GET", "/api/v4/origdatablocks/public/files/count"): _open(files.count_files_public),
    ("GET", "/api/v4/origdatablocks/public/fullfacet"): _open(
        partial(entries.full_facet, files.BLOCKS, seen=PUBLISHED)
    ),
    ("GET", "/api/v4/origdatablocks/public/{id}"): _open(files.get_public),
    ("GET", "/api/v4/origdatablocks/{id}"): Route(files.get),
    ("PATCH", "/api/v4/origdatablocks/{id}"): _changing(files.patch, "PartialUpdateOrigDatablockDto"),
    ("DELETE", "/api/v4/origdatablocks/{id}"): _changing(
        partial(entries.delete, files.BLOCKS), guard=rights.BLOCKS.delete
    ),
    ("POST", "/api/v3/origdatablocks/isValid"): Route(partial(files.is_valid_v3, files.BLOCKS.body)),
    ("GET", "/api/v3/origdatablocks/fullquery"): _open(partial(entries.full_query, files.BLOCKS)),
    ("GET", "/api/v3/origdatablocks/fullquery/files"): _open(files.query_files),
    ("GET", "/api/v3/origdatablocks/fullfacet"): _open(partial(entries.full_facet, files.BLOCKS)),
    ("GET", "/api/v3/datablocks/count"): _open(partial(entries.count, files.DATABLOCKS)),
    ("POST", "/api/v3/datasets/{pid}/origdatablocks/isValid"): Route(
        partial(files.is_valid_v3, "CreateDatasetOrigDatablockDto")
    ),
}

_ATTACHMENTS: _Routes = {
    ("POST", "/api/v4/attachments"): _changing(
        attachments.create, "CreateAttachmentV4Dto", guard=rights.ATTACHMENTS.create
    ),
    ("POST", "/api/v4/attachments/isValid"): Route(partial(entries.is_valid, attachments.ATTACHMENTS)),
    ("GET", "/api/v4/attachments"): Route(partial(entries.find_v4, attachments.ATTACHMENTS)),
    ("GET", "/api/v4/attachments/public"): _open(
        partial(entries.find_v4, attachments.ATTACHMENTS, seen=PUBLISHED)
    ),
    ("GET", "/api/v4/attachments/{aid}"): Route(partial(entries.get, attachments.ATTACHMENTS)),
    ("PATCH", "/api/v4/attachments/{aid}"): _changing(attachments.patch, "PartialUpdateAttachmentV4Dto"),
    ("PUT", "/api/v4/attachments/{aid}"): _changing(attachments.put, "UpdateAttachmentV4Dto"),
    ("DELETE", "/api/v4/attachments/{aid}"): _changing(partial(entries.delete, attachments.ATTACHMENTS)),
    ("PUT", "/api/v3/datasets/{pid}/attachments/{aid}"): _changing(
        partial(parts.patch, parts.OF_DATASET), "UpdateAttachmentV3Dto"
    ),
    ("PATCH", "/api/v3/proposals/{pid}/attachments/{aid}"): _changing(
        partial(parts.patch, parts.OF_PROPOSAL), "PartialUpdateAttachmentV3Dto"
    ),
    ("GET", "/api/v3/samples/{id}/attachments/{fk}"): _open(partial(parts.get, parts.OF_SAMPLE)),
}

_JOBS: _Routes = {
    ("POST", "/api/v4/jobs"): _changing(jobs.create, "CreateJobDto", 401),
    ("GET", "/api/v4/jobs"): Route(jobs.find, anonymous=401),
    ("GET", "/api/v4/jobs/fullquery"): Route(jobs.full_query, anonymous=401),
    ("GET", "/api/v4/jobs/fullfacet"): Route(partial(entries.full_facet, jobs.JOBS), anonymous=401),
    ("GET", "/api/v4/jobs/datasetDetails"): Route(jobs.dataset_details, anonymous=401),
    ("GET", "/api/v4/jobs/{id}"): Route(jobs.get, anonymous=401),
    ("PATCH", "/api/v4/jobs/{id}"): _changing(jobs.patch, "UpdateJobDto", 401),
    ("DELETE", "/api/v4/jobs/{id}"): _changing(partial(entries.delete, jobs.JOBS), anonymous=401),
}

_PUBLISHED_DATA: _Routes = {
    ("POST", "/api/v4/publisheddata"): _changing(
        partial(entries.create, published.PUBLISHED_DATA, published.new), "CreatePublishedDataV4Dto"
    ),
    ("GET", "/api/v4/publisheddata"): _open(published.find),
    ("GET", "/api/v4/publisheddata/config"): _open(published.config),
    ("GET", "/api/v4/publisheddata/count"): _open(published.count),
    ("GET", "/api/v4/publisheddata/formpopulate"): Route(published.form_populate),
    ("GET", "/api/v4/publisheddata/{id}"): _open(published.get),
    ("PATCH", "/api/v4/publisheddata/{id}"): _changing(
        published.patch, "PartialUpdatePublishedDataV4Dto", 401
    ),
    ("DELETE", "/api/v4/publisheddata/{id}"): _changing(
        published.delete, anonymous=401, guard=rights.PUBLISHED_DATA.delete
    ),
    ("POST", "/api/v4/publisheddata/{id}/publish"): _changing(published.publish, anonymous=401),
    ("POST", "/api/v4/publisheddata/{id}/register"): _changing(published.register, anonymous=401),
    ("POST", "/api/v4/publisheddata/{id}/amend"): _changing(published.amend, anonymous=401),
    ("POST", "/api/v4/publisheddata/{id}/resync"): _changing(
        published.resync, "PartialUpdatePublishedDataV4Dto", 401
    ),
}

_OTHERS: _Routes = {
    ("GET", "/api/v3/samples/count"): _open(partial(entries.count_fields, kinds.SAMPLES)),
    ("GET", "/api/v3/samples/findOne"): _open(parts.find_sample),
    ("GET", "/api/v3/samples/fullquery"): _open(partial(entries.full_query, kinds.SAMPLES)),
    ("GET", "/api/v3/samples/metadataKeys"): _open(partial(entries.metadata, kinds.SAMPLES)),
    ("GET", "/api/v3/samples/{id}/authorization"): _open(partial(entries.authorization, kinds.SAMPLES)),
    ("GET", "/api/v3/samples/{id}/datasets"): _open(partial(parts.datasets_of, kinds.SAMPLES, "sampleIds")),
    ("POST", "/api/v3/proposals/isValid"): Route(kinds.proposal_is_valid, guard=rights.PROPOSALS.create),
    ("GET", "/api/v3/proposals"): _open(partial(entries.find_v3, kinds.PROPOSALS, parameter="filters")),
    ("GET", "/api/v3/proposals/count"): _open(partial(entries.count_fields, kinds.PROPOSALS)),
    ("GET", "/api/v3/proposals/fullquery"): _open(partial(entries.full_query, kinds.PROPOSALS)),
    ("GET", "/api/v3/proposals/fullfacet"): _open(partial(entries.full_facet, kinds.PROPOSALS)),
    ("GET", "/api/v3/proposals/{pid}/authorization"): _open(kinds.proposal_authorization),
    ("GET", "/api/v3/proposals/{pid}/datasets"): _open(
        partial(parts.datasets_of, kinds.PROPOSALS, "proposalIds")
    ),
    ("GET", "/api/v3/instruments/count"): _open(partial(entries.count, kinds.INSTRUMENTS)),
    ("GET", "/api/v3/instruments/findOne"): _open(partial(entries.find_one_v3, kinds.INSTRUMENTS)),
}


def _of_kind(
    kind: Kind, create: Handler, path: str, parameter: str, name: str, anonymous: int = 403
) -> _Routes:
    """Make the routes that all kinds of v3 have; ``name`` is that of their schemas."""
    one = f"{path}/{{{parameter}}}"
    return {
        ("POST", path): _changing(create, f"Create{name}Dto", anonymous, guard=kind.rights.create),
        ("GET", path): _open(partial(entries.find_v3, kind)),
        ("GET", one): _open(partial(entries.get, kind)),
        ("PATCH", one): _changing(
            partial(entries.patch, kind), f"PartialUpdate{name}Dto", anonymous, guard=kind.rights.change
        ),
        ("DELETE", one): _changing(
            partial(entries.delete, kind), anonymous=anonymous, guard=kind.rights.delete
        ),
    }


def _of_part(part: Part, path: str, body: str, anonymous: int = 403) -> _Routes:
    """Make the routes of what hangs from an entry; ``path`` is that of the list."""
    own = f"{path}/{{{part.parameters[1]}}}"
    return {
        ("POST", path): _changing(partial(parts.create, part), body, anonymous, guard=part.rights.create),
        ("GET", path): _open(partial(parts.find, part)),
        ("DELETE", own): _changing(
            partial(parts.delete, part), anonymous=anonymous, guard=part.rights.delete
        ),
    }


def _of_dataset(part: Part, path: str, body: str) -> _Routes:
    return {
        **_of_part(part, path, body),
        ("DELETE", path): _changing(partial(parts.delete_all, part), guard=part.rights.delete),
        ("GET", f"{path}/count"): _open(partial(parts.count, part)),
    }


_PARENT = "/api/v3/datasets/{pid}"
ROUTES: _Routes = {
    **_SIGN_IN,
    **_DATASETS,
    **_DATASETS_V3,
    **_of_kind(
        files.BLOCKS,
        partial(files.create, files.BLOCKS),
        "/api/v3/origdatablocks",
        "id",
        "OrigDatablock",
    ),
    **_of_kind(
        files.DATABLOCKS, partial(files.create, files.DATABLOCKS), "/api/v3/datablocks", "id", "Datablock"
    ),
    **_of_kind(
        kinds.SAMPLES,
        partial(entries.create, kinds.SAMPLES, kinds.new_sample),
        "/api/v3/samples",
        "id",
        "Sample",
        401,
    ),
    **_of_kind(
        kinds.PROPOSALS,
        partial(entries.create, kinds.PROPOSALS, kinds.new_proposal),
        "/api/v3/proposals",
        "pid",
        "Proposal",
    ),
    **_of_kind(
        kinds.INSTRUMENTS,
        partial(entries.create, kinds.INSTRUMENTS, kinds.new_instrument),
        "/api/v3/instruments",
        "id",
        "Instrument",
    ),
    **_of_dataset(parts.ORIGDATABLOCKS, f"{_PARENT}/origdatablocks", "CreateDatasetOrigDatablockDto"),
    **_of_dataset(parts.DATABLOCKS, f"{_PARENT}/datablocks", "CreateDatasetDatablockDto"),
    **_of_dataset(parts.OF_DATASET, f"{_PARENT}/attachments", "CreateAttachmentV3Dto"),
    **_of_part(parts.OF_PROPOSAL, "/api/v3/proposals/{pid}/attachments", "CreateAttachmentV3Dto"),
    **_of_part(parts.OF_SAMPLE, "/api/v3/samples/{id}/attachments", "CreateSubAttachmentV3Dto", 401),
    **_FILES,
    **_ATTACHMENTS,
    **_JOBS,
    **_PUBLISHED_DATA,
    **_OTHERS,
    ("PATCH", f"{_PARENT}/origdatablocks/{{oid}}"): _changing(
        partial(parts.patch, parts.ORIGDATABLOCKS), "UpdateOrigDatablockDto"
    ),
    ("PATCH", f"{_PARENT}/datablocks/{{did}}"): _changing(
        partial(parts.patch, parts.DATABLOCKS), "PartialUpdateDatablockDto"
    ),
    ("GET", "/api/v3/instruments/{id}"): _open(kinds.get_instrument),
}
"""Handlers by method and path, as the document writes it; a specific one comes after those of its kind."""
