"""Finds and loads the shared library, once per process."""

import ctypes
import os
from pathlib import Path
from typing import Callable, Optional

from . import _abi
from .errors import check

_NAME = "libaecsad.so.1"


def _load() -> ctypes.CDLL:
    """AECSAD_LIBRARY wins; then the file beside this package, as in the wheel;
    then the places where the system looks."""
    chosen = os.environ.get("AECSAD_LIBRARY")
    beside = Path(__file__).resolve().parent / _NAME
    if chosen:
        candidate = chosen
    elif beside.exists():
        candidate = str(beside)
    else:
        candidate = _NAME
    try:
        library = ctypes.CDLL(candidate)
    except OSError as e:
        raise ImportError(
            f"cannot load libaecsad: {e}. AECSAD_LIBRARY is {chosen or 'not set'}; looked for {candidate}"
        ) from None
    try:
        _abi.declare(library)
        found = library.aecsad_abi_version()
    except AttributeError as e:
        raise ImportError(f"{candidate} is not a libaecsad for this package: {e}") from None
    if found < _abi.AECSAD_ABI_VERSION:
        raise ImportError(
            f"{candidate} has interface version {found}; this package needs {_abi.AECSAD_ABI_VERSION} or later"
        )
    return library


library = _load()


def version() -> str:
    """The version of the loaded library."""
    return library.aecsad_version().decode()


_LEVELS = {"error": _abi.AECSAD_LOG_ERROR, "warning": _abi.AECSAD_LOG_WARNING, "info": _abi.AECSAD_LOG_INFO}
_log = None  # keeps the callback in use alive


def set_log(log: Optional[Callable[[str, str], None]], level: str = "info") -> None:
    """Sends messages up to a level (error, warning, info) to log(level, message);
    None discards them. log must not call this package."""
    global _log
    if level not in _LEVELS:
        raise ValueError(f"level is {level!r}; expected one of {', '.join(_LEVELS)}")
    names = {number: name for name, number in _LEVELS.items()}

    def deliver(_user, number, message):
        log(names.get(number, str(number)), message.decode("utf-8", "replace"))

    callback = _abi.aecsad_log_fn(deliver) if log is not None else _abi.aecsad_log_fn()
    check(library, library.aecsad_set_log, callback, None, _LEVELS[level])
    _log = callback
