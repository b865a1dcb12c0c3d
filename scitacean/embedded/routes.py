"""Which handler answers which operation of the interface."""

from __future__ import annotations

from . import attachments, datasets, files, samples, sign_in
from .calls import Route

_LOGIN = Route(sign_in.login, anonymous=None)

ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/api/v3/auth/login"): _LOGIN,
    ("POST", "/api/v3/auth/ldap"): _LOGIN,
    ("POST", "/api/v3/auth/logout"): Route(sign_in.logout, anonymous=None),
    ("GET", "/api/v3/auth/whoami"): Route(sign_in.whoami, anonymous=None),
    ("GET", "/api/v3/users/my/self"): Route(sign_in.my_self, anonymous=401),
    ("GET", "/api/v3/users/my/identity"): Route(sign_in.my_identity, anonymous=401),
    ("GET", "/api/v3/health"): Route(sign_in.health, anonymous=None),
    ("POST", "/api/v4/datasets"): Route(datasets.create, "CreateDatasetDto", writes=True),
    ("POST", "/api/v4/datasets/isValid"): Route(datasets.is_valid),
    ("GET", "/api/v4/datasets"): Route(datasets.find),
    ("GET", "/api/v4/datasets/findOne"): Route(datasets.find_one),
    ("GET", "/api/v4/datasets/count"): Route(datasets.count),
    ("GET", "/api/v4/datasets/public"): Route(datasets.find_public, anonymous=None),
    ("GET", "/api/v4/datasets/public/findOne"): Route(datasets.find_one_public, anonymous=None),
    ("GET", "/api/v4/datasets/public/count"): Route(datasets.count_public, anonymous=None),
    ("GET", "/api/v4/datasets/public/{pid}"): Route(datasets.get_public, anonymous=None),
    ("GET", "/api/v4/datasets/{pid}"): Route(datasets.get),
    ("PATCH", "/api/v4/datasets/{pid}"): Route(datasets.patch, "PartialUpdateDatasetDto", writes=True),
    ("PUT", "/api/v4/datasets/{pid}"): Route(datasets.put, "UpdateDatasetDto", writes=True),
    ("DELETE", "/api/v4/datasets/{pid}"): Route(datasets.delete, writes=True),
    ("GET", "/api/v4/datasets/{pid}/datasetlifecycle"): Route(datasets.get_lifecycle),
    ("PATCH", "/api/v4/datasets/{pid}/datasetlifecycle"): Route(
        datasets.patch_lifecycle, "PartialUpdateDatasetLifecycleDto", writes=True
    ),
    ("POST", "/api/v4/origdatablocks"): Route(files.create, "CreateOrigDatablockDto", writes=True),
    ("POST", "/api/v4/origdatablocks/isValid"): Route(files.is_valid),
    ("GET", "/api/v4/origdatablocks"): Route(files.find),
    ("GET", "/api/v4/origdatablocks/files"): Route(files.files),
    ("GET", "/api/v4/origdatablocks/files/count"): Route(files.count_files),
    ("GET", "/api/v4/origdatablocks/public"): Route(files.find_public, anonymous=None),
    ("GET", "/api/v4/origdatablocks/public/files"): Route(files.files_public, anonymous=None),
    ("GET", "/api/v4/origdatablocks/public/files/count"): Route(files.count_files_public, anonymous=None),
    ("GET", "/api/v4/origdatablocks/public/{id}"): Route(files.get_public, anonymous=None),
    ("GET", "/api/v4/origdatablocks/{id}"): Route(files.get),
    ("PATCH", "/api/v4/origdatablocks/{id}"): Route(
        files.patch, "PartialUpdateOrigDatablockDto", writes=True
    ),
    ("DELETE", "/api/v4/origdatablocks/{id}"): Route(files.delete, writes=True),
    ("GET", "/api/v3/datasets/{pid}/origdatablocks"): Route(files.of_dataset, anonymous=None),
    ("POST", "/api/v4/attachments"): Route(attachments.create, "CreateAttachmentV4Dto", writes=True),
    ("POST", "/api/v4/attachments/isValid"): Route(attachments.is_valid),
    ("GET", "/api/v4/attachments"): Route(attachments.find),
    ("GET", "/api/v4/attachments/public"): Route(attachments.find_public, anonymous=None),
    ("GET", "/api/v4/attachments/{aid}"): Route(attachments.get),
    ("POST", "/api/v3/datasets/{pid}/attachments"): Route(
        attachments.create_for_dataset, "CreateAttachmentV3Dto", writes=True
    ),
    ("GET", "/api/v3/datasets/{pid}/attachments"): Route(attachments.of_dataset, anonymous=None),
    ("DELETE", "/api/v3/datasets/{pid}/attachments/{aid}"): Route(attachments.delete_of_dataset, writes=True),
    ("GET", "/api/v3/datasets/{pid}/thumbnail"): Route(attachments.thumbnail, anonymous=None),
    ("POST", "/api/v3/samples"): Route(samples.create, "CreateSampleDto", 401, writes=True),
    ("GET", "/api/v3/samples"): Route(samples.find, anonymous=None),
    ("GET", "/api/v3/samples/{id}"): Route(samples.get, anonymous=None),
    ("PATCH", "/api/v3/samples/{id}"): Route(samples.patch, "PartialUpdateSampleDto", 401, writes=True),
    ("DELETE", "/api/v3/samples/{id}"): Route(samples.delete, anonymous=401, writes=True),
}
