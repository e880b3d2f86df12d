#!/usr/bin/env python3
"""Sees that each test which docs/socketio*.md name exists: `Suite.Name` (or `Suite.*`) in src/, `x.test.mjs` in e2e/conformance."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tests():
    """Suite -> names of its tests."""
    found = {}
    for path in ROOT.glob("src/**/*_test.cpp"):
        for suite, name in re.findall(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)", path.read_text(), re.M):
            found.setdefault(suite, set()).add(name)
    return found


SENTENCE = r"(?:[A-Z][a-z0-9]*){3,}"


def is_there(known, quoted):
    """Whether the test exists that `quoted` names; anything else is."""
    if re.fullmatch(r"[\w-]+\.test\.mjs", quoted):
        return (ROOT / "e2e/conformance" / quoted).exists()
    if re.fullmatch(SENTENCE, quoted) and len(quoted) > 25:  # its suite was named before it
        return any(quoted in names for names in known.values())
    test = re.fullmatch(rf"(\w+)\.({SENTENCE}|\*)(…?)", quoted)
    if not test or not test[1][0].isupper():
        return True
    suite, name, more = test.groups()
    if name == "*":
        return suite in known
    return any(other == name or more and other.startswith(name) for other in known.get(suite, ()))


def main():
    known = tests()
    wrong = [
        f"{doc.name}:{number}: there is no {quoted}"
        for doc in sorted(ROOT.glob("docs/socketio*.md"))
        for number, line in enumerate(doc.read_text().splitlines(), 1)
        for quoted in re.findall(r"`([^`]+)`", line)
        if not is_there(known, quoted)
    ]
    print("\n".join(wrong) or "docs: every test that is named exists")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
