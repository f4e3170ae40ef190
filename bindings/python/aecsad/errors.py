"""The exceptions of the package."""

import ctypes

from . import _abi


class Error(Exception):
    """libaecsad refused a call. `code` is an aecsad_status, `status` its name."""

    def __init__(self, code: int, status: str, message: str):
        super().__init__(code, status, message)
        self.code = code
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} ({self.status})"


class ImageError(Error, ValueError):
    """The image cannot be inspected."""


class NoMemoryError(Error, MemoryError):
    """The memory limit, or the system, refuses what a detector needs."""


_KINDS = {_abi.AECSAD_ERR_IMAGE: ImageError, _abi.AECSAD_ERR_NOMEM: NoMemoryError}


def sized(struct_type):
    """A zeroed struct with its struct_size set."""
    return struct_type(struct_size=ctypes.sizeof(struct_type))


def check(library, function, *arguments):
    """Calls a function of the library whose last parameter is an aecsad_error;
    raises what it reports."""
    error = sized(_abi.aecsad_error)
    code = function(*arguments, ctypes.byref(error))
    if code == _abi.AECSAD_OK:
        return
    status = library.aecsad_status_string(code).decode()
    message = error.message.decode("utf-8", "replace")
    raise _KINDS.get(code, Error)(code, status, message)
