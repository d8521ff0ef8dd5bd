"""Packages of npm that the bench compares with: installed where Node.js is, done without where it is not."""

import shutil
import subprocess
from pathlib import Path

from bench.lab import Unavailable

HERE = Path(__file__).parent


def modules() -> Path:
    """The packages of package-lock.json, installed if they are not. Raises Unavailable without Node.js."""
    if not shutil.which("npm"):
        raise Unavailable("needs Node.js 20 or newer, with npm")
    installed = HERE / "node_modules"
    if not installed.is_dir():
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise Unavailable(f"npm could not install {HERE / 'package.json'}: {done.stderr[-500:]}")
    return installed
