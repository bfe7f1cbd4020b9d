"""A request that carries more than many files together may weigh is refused before anything of it is kept."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from giaoban.reporting.rules.archives import MAX_TOTAL_BYTES

ENVELOPE_BYTES = 8 * 2**20
"""For the names and fields around the files."""


class BoundedUploads(FileUploadHandler):
    """Stands before the handlers that keep files; keeps none itself."""

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002 - Django's signature
        META: Any,  # noqa: ARG002, N803
        content_length: int,
        boundary: Any,  # noqa: ARG002
        encoding: Any = None,  # noqa: ARG002
    ) -> None:
        """Raises RequestDataTooBig, which is answered with 400."""
        if content_length > MAX_TOTAL_BYTES + ENVELOPE_BYTES:
            raise RequestDataTooBig("the files of one request are too large together")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        return None
