"""Datasets as v3 has them: one proposal, one sample, one instrument, one investigator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus

from attrs import evolve

from . import datasets, entries, schemas
from .answers import Answer, Document, bad_request, listed
from .bodies import parse
from .calls import Call
from .lists import ListQuery, parse_json, v3_query
from .queries import facet_parameters, facets_of, full_condition, json_parameter, page_of
from .relations import checked, with_relations

KIND = datasets.KIND
_ONE_FOR_LIST = {
    "proposalId": "proposalIds",
    "sampleId": "sampleIds",
    "instrumentId": "instrumentIds",
    "investigator": "principalInvestigators",
    "principalInvestigator": "principalInvestigators",
}
"""Fields of v3 that are the first of a list in v4."""

_LISTED = {"raw": ("proposalId", "sampleId", "instrumentId"), "derived": ("proposalId",)}
_DEEPEST = 30
_SCHEMAS = {"raw": "RawDatasetObsoleteDto", "derived": "DerivedDatasetObsoleteDto"}


def create(call: Call) -> Answer:
    """``POST /api/v3/datasets``; which fields it takes depends on the type."""
    body = schemas.check(_schema("Create", call.body.get("type")), call.body, call.site.variant)
    # Servers make lists of what was not sent as well.
    for one in _LISTED.get(str(body["type"]), ()):
        body.setdefault(one, None)
    made = datasets.made(call, _current(body), str(body.get("version", "3")))
    return Answer(_shown(made), status=HTTPStatus.CREATED)


def is_valid(call: Call) -> Answer:
    """``POST /api/v3/datasets/isValid``: tells whether, not why not."""
    return datasets.validity(call, _schema("Create", call.body.get("type")))


def get(call: Call) -> Answer:
    """``GET /api/v3/datasets/{pid}``."""
    query = _query(call)
    dataset = entries.readable(KIND, call)
    shown = {**_shown(query.shown(dataset)), **_included(call, dataset, query)}
    return Answer(shown if query.fields else {**shown, "history": []})


def find(call: Call) -> Answer:
    """``GET /api/v3/datasets``."""
    return listed(_found(call, _query(call)))


def find_one(call: Call) -> Answer:
    """``GET /api/v3/datasets/findOne``."""
    return Answer(next(_found(call, _query(call)), None))


def count(call: Call) -> Answer:
    """``GET /api/v3/datasets/count``."""
    condition = _query(call).condition & KIND.listed(call)
    return Answer({"count": call.transaction.count(datasets.DATASETS, condition)})


def full_query(call: Call) -> Answer:
    """``GET /api/v3/datasets/fullquery``."""
    fields = _renamed(json_parameter(call, "fields"))
    condition = full_condition(fields, KIND.output, KIND.rules(v3=True), KIND.metadata)
    page = page_of(json_parameter(call, "limits"))
    found = call.transaction.each(datasets.DATASETS, condition & KIND.queried(call, fields), page)
    return listed(map(_shown, found))


def full_facet(call: Call) -> Answer:
    """``GET /api/v3/datasets/fullfacet``."""
    fields, facets = facet_parameters(call)
    condition = full_condition(
        _renamed(fields), KIND.output, KIND.rules(v3=True), KIND.metadata
    ) & KIND.queried(call, fields)
    renamed = {_ONE_FOR_LIST.get(facet, facet): facet for facet in facets}
    (found,) = facets_of(call, datasets.DATASETS, condition, list(renamed), KIND.output)
    return Answer([{renamed.get(name, name): counts for name, counts in found.items()}])


def patch(call: Call) -> Answer:
    """``PATCH /api/v3/datasets/{pid}``."""
    dataset = entries.changeable(KIND, call)
    body = _checked(call, "PartialUpdate", dataset)
    datasets.check_quantities(dataset.get("scientificMetadata"), body.get("scientificMetadata"))
    changes = datasets.derived(_current(body))
    return Answer(_shown(entries.replaced(KIND, call, dataset, {**dataset, **changes})))


def put(call: Call) -> Answer:
    """``PUT /api/v3/datasets/{pid}``: what is not sent is dropped."""
    body = _checked(call, "Update", entries.changeable(KIND, call))
    return Answer(_shown(datasets.put_down(call, _current(body))))


def append(call: Call) -> Answer:
    """``POST /api/v3/datasets/{pid}/appendToArrayField``: what is there already stays single."""
    dataset = entries.changeable(KIND, call)
    name = call.text("fieldName") or ""
    more = parse((call.text("data") or "[]").encode())
    old = dataset.get(name)
    if not isinstance(old, list) or not isinstance(more, list):
        raise bad_request("fieldName should name a list, and data should be one")
    checked = schemas.check("PartialUpdateDatasetDto", {name: more}, call.site.variant)[name]
    values = list(old)
    values.extend(one for i, one in enumerate(checked) if one not in (*old, *checked[:i]))
    new = {**dataset, name: values}
    return Answer(_shown(entries.replaced(KIND, call, dataset, new)), status=HTTPStatus.CREATED)


def _schema(prefix: str, kind: object) -> str:
    return prefix + _SCHEMAS.get(kind if isinstance(kind, str) else "", "DatasetDto")


def _checked(call: Call, prefix: str, dataset: Document) -> Document:
    return schemas.check(_schema(prefix, dataset.get("type")), call.body, call.site.variant)


def _current(body: Document) -> Document:
    """Write a body of v3 with the fields of v4."""
    result = {name: value for name, value in body.items() if name not in _ONE_FOR_LIST and name != "version"}
    for one, several in _ONE_FOR_LIST.items():
        if one in body:
            result[several] = [body[one]]
    return result


def _shown(dataset: Document) -> Document:
    """Write a dataset with the fields of v3 beside those of v4."""
    shown = dict(dataset)
    for one, several in _ONE_FOR_LIST.items():
        if one != "investigator" and dataset.get(several):
            shown[one] = dataset[several][0]
    if dataset.get("type") == "derived" and "principalInvestigator" in shown:
        shown["investigator"] = shown["principalInvestigator"]
    return shown


def _renamed(fields: object, depth: int = 0) -> Document:
    """Write a condition on fields of v3 with those of v4."""
    if not isinstance(fields, dict):
        raise bad_request("where should be an object")
    if depth > _DEEPEST:
        raise bad_request("where is nested too deeply")
    result: Document = {}
    for key, value in fields.items():
        name = str(key)
        inner = name.startswith("$") and isinstance(value, list)
        result[_ONE_FOR_LIST.get(name, name)] = (
            [_renamed(one, depth + 1) for one in value] if inner else value
        )
    return result


def _query(call: Call) -> ListQuery:
    filter_ = parse_json(call.text("filter") or "{}", "filter")
    if filter_.get("where") is not None:
        filter_["where"] = _renamed(filter_["where"])
    fields = filter_.get("fields")
    if isinstance(fields, list):
        filter_["fields"] = [
            _ONE_FOR_LIST.get(name, name) if isinstance(name, str) else name for name in fields
        ]
    relations = filter_.pop("include", None) or []
    if not isinstance(relations, list):
        raise bad_request("include should be a list")
    names = [one.get("relation") if isinstance(one, dict) else one for one in relations]
    query = v3_query(json.dumps(filter_), KIND.rules(v3=True))
    return evolve(query, include=checked(str(name) for name in names))


def _found(call: Call, query: ListQuery) -> Iterator[Document]:
    found = call.transaction.each(datasets.DATASETS, query.condition & KIND.listed(call), query.page)
    return ({**_shown(query.shown(dataset)), **_included(call, dataset, query)} for dataset in found)


def _included(call: Call, dataset: Document, query: ListQuery) -> Document:
    related = with_relations(call, dataset, query.include)
    return {name: related[name] for name in query.include}
