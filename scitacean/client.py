"""The client that people use: a thin facade over catalogue, transfer and workflow."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack, overload

from scitacean.catalogue.auth import Session
from scitacean.catalogue.http import ConnectionOptions, hidden_options
from scitacean.catalogue.report import problems_of_entry, reported
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.catalogue.sign_in import hidden
from scitacean.credentials import SecretStr, StrStorage
from scitacean.display.notebook import in_notebook
from scitacean.errors import ConfigurationError
from scitacean.model.attachment import Attachment
from scitacean.model.dataset import Dataset
from scitacean.model.orig_datablock import BYTES_PER_BLOCK, FILES_PER_BLOCK
from scitacean.model.pid import PID
from scitacean.model.sample import Sample
from scitacean.transfer.copy import CopyFileTransfer
from scitacean.transfer.protocol import FileTransfer
from scitacean.workflow.attachment_files import write_attachments
from scitacean.workflow.block_limits import BlockLimits
from scitacean.workflow.download import download_files
from scitacean.workflow.get import get_dataset, get_datasets
from scitacean.workflow.select import FileSelector
from scitacean.workflow.undo import discard_upload
from scitacean.workflow.unfinished import UnfinishedUpload, unfinished_uploads
from scitacean.workflow.upload import resume_upload, upload_new_dataset
from scitacean.workflow.upload_many import UploadOutcome, upload_many
from scitacean.workflow.upload_plan import UploadPlan, plan_upload

if TYPE_CHECKING:
    from scitacean.workflow.existing import Existing
    from scitacean.workflow.progress import OnProgress


class Client:
    """Moves datasets, metadata and files, into and out of one catalogue.

    Make one with :meth:`from_credentials`, :meth:`from_token`, :meth:`without_login` or :meth:`local`,
    and close it, or use it in a ``with`` statement.

    Several threads may use one client. For other processes it can be pickled, where its secrets are given
    as what names their source: :class:`~scitacean.credentials.EnvironmentSecret`,
    :class:`~scitacean.credentials.FileSecret` or :class:`~scitacean.credentials.CallbackSecret`. It signs in
    again where it lands. A client of :meth:`local` takes the path of its folder along.

    Parameters
    ----------
    client:
        Talks to the catalogue.
    file_transfer:
        Moves files; None where only metadata is wanted.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> with Client.local("my-catalogue") as client:
    ...     dataset = Dataset(
    ...         type="raw", name="Run 7", owner_group="me", owner="Ada Example",
    ...         contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
    ...         source_folder="/data/run-7",
    ...     )
    ...     uploaded = client.upload_new_dataset_now(dataset)
    ...     client.get_dataset(uploaded.pid).name
    'Run 7'
    """

    def __init__(self, *, client: ScicatClient, file_transfer: FileTransfer | None) -> None:
        self._client = client
        self._file_transfer = file_transfer
        self._folder: Path | None = None
        self._owned = ExitStack()
        self._owned.callback(client.close)
        if (close := getattr(file_transfer, "close", None)) is not None:
            self._owned.callback(close)

    @classmethod
    def from_credentials(
        cls,
        *,
        url: str,
        username: str | StrStorage,
        password: str | StrStorage,
        file_transfer: FileTransfer | None = None,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Sign in with user name and password.

        The client signs in again by itself when its session has expired.

        Parameters
        ----------
        url:
            URL of the catalogue, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        username, password:
            As text or as a storage that is asked when they are needed.
        file_transfer:
            Moves files; None where only metadata is wanted.
        allow_http:
            Whether secrets may go over plain http to other machines.
        **options:
            ``timeout``, ``retry_for``, ``verify``, ``cert``, ``proxy``, ``transport``: see
            :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        LoginError
            If the catalogue does not know the user with that password.
        ScicatCommError
            If the catalogue cannot be reached.
        ConfigurationError
            If the URL is none or plain http.

        Examples
        --------
        >>> from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
        >>> accounts = Accounts.single(username="me", password="secret")
        >>> with EmbeddedCatalogue(accounts=accounts) as catalogue, serve(catalogue) as server:
        ...     with Client.from_credentials(url=server.url, username="me", password="secret") as client:
        ...         client.upload_new_sample_now(Sample(owner_group="me", sample_name="Rod")).created_by
        'me'
        """
        password, options = hidden(password), hidden_options(options)
        scicat = ScicatClient.from_credentials(url, username, password, allow_http=allow_http, **options)
        return cls(client=scicat, file_transfer=file_transfer)

    @classmethod
    def from_token(
        cls,
        *,
        url: str,
        token: str | StrStorage,
        file_transfer: FileTransfer | None = None,
        renew: StrStorage | Callable[[], str] | None = None,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Use a token. The catalogue is first asked when something is wanted of it.

        Parameters
        ----------
        url:
            URL of the catalogue, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        token:
            As text or as a storage that is asked when it is needed.
        file_transfer:
            Moves files; None where only metadata is wanted.
        renew:
            Asked for a new token when the present one is about to end, or the catalogue refuses it: a
            function or a storage. Without it, work that takes longer than the token lasts is not begun.
        allow_http:
            Whether secrets may go over plain http to other machines.
        **options:
            ``timeout``, ``retry_for``, ``verify``, ``cert``, ``proxy``, ``transport``: see
            :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        ConfigurationError
            If the URL is none or plain http.

        Examples
        --------
        >>> with Client.from_token(url="https://scicat.site.example", token="eyJhbGciOiJIUzI1NiJ9") as client:
        ...     client.scicat.is_authenticated
        True
        """
        token, options = hidden(token), hidden_options(options)
        scicat = ScicatClient.from_token(url, token, renew=renew, allow_http=allow_http, **options)
        return cls(client=scicat, file_transfer=file_transfer)

    @classmethod
    def without_login(
        cls,
        *,
        url: str,
        file_transfer: FileTransfer | None = None,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Read public data. The catalogue is first asked when something is wanted of it.

        Parameters
        ----------
        url:
            URL of the catalogue, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        file_transfer:
            Moves files; None where only metadata is wanted.
        allow_http:
            Whether questions may go over plain http to other machines.
        **options:
            ``timeout``, ``retry_for``, ``verify``, ``cert``, ``proxy``, ``transport``: see
            :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        ConfigurationError
            If the URL is none or plain http.

        Examples
        --------
        >>> with Client.without_login(url="https://scicat.site.example") as client:
        ...     client.scicat.is_authenticated
        False
        """
        options = hidden_options(options)
        scicat = ScicatClient.without_login(url, allow_http=allow_http, **options)
        return cls(client=scicat, file_transfer=file_transfer)

    @classmethod
    def local(cls, path: str | os.PathLike[str]) -> Self:
        """Use a catalogue of one's own, kept in a folder with the files beside it.

        One is signed in as ``me``, member of the group ``me``, and may do everything.

        Parameters
        ----------
        path:
            The folder; made where it is not there.

        Raises
        ------
        ConfigurationError
            If the folder cannot be used: it is a file, or was made by a newer version.

        Examples
        --------
        >>> with Client.local("my-catalogue") as client:
        ...     client.upload_new_sample_now(Sample(owner_group="me", sample_name="Rod")).created_by
        'me'
        """
        # The server in small is loaded by those only who want it: its imports take longer than all others.
        from httpx import WSGITransport

        from scitacean.embedded import Accounts, EmbeddedCatalogue

        folder = Path(path).expanduser().absolute()
        catalogue = EmbeddedCatalogue(folder / "catalogue", accounts=Accounts.single())
        # Each folder is a catalogue of its own: journals tell by the URL where an upload goes.
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
        scicat = ScicatClient(
            f"http://{name}.localhost",
            allow_http=True,
            auth=Session(renew=lambda: SecretStr(catalogue.token_for("me"))),
            transport=WSGITransport(app=catalogue.wsgi),
        )
        files = folder.as_posix().replace("{", "{{").replace("}", "}}")
        client = cls(client=scicat, file_transfer=CopyFileTransfer(source_folder=f"{files}/files/{{uid}}"))
        client._owned.callback(catalogue.close)
        client._folder = folder
        return client

    @property
    def file_transfer(self) -> FileTransfer | None:
        """Moves files."""
        return self._file_transfer

    @property
    def scicat(self) -> ScicatClient:
        """The low-level client, for what this one does not have: see :class:`ScicatClient`."""
        return self._client

    def close(self) -> None:
        """Close the connections, those of the file transfer too; the end of a ``with`` statement does so too.

        Examples
        --------
        >>> client = Client.local("my-catalogue")
        >>> client.close()
        """
        self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        # Catalogue and transfer say what they take along: never a secret, only where it comes from.
        if self._folder is not None:
            return type(self).local, (self._folder,)
        return _rebuilt, (type(self), self._client, self._file_transfer)

    @overload
    def get_dataset(  # type: ignore[overload-overlap]  # a text is an iterable of texts too; this one is first
        self, pid: str | PID, strict_validation: bool = False, attachments: bool = False
    ) -> Dataset: ...

    @overload
    def get_dataset(
        self, pid: Iterable[str | PID], strict_validation: bool = False, attachments: bool = False
    ) -> list[Dataset]: ...

    def get_dataset(
        self, pid: str | PID | Iterable[str | PID], strict_validation: bool = False, attachments: bool = False
    ) -> Dataset | list[Dataset]:
        """Get a dataset with all its files' metadata, but not the files; or several of them.

        Parameters
        ----------
        pid:
            Identifier, with its prefix. A list of them gets that many datasets, several at a time.
        strict_validation:
            Whether it is an error if the catalogue's answer has odd fields. Otherwise they keep the odd
            values, and a warning is logged.
        attachments:
            Whether to get attachments too; otherwise they are None.

        Returns
        -------
        :
            The dataset; its files are not on this machine. For a list of identifiers the list of datasets,
            in the same order; where some of them cannot be got, the error of the first one that cannot.

        Raises
        ------
        NotFoundError
            If there is no such dataset.
        ForbiddenError
            If one may not see it.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.
        ScicatCommError
            If there is no proper answer.
        ValueError
            If the text is no PID.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> dataset = Dataset(
        ...     type="raw", name="Run 7", owner_group="me", owner="Ada Example",
        ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        ...     source_folder="/data/run-7",
        ... )
        >>> with Client.local("my-catalogue") as client:
        ...     pid = client.upload_new_dataset_now(dataset).pid
        ...     client.get_dataset(pid, attachments=True).attachments
        ...     [found.name for found in client.get_dataset([pid, pid])]
        []
        ['Run 7', 'Run 7']
        """
        if isinstance(pid, str | PID):
            return get_dataset(self._client, pid, strict=strict_validation, attachments=attachments)
        return get_datasets(self._client, pid, strict=strict_validation, attachments=attachments)

    def download_attachments_for(self, target: Dataset) -> Dataset:
        """Return a copy of a dataset with its attachments as the catalogue has them.

        Parameters
        ----------
        target:
            A dataset of the catalogue; it is not changed.

        Returns
        -------
        :
            The copy.

        Raises
        ------
        ValueError
            If the dataset is not from the catalogue: it has no PID.
        ScicatCommError
            If there is no proper answer.

        Warns
        -----
        UserWarning
            If the dataset has attachments already, which get lost in the copy.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> dataset = Dataset(
        ...     type="raw", name="Run 7", owner_group="me", owner="Ada Example",
        ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        ...     source_folder="/data/run-7",
        ... )
        >>> dataset.add_attachment(caption="The rod")
        >>> with Client.local("my-catalogue") as client:
        ...     pid = client.upload_new_dataset_now(dataset).pid
        ...     found = client.download_attachments_for(client.get_dataset(pid))
        >>> [attachment.caption for attachment in found.attachments]
        ['The rod']
        """
        if target.pid is None:
            raise ValueError("The dataset has no PID, so the catalogue cannot have attachments of it.")
        if target.attachments:
            warnings.warn(
                "The dataset has attachments already; they are replaced by those of the catalogue.",
                UserWarning,
                stacklevel=2,
            )
        models = self._client.get_attachment_models(target.pid)
        return target.replace(attachments=[Attachment.from_download_model(model) for model in models])

    def download_attachment_files(self, dataset: Dataset, *, target: str | Path) -> list[Path]:
        """Write the pictures of a dataset's attachments to files that are named by their captions.

        No file is overwritten: where there is one with other content, the name gets a number.

        Parameters
        ----------
        dataset:
            A dataset of the catalogue; its attachments are asked for where they are None.
        target:
            The folder; made where it is not there and there are pictures.

        Returns
        -------
        :
            The files, in the order of the attachments that have a picture.

        Raises
        ------
        ConfigurationError
            If the target is a file.
        FileNotAccessibleError
            If the files cannot be written.
        ValueError
            If the dataset has neither attachments nor a PID.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> from scitacean import Thumbnail
        >>> drawing = Thumbnail("image/svg+xml", b"<svg></svg>")
        >>> dataset = Dataset(type="raw", attachments=[Attachment(caption="The rod", thumbnail=drawing)])
        >>> with Client.local("my-catalogue") as client:
        ...     [path] = client.download_attachment_files(dataset, target="pictures")
        >>> path.as_posix()
        'pictures/The_rod.svg'
        """
        if dataset.attachments is None:
            dataset = self.download_attachments_for(dataset)
        return write_attachments(dataset.attachments or (), Path(target).expanduser())

    def download_files(
        self,
        dataset: Dataset,
        *,
        target: str | Path,
        select: FileSelector = True,
        checksum_algorithm: str | None = None,
        force: bool = False,
        flatten: bool = False,
        existing: Existing | None = None,
        on_progress: OnProgress | None = None,
        progress: bool | None = None,
    ) -> Dataset:
        r"""Download files of a dataset into a folder, and check every byte.

        A final name never shows partial content. What an interrupted download left is used by the next one.
        Two downloads into one folder wait for each other.

        Parameters
        ----------
        dataset:
            The dataset.
        target:
            The folder; made where it is not there.
        select:
            True or False for all or none; a remote path, or a list or tuple of them; a pattern that is
            searched in remote paths; or a function of a :class:`scitacean.File`.
        checksum_algorithm:
            Replaces the algorithm that the catalogue says.
        force:
            Another way to say ``existing="overwrite"``.
        flatten:
            Whether to leave out the folders of the dataset, where no two files have one name.
        existing:
            What to do about files that are there: ``"refresh"``, which is the default, downloads those that
            do not have the size and checksum of the catalogue; ``"skip"`` leaves all as they are, unchecked;
            ``"overwrite"`` downloads all again; ``"error"`` refuses to do anything.
        on_progress:
            Called with :class:`scitacean.workflow.progress.Progress`.
        progress:
            Whether to show a bar where there is no ``on_progress``; by default in notebooks only.

        Returns
        -------
        :
            A copy of the dataset whose downloaded files have a local path.

        Raises
        ------
        IntegrityError
            If files do not have the size or checksum that the catalogue has; all others are in place.
        FileNotAccessibleError
            If files or the file server cannot be reached, paths would lead out of the target, or there is too
            little space.
        ConfigurationError
            If there is no file transfer, the target is a file, or ``existing`` and ``force`` contradict each
            other.

        Examples
        --------
        >>> import re
        >>> with Client.local("my-catalogue") as client:
        ...     dataset = client.download_files(
        ...         Dataset(type="raw", source_folder="/data/run-7"),
        ...         target="./data",
        ...         select=re.compile(r"\.nxs$"),
        ...     )
        """
        return download_files(
            dataset,
            target=Path(target).expanduser(),
            transfer=self._needed_transfer(),
            select=select,
            checksum_algorithm=checksum_algorithm,
            flatten=flatten,
            existing=existing,
            force=force,
            on_progress=_observer(on_progress, progress),
        )

    def get_sample(self, sample_id: str, strict_validation: bool = False) -> Sample:
        """Get a sample.

        Parameters
        ----------
        sample_id:
            Identifier.
        strict_validation:
            Whether it is an error if the catalogue's answer has odd fields. Otherwise they keep the odd
            values, and a warning is logged.

        Raises
        ------
        NotFoundError
            If there is no such sample.
        ForbiddenError
            If one may not see it.
        ValidationError
            If the answer has odd fields, with ``strict_validation``.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> with Client.local("my-catalogue") as client:
        ...     uploaded = client.upload_new_sample_now(Sample(owner_group="me", sample_name="Rod"))
        ...     client.get_sample(uploaded.sample_id).sample_name
        'Rod'
        """
        with reported(f"get the sample {sample_id}", self._client.url, strict=strict_validation) as problems:
            sample = Sample.from_download_model(self._client.get_sample_model(sample_id))
            problems += problems_of_entry(sample, problems)
        return sample

    def upload_new_dataset_now(
        self,
        dataset: Dataset,
        *,
        on_progress: OnProgress | None = None,
        progress: bool | None = None,
        journal: str | Path | None = None,
        files_per_block: int = FILES_PER_BLOCK,
        bytes_per_block: int = BYTES_PER_BLOCK,
    ) -> Dataset:
        """Upload a dataset with its files and attachments as a new entry.

        Nothing that exists is overwritten. The files are sent first and checked on the far side, then the
        dataset is created, then its files and attachments are registered. If it stops half way, the same
        call goes on where it was, or :meth:`resume_upload`, or :meth:`discard_upload` undoes it.

        Parameters
        ----------
        dataset:
            The dataset.
        on_progress:
            Called with :class:`scitacean.workflow.progress.Progress`.
        progress:
            Whether to show a bar where there is no ``on_progress``; by default in notebooks only.
        journal:
            File that notes what is done until all is; by default one in the user's state folder.
        files_per_block, bytes_per_block:
            How many files one request registers at most, and its size in bytes.

        Returns
        -------
        :
            A copy of the dataset as the catalogue has it.

        Raises
        ------
        ValidationError
            If the dataset breaks rules of the catalogue; nothing was sent.
        ScicatCommError
            If the catalogue refuses the dataset; the files were removed again.
        TransferError
            If files cannot be sent; those sent were removed again.
        UploadInterrupted
            If it stopped half way: it says what is where, and how to go on.
        ConfigurationError
            If there are files but no file transfer, or no folder for them, or if the journal cannot be
            written.

        Examples
        --------
        >>> from datetime import UTC, datetime
        >>> dataset = Dataset(
        ...     type="raw", name="Run 7", owner_group="me", owner="Ada Example",
        ...     contact_email="ada@site.example", creation_time=datetime(2026, 3, 1, tzinfo=UTC),
        ... )
        >>> _ = Path("counts.csv").write_text("1,2,3")
        >>> dataset.add_local_files("counts.csv")
        >>> with Client.local("my-catalogue") as client:
        ...     uploaded = client.upload_new_dataset_now(dataset)
        >>> [str(file.remote_path) for file in uploaded.files], uploaded.created_by
        (['counts.csv'], 'me')
        """
        return upload_new_dataset(
            dataset,
            scicat=self._client,
            transfer=self._file_transfer,
            on_progress=_observer(on_progress, progress),
            journal=None if journal is None else Path(journal),
            limits=BlockLimits(files_per_block=files_per_block, bytes_per_block=bytes_per_block),
        )

    def upload_new_datasets_now(
        self, datasets: Iterable[Dataset], *, executor: Executor | None = None
    ) -> list[UploadOutcome]:
        """Upload many datasets side by side; what becomes of one does not stop the others.

        Ctrl-C stops all that run in threads, so that they can be gone on with.

        Parameters
        ----------
        datasets:
            The datasets.
        executor:
            Any :class:`concurrent.futures.Executor`; by default some threads. Those of other processes or
            machines get a copy of this client, which signs in there: it must say where secrets come from
            instead of holding them, see :mod:`scitacean.credentials`.

        Returns
        -------
        :
            For each dataset, in their order, what the catalogue has of it or the error.

        Raises
        ------
        TypeError
            If something is no dataset; nothing is uploaded.
        KeyboardInterrupt
            After Ctrl-C: its notes say what is where.

        Examples
        --------
        >>> with Client.local("my-catalogue") as client:
        ...     outcomes = client.upload_new_datasets_now([Dataset(type="raw")])
        >>> type(outcomes[0].error).__name__
        'ValidationError'
        """
        # Several bars at once would draw over each other.
        return upload_many(datasets, partial(self.upload_new_dataset_now, progress=False), executor)

    def plan_upload(self, dataset: Dataset, *, journal: str | Path | None = None) -> UploadPlan:
        """Find out what an upload would do, and all that would make it fail; nothing is sent.

        Where the same call would go on with an upload that was interrupted, it says so.

        Parameters
        ----------
        dataset:
            The dataset.
        journal:
            What :meth:`upload_new_dataset_now` would be given.

        Examples
        --------
        >>> with Client.local("my-catalogue") as client:
        ...     plan = client.plan_upload(Dataset(type="raw"))
        >>> len(plan.files), len(plan.problems) > 0
        (0, True)
        """
        return plan_upload(
            dataset,
            scicat=self._client,
            transfer=self._file_transfer,
            journal=None if journal is None else Path(journal),
        )

    def resume_upload(
        self,
        journal: str | Path,
        *,
        on_progress: OnProgress | None = None,
        progress: bool | None = None,
    ) -> Dataset:
        """Go on with an upload that was interrupted: nothing is sent or registered twice.

        Parameters
        ----------
        journal:
            The file that the error named; :meth:`unfinished_uploads` lists them.
        on_progress:
            Called with :class:`scitacean.workflow.progress.Progress`.
        progress:
            Whether to show a bar where there is no ``on_progress``; by default in notebooks only.

        Returns
        -------
        :
            The dataset as the catalogue has it.

        Raises
        ------
        ScicatCommError
            If the catalogue refuses the dataset; the files were removed again.
        UploadInterrupted
            If it stopped once more.
        ConfigurationError
            If it is no journal, its upload is running, or it is of another catalogue or file server.

        Examples
        --------
        >>> with Client.local("my-catalogue") as client:
        ...     for upload in client.unfinished_uploads():
        ...         client.resume_upload(upload.journal)
        """
        return resume_upload(
            Path(journal),
            scicat=self._client,
            transfer=self._file_transfer,
            on_progress=_observer(on_progress, progress),
        )

    def discard_upload(self, journal: str | Path) -> None:
        """Undo an upload that was interrupted: remove its dataset, its files and its journal.

        Parameters
        ----------
        journal:
            The file that the error named; :meth:`unfinished_uploads` lists them.

        Raises
        ------
        UploadInterrupted
            If something cannot be removed: it says what, and who can.
        ConfigurationError
            If it is no journal, its upload is running, or it is of another catalogue or file server.
        ScicatCommError, TransferError
            If a server cannot be reached.

        Examples
        --------
        >>> with Client.local("my-catalogue") as client:
        ...     for upload in client.unfinished_uploads():
        ...         client.discard_upload(upload.journal)
        """
        discard_upload(Path(journal), scicat=self._client, transfer=self._file_transfer)

    def unfinished_uploads(self) -> list[UnfinishedUpload]:
        """List uploads to this catalogue that were interrupted or are still running, the oldest first.

        Examples
        --------
        >>> with Client.local("my-catalogue") as client:
        ...     client.unfinished_uploads()
        []
        """
        return [upload for upload in unfinished_uploads() if upload.catalogue == self._client.url]

    def upload_new_sample_now(self, sample: Sample) -> Sample:
        """Upload a sample as a new entry.

        Parameters
        ----------
        sample:
            The sample; its id is ignored, the catalogue makes one.

        Returns
        -------
        :
            The sample as the catalogue has it.

        Raises
        ------
        ScicatCommError
            If the catalogue refuses it or there is no proper answer.
        ValidationError
            If the sample breaks rules of the catalogue; nothing was sent.

        Examples
        --------
        >>> with Client.local("my-catalogue") as client:
        ...     uploaded = client.upload_new_sample_now(Sample(owner_group="me", sample_name="Rod"))
        >>> uploaded.sample_name, uploaded.sample_id is None
        ('Rod', False)
        """
        created = self._client.create_sample_model(sample.replace(sample_id=None).make_upload_model())
        return Sample.from_download_model(created)

    def _needed_transfer(self) -> FileTransfer:
        if self._file_transfer is None:
            raise ConfigurationError(
                "The client has no file transfer, so it cannot move files.",
                hint="Make it with file_transfer=SSHFileTransfer(...), or give the command --host.",
            )
        return self._file_transfer


def _rebuilt(cls: type[Client], client: ScicatClient, file_transfer: FileTransfer | None) -> Client:
    return cls(client=client, file_transfer=file_transfer)


def _observer(on_progress: OnProgress | None, progress: bool | None) -> OnProgress | None:
    """Return who is told how it goes on: who is named, or a bar where one is wanted."""
    if on_progress is not None or not (in_notebook() if progress is None else progress):
        return on_progress
    from scitacean.display.progress import progress_bar

    return progress_bar()
