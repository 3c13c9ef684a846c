"""Counts the test results in a folder and lists what failed and what was skipped.

    test_report.py FOLDER

FOLDER holds JUnit files of ctest and pytest (*.xml) and, where there is one, steps.tsv with lines
"name TAB passed|failed|skipped TAB reason". The last line printed is "N passed, N failed, N
skipped"; the exit status is 1 when something failed or nothing ran.
"""

import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

Outcome = collections.namedtuple("Outcome", "name result reason")


# What ctest says of a test that was started and told it was skipped.
CTEST_SKIPPED = "SKIP_REGULAR_EXPRESSION_MATCHED"


def skip_reason(case, message):
    """GoogleTest prints its reason under "FILE:LINE: Skipped"; pytest puts it in the message."""
    printed = re.search(r": Skipped\n(.*?)\n*(?:\[|$)", case.findtext("system-out") or "", re.DOTALL)
    reason = printed.group(1) if printed else message
    return " ".join(reason.split()) or "no reason given"


def outcome_of(run, case):
    class_name, name = case.get("classname", ""), case.get("name", "")
    if class_name not in ("", name):  # ctest repeats the name as the class
        name = f"{class_name}.{name}"
    name = f"{run}: {name}"
    status = case.get("status")  # ctest's; pytest has none
    problem = next((e for e in case if e.tag in ("failure", "error")), None)
    skipped = case.find("skipped")
    message = "" if skipped is None else skipped.get("message", "")
    if status == "notrun" and message != CTEST_SKIPPED:  # it could not be started
        return Outcome(name, "failed", message or "did not run")
    if problem is not None or status == "fail":
        said = "" if problem is None else problem.get("message", "")
        return Outcome(name, "failed", said.splitlines()[0] if said else "its output is above")
    if skipped is not None:
        return Outcome(name, "skipped", skip_reason(case, message))
    if status == "disabled":
        return Outcome(name, "skipped", "disabled")
    return Outcome(name, "passed", "")


def read_folder(folder):
    for path in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(path).iter("testcase"):
            yield outcome_of(path.stem, case)
    steps = folder / "steps.tsv"
    if steps.exists():
        for line in steps.read_text().splitlines():
            yield Outcome(*line.split("\t"))


def report(outcomes):
    """The lines to print and the exit status."""
    lines = []
    for result, title in (("skipped", "Skipped"), ("failed", "Failed")):
        listed = [outcome for outcome in outcomes if outcome.result == result]
        if listed:
            lines.append(f"{title}:")
            lines += [f"  {outcome.name}: {outcome.reason}" for outcome in listed]
    counts = collections.Counter(outcome.result for outcome in outcomes)
    lines.append(", ".join(f"{counts[result]} {result}" for result in ("passed", "failed", "skipped")))
    return lines, 1 if counts["failed"] or not counts["passed"] else 0


def main():
    lines, status = report(list(read_folder(pathlib.Path(sys.argv[1]))))
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
