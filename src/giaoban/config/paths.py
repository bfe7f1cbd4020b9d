"""Where things lie: the checkout and the folder for what the program writes."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(os.environ.get("GIAOBAN_VAR") or ROOT / "var").resolve()
OUT = VAR / "out"
