"""Adds to pyproject.toml what depends on the build: the version and the tag of
the wheel, which works with every Python 3 but one platform only. wheel.sh sets
both variables."""

import os

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel


class PlatformWheel(bdist_wheel):
    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        return "py3", "none", os.environ["AECSAD_PLATFORM"]


setup(version=os.environ["AECSAD_VERSION"], cmdclass={"bdist_wheel": PlatformWheel})
