"""Calls for what datasets have: blocks of files, and attachments."""

from __future__ import annotations

from functools import partial

from scicat_api.api.attachments_v4 import create_attachment as create_attachment_v4
from scicat_api.api.attachments_v4 import find_all as find_all_attachments
from scicat_api.api.attachments_v4 import find_all_public as find_all_public_attachments
from scicat_api.api.attachments_v4 import find_one_attachment_and_remove
from scicat_api.api.datasets import create_attachment
from scicat_api.api.origdatablocks_public_v4 import find_all_public as find_all_public_blocks
from scicat_api.api.origdatablocks_v4 import create as create_block
from scicat_api.api.origdatablocks_v4 import find_all as find_all_blocks
from scicat_api.api.origdatablocks_v4 import find_by_id_and_delete as delete_block
from scicat_api.models import (
    Attachment,
    CreateAttachmentV3Dto,
    CreateAttachmentV4Dto,
    CreateOrigDatablockDto,
    OutputAttachmentV4Dto,
    OutputOrigDatablockDto,
    PartialOutputOrigDatablockDto,
)
from scitacean.catalogue.connected import Connected
from scitacean.model.pid import PID


class FileCalls(Connected):
    """Reads and creates blocks of files and attachments."""

    def get_orig_datablock_models(
        self, pid: PID | str, *, strict_validation: bool = False
    ) -> list[PartialOutputOrigDatablockDto] | list[OutputOrigDatablockDto]:
        """Get all blocks of files of a dataset, whatever their number.

        Parameters
        ----------
        pid:
            Identifier of the dataset.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.get_orig_datablock_models("20.500.12345/no-such-dataset")
        []
        """
        what = f"get the files of the dataset {pid}"
        where = {"datasetId": str(pid)}
        if self.is_authenticated:
            return self._calls.get_all(
                what,
                lambda page: find_all_blocks.sync_detailed(client=self._calls.api, filter_=page),
                where,
                PartialOutputOrigDatablockDto,
                strict=strict_validation,
            )
        return self._calls.get_all(
            what,
            lambda page: find_all_public_blocks.sync_detailed(client=self._calls.api, filter_=page),
            where,
            OutputOrigDatablockDto,
            strict=strict_validation,
        )

    def create_orig_datablock(self, block: CreateOrigDatablockDto) -> OutputOrigDatablockDto:
        """Register files of a dataset.

        Parameters
        ----------
        block:
            What :meth:`scitacean.Dataset.make_datablock_upload_models` made.

        Raises
        ------
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> file = {"path": "a.dat", "size": 3, "time": "2026-03-01T12:00:00Z"}
        >>> block = {"datasetId": "no/such", "size": 3, "dataFileList": [file]}
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.create_orig_datablock(CreateOrigDatablockDto.from_dict(block))
        Traceback (most recent call last):
            ...
        scitacean.errors.NotFoundError: ...
        """
        return self._calls.get(
            f"register files of the dataset {block.dataset_id}",
            lambda: create_block.sync_detailed(client=self._calls.api, body=block),
            OutputOrigDatablockDto,
        )

    def get_attachment_models(
        self, pid: PID | str, *, strict_validation: bool = False
    ) -> list[OutputAttachmentV4Dto]:
        """Get all attachments of a dataset, whatever their number.

        Parameters
        ----------
        pid:
            Identifier of the dataset.
        strict_validation:
            Whether an answer with odd fields is an error.

        Raises
        ------
        ScicatCommError
            If there is no proper answer.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.get_attachment_models("20.500.12345/no-such-dataset")
        []
        """
        endpoint = (
            find_all_attachments.sync_detailed
            if self.is_authenticated
            else find_all_public_attachments.sync_detailed
        )
        return self._calls.get_all(
            f"get the attachments of the dataset {pid}",
            lambda page: endpoint(client=self._calls.api, filter_=page),
            {"relationships.targetId": str(pid), "relationships.targetType": "dataset"},
            OutputAttachmentV4Dto,
            strict=strict_validation,
        )

    def create_attachment_for_dataset(self, pid: PID | str, attachment: CreateAttachmentV3Dto) -> Attachment:
        """Attach a picture to a dataset; all servers let members of its group do that in this way.

        Parameters
        ----------
        pid:
            Identifier of the dataset.
        attachment:
            What :meth:`scitacean.Attachment.make_upload_model_for_dataset` made.

        Raises
        ------
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> picture = CreateAttachmentV3Dto(caption="The rod", owner_group="me")
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.create_attachment_for_dataset("no/such", picture)
        Traceback (most recent call last):
            ...
        scitacean.errors.NotFoundError: ...
        """
        return self._calls.get(
            f"create an attachment of the dataset {pid}",
            lambda: create_attachment.sync_detailed(str(pid), client=self._calls.api, body=attachment),
            Attachment,
        )

    def create_attachment(self, attachment: CreateAttachmentV4Dto) -> Attachment:
        """Create an attachment that says itself what it belongs to.

        Servers before 5.0 let only administrators do so; see :meth:`create_attachment_for_dataset`.

        Parameters
        ----------
        attachment:
            What :meth:`scitacean.Attachment.make_upload_model_with_target` made.

        Raises
        ------
        ScicatCommError
            If the server refuses it, or there is no proper answer.

        Examples
        --------
        >>> from scitacean import Attachment, Client
        >>> picture = Attachment(caption="The rod", owner_group="me")
        >>> with Client.local("my-catalogue") as client:
        ...     model = picture.make_upload_model_with_target(target_id="local/7", target_type="dataset")
        ...     client.scicat.create_attachment(model).caption
        'The rod'
        """
        return self._calls.get(
            "create the attachment",
            lambda: create_attachment_v4.sync_detailed(client=self._calls.api, body=attachment),
            Attachment,
        )

    def delete_files_and_attachments(self, pid: PID | str) -> None:
        """Delete the blocks of files and the attachments that a deleted dataset has left in the catalogue.

        Parameters
        ----------
        pid:
            Identifier of the dataset.

        Raises
        ------
        ForbiddenError
            If one may not; servers let only the group for that do so.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.delete_files_and_attachments("20.500.12345/no-such-dataset")
        """
        for block in self.get_orig_datablock_models(pid):
            self._calls.do(
                f"delete a block of files of {pid}",
                partial(delete_block.sync_detailed, str(block.field_id), client=self._calls.api),
            )
        for attachment in self.get_attachment_models(pid):
            self._calls.do(
                f"delete an attachment of {pid}",
                partial(
                    find_one_attachment_and_remove.sync_detailed,
                    str(attachment.aid),
                    client=self._calls.api,
                ),
            )
