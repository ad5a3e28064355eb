"""Made-up cases of account money, prop-firm rules and costs."""

from __future__ import annotations

import json
from typing import Any

from tests.helpers.paths import DATA


def cases(kind: str) -> dict[str, dict[str, Any]]:
    """Return the cases of one kind by name."""
    content = json.loads((DATA / "account" / "golden_account.json").read_text())
    return {case["name"]: case for case in content["cases"] if case["kind"] == kind}
