"""A bucket of an S3 store as the place of files (对象存储): django-storages, and what our store asks of a place beside it."""

from datetime import datetime
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

_MISSING = {"NoSuchKey", "404"}
_BEYOND = {"InvalidRange", "416"}


class Bucket(S3Storage):
    """Sealed bytes as objects. What goes there is sealed and proves itself, so no checksum of the store's is asked for:
    many stores that speak S3 do not know the newer ones.
    """

    def __init__(self, **options: Any) -> None:
        config = Config(
            s3={"addressing_style": options.pop("addressing_style", None) or "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 3, "mode": "standard"},
        )
        # Names are random, so nothing is overwritten and nobody need be asked first whether one is taken.
        super().__init__(
            client_config=config, transfer_config=TransferConfig(use_threads=False), file_overwrite=True,
            default_acl=None, **options,
        )  # fmt: skip

    def read_part(self, name: str, start: int, size: int) -> bytes:
        """The bytes of an object, `size` of them (all when negative) from `start` on, in one request; of a film only what is played."""
        wanted = f"bytes={start}-{start + size - 1 if size >= 0 else ''}"
        whole = {} if start == 0 and size < 0 else {"Range": wanted}
        try:
            told = self.connection.meta.client.get_object(
                Bucket=self.bucket_name, Key=self._normalize_name(name), **whole
            )
            return bytes(told["Body"].read())
        except ClientError as error:
            if _code(error) in _BEYOND:
                return b""
            raise _as_of_a_folder(error, name) from error

    def get_modified_time(self, name: str) -> datetime:
        """When it was put there; FileNotFoundError where nothing lies, as of a folder."""
        try:
            return super().get_modified_time(name)  # type: ignore[no-any-return]
        except ClientError as error:
            raise _as_of_a_folder(error, name) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _as_of_a_folder(error: ClientError, name: str) -> Exception:
    return FileNotFoundError(name) if _code(error) in _MISSING else error
