"""An S3 for tests: in memory, deterministic, and exactly the shapes of request that `chalicelib.storage.objects` sends.

An object appears with the request that completes it, as on AWS. It refuses parts below 5 MB but for the last one, and ranges
that an object does not have. It counts requests, and the bytes that came and went.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

PART_BYTES_MIN = 5 * 1024 * 1024

Hook = Callable[[str, Callable[[], dict[str, Any]]], dict[str, Any]]
"""Carries out a request, named by its operation: calls its effect, or never, or fails afterwards."""


def _missing(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "NoSuchKey", "Message": "The specified key does not exist."}}, operation)


class S3:
    """A client of one bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, tuple[str, dict[int, bytes]]] = {}
        self.requests: Counter[str] = Counter()
        self.bytes_in = self.bytes_out = 0
        self.hook: Hook | None = None

    def _perform(self, operation: str, effect: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self.requests[operation] += 1
        return self.hook(operation, effect) if self.hook else effect()

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> dict[str, Any]:  # noqa: N803 - AWS's names
        def effect() -> dict[str, Any]:
            self.objects[Key] = bytes(Body)
            self.bytes_in += len(Body)
            return {}

        return self._perform("put_object", effect)

    def get_object(self, *, Bucket: str, Key: str, Range: str | None = None) -> dict[str, Any]:  # noqa: N803
        def effect() -> dict[str, Any]:
            if Key not in self.objects:
                raise _missing("GetObject")
            if Range is None:
                self.bytes_out += len(self.objects[Key])
                return {"Body": io.BytesIO(self.objects[Key]), "ContentLength": len(self.objects[Key])}
            first, last = map(int, Range.removeprefix("bytes=").split("-"))
            assert first <= last < len(self.objects[Key]), "a range that the object does not have"
            body = self.objects[Key][first : last + 1]
            self.bytes_out += len(body)
            return {"Body": io.BytesIO(body)}

        return self._perform("get_object", effect)

    def create_multipart_upload(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        def effect() -> dict[str, Any]:
            upload_id = f"upload-{self.requests['create_multipart_upload']}"
            self.uploads[upload_id] = (Key, {})
            return {"UploadId": upload_id}

        return self._perform("create_multipart_upload", effect)

    def upload_part(self, *, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes) -> dict[str, Any]:  # noqa: N803
        def effect() -> dict[str, Any]:
            self.uploads[UploadId][1][PartNumber] = bytes(Body)
            self.bytes_in += len(Body)
            return {"ETag": hashlib.md5(Body, usedforsecurity=False).hexdigest()}

        return self._perform("upload_part", effect)

    def complete_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str, MultipartUpload: Any) -> dict[str, Any]:  # noqa: N803
        def effect() -> dict[str, Any]:
            _, parts = self.uploads.pop(UploadId)
            named = [part["PartNumber"] for part in MultipartUpload["Parts"]]
            assert named == sorted(parts), "the parts that are named are those that were sent"
            assert all(len(parts[number]) >= PART_BYTES_MIN for number in named[:-1])
            self.objects[Key] = b"".join(parts[number] for number in named)
            return {}

        return self._perform("complete_multipart_upload", effect)

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:  # noqa: N803
        def effect() -> dict[str, Any]:
            self.uploads.pop(UploadId, None)
            return {}

        return self._perform("abort_multipart_upload", effect)

    def generate_presigned_url(self, operation: str, *, Params: dict[str, str], ExpiresIn: int) -> str:  # noqa: N803
        assert operation in ("get_object", "put_object")
        return f"https://bucket.example/{Params['Key']}?expires={ExpiresIn}"
