"""The bucket of results. An object appears whole or not at all; one that was not finished goes by the bucket's lifecycle."""

import hashlib
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from ..domain.errors import TooLarge

LINK_SECONDS: Final = 3600
_MISSING: Final = ("NoSuchKey", "AccessDenied", "404", "403")
"""S3 denies access to what is not there to those who may not list the bucket, as no function may."""
PART_BYTES: Final = 8 * 1024 * 1024
"""Of an object that is uploaded in parts. S3 takes 10,000 parts of at least 5 MB."""


class Objects:
    """An S3 client and the bucket."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes) -> None:
        """Write an object."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)

    def read(self, key: str, start: int, end: int) -> bytes:
        """The bytes `start <= n < end` of an object that has them."""
        answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end - 1}")
        found: bytes = answer["Body"].read()
        return found

    def whole(self, key: str, most: int) -> bytes | None:
        """An object, or None if there is none. Raises `TooLarge` for one of more than `most` bytes."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise
        if int(answer["ContentLength"]) > most:
            raise TooLarge(f"the file has {answer['ContentLength']} bytes; {most} are accepted")
        found: bytes = answer["Body"].read()
        return found

    def upload_link(self, key: str) -> str:
        """A link to which anybody can PUT the object for an hour. Made here, without a request."""
        return str(self._client.generate_presigned_url("put_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=LINK_SECONDS))

    def link(self, key: str, name: str) -> str:
        """A link by which anybody can download the object under a name for an hour. Made here, without a request."""
        asked = {"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": f'attachment; filename="{name}"'}
        return str(self._client.generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_SECONDS))

    def writer(self, key: str) -> "ObjectWriter":
        """Writes a large object, part by part."""
        return ObjectWriter(self._client, {"Bucket": self._bucket, "Key": key})


class ObjectWriter:
    """Writes an object in parts, in bounded memory, within a `with`. It knows the size and the SHA-256 of what was written."""

    def __init__(self, client: Any, named: dict[str, str]) -> None:
        self._client, self._named = client, named
        self._digest = hashlib.sha256()
        self._kept = bytearray()
        self._upload: dict[str, str] = {}
        self._parts: list[dict[str, Any]] = []
        self.size = 0

    @property
    def sha256(self) -> str:
        """In hexadecimal."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Append to the object."""
        self._digest.update(data)
        self.size += len(data)
        self._kept += data
        if len(self._kept) >= PART_BYTES:
            self._send_part()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self._abort()
        elif self._upload:
            self._send_part()
            self._client.complete_multipart_upload(**self._upload, MultipartUpload={"Parts": self._parts})
        else:
            self._client.put_object(**self._named, Body=bytes(self._kept))

    def _send_part(self) -> None:
        if not self._kept:
            return
        if not self._upload:
            made = self._client.create_multipart_upload(**self._named)
            self._upload = {**self._named, "UploadId": made["UploadId"]}
        number = len(self._parts) + 1
        answer = self._client.upload_part(**self._upload, PartNumber=number, Body=bytes(self._kept))
        self._parts.append({"ETag": answer["ETag"], "PartNumber": number})
        self._kept.clear()

    def _abort(self) -> None:
        """Give up the parts. If that fails too, the bucket's lifecycle does it."""
        if self._upload:
            with suppress(ClientError, BotoCoreError):
                self._client.abort_multipart_upload(**self._upload)
