"""What ./run-tests counts is what ran."""

import importlib.util
import pathlib

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "test_report.py"
spec = importlib.util.spec_from_file_location("test_report", SCRIPT)
test_report = importlib.util.module_from_spec(spec)
spec.loader.exec_module(test_report)

# As ctest 3.25 writes it, the test output shortened.
CTEST = """<testsuite>
<testcase name="A.Passes" classname="A.Passes" status="run"><system-out>ok</system-out></testcase>
<testcase name="A.Skips" classname="A.Skips" status="notrun">
  <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
  <system-out>[ RUN      ] A.Skips
/a_test.cc:2: Skipped
no such
model

[  SKIPPED ] A.Skips (0 ms)</system-out></testcase>
<testcase name="A.Silent" classname="A.Silent" status="notrun">
  <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
  <system-out>/a_test.cc:3: Skipped

[  SKIPPED ] A.Silent (0 ms)</system-out></testcase>
<testcase name="A.Off" classname="A.Off" status="disabled"/>
<testcase name="A.Fails" classname="A.Fails" status="fail"><failure message=""/></testcase>
<testcase name="gone" classname="gone" status="notrun">
  <skipped message="Unable to find executable"/></testcase>
</testsuite>"""

PYTEST = """<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_passes"/>
<testcase classname="tests.test_a" name="test_skips"><skipped message="no network"/></testcase>
<testcase classname="tests.test_a" name="test_fails"><failure message="assert 1 == 2&#10;more"/>
</testcase>
<testcase classname="tests.test_a" name="test_breaks"><error message="no fixture"/></testcase>
</testsuite></testsuites>"""


def outcomes(folder, **files):
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return list(test_report.read_folder(folder))


def test_every_outcome_of_ctest_is_told_apart(tmp_path):
    assert outcomes(tmp_path, release_xml=CTEST) == [
        ("release: A.Passes", "passed", ""),
        ("release: A.Skips", "skipped", "no such model"),
        ("release: A.Silent", "skipped", "no reason given"),
        ("release: A.Off", "skipped", "disabled"),
        ("release: A.Fails", "failed", "its output is above"),
        ("release: gone", "failed", "Unable to find executable"),
    ]


def test_every_outcome_of_pytest_is_told_apart(tmp_path):
    assert outcomes(tmp_path, python_xml=PYTEST) == [
        ("python: tests.test_a.test_passes", "passed", ""),
        ("python: tests.test_a.test_skips", "skipped", "no network"),
        ("python: tests.test_a.test_fails", "failed", "assert 1 == 2"),
        ("python: tests.test_a.test_breaks", "failed", "no fixture"),
    ]


def test_both_runners_and_the_steps_are_counted_together(tmp_path):
    steps = "clang\tskipped\tnot installed\nformat\tpassed\t\n"
    lines, status = test_report.report(
        outcomes(tmp_path, release_xml=CTEST, python_xml=PYTEST, steps_tsv=steps)
    )
    assert lines[-1] == "3 passed, 4 failed, 5 skipped"
    assert "  clang: not installed" in lines[: lines.index("Failed:")]
    assert status == 1


def test_success_needs_a_test_that_passed(tmp_path):
    assert test_report.report([])[1] == 1
    assert test_report.report(outcomes(tmp_path, steps_tsv="clang\tskipped\tno\n"))[1] == 1
    assert test_report.report(outcomes(tmp_path, steps_tsv="format\tpassed\t\n"))[1] == 0
