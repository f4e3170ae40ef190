"""Visual inspection of manufactured goods with libaecsad.

>>> detector = aecsad.Detector("model.aecsad")
>>> result = detector.inspect("photo.png")
>>> result.decision, result.score, result.findings
"""

from ._library import set_log, version
from .detector import Detector, Info
from .errors import Error, ImageError, NoMemoryError
from .result import Finding, Result

__version__ = version()

__all__ = ["Detector", "Error", "Finding", "ImageError", "Info", "NoMemoryError", "Result", "set_log", "version"]
