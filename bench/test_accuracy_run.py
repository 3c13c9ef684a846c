"""Programs that bench/accuracy runs, and what it remembers of them."""

import sys

import pytest
from accuracy_run import Failed, Memory, digest, run, run_json

PYTHON = [sys.executable, "-S", "-c"]


def test_a_run_has_its_output_and_its_cost():
    done = run([*PYTHON, "print('out'); b = bytearray(64 << 20)"])
    assert done.output == "out\n"
    assert done.peak_mb >= 64
    assert 0 < done.cpu_s and 0 < done.wall_s


@pytest.mark.parametrize(("program", "why"), [
    ("import sys; print('x'); sys.exit('first\\nthe reason\\n')", "the reason"),
    ("import sys; sys.exit(3)", "ended with status 3"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended by signal 11 (SIGSEGV)"),
])
def test_a_failure_says_why_in_one_line(program, why):
    with pytest.raises(Failed) as failed:
        run([*PYTHON, program])
    assert str(failed.value) == why


def test_a_program_that_takes_too_long_is_ended():
    with pytest.raises(Failed, match=r"not done after 0\.2 s"):
        run([*PYTHON, "import time; time.sleep(60)"], timeout=0.2)


def test_the_last_line_is_read_as_json():
    assert run_json([*PYTHON, "print('noise'); print('{\"a\": 1}')"]) == {"a": 1}
    with pytest.raises(Failed, match="no JSON"):
        run_json([*PYTHON, "print('noise')"])


def test_what_was_made_for_a_key_is_made_once(tmp_path):
    made = []

    def make():
        made.append(1)
        return {"value": len(made)}

    memory = Memory(tmp_path / "results")
    assert [memory.get({"k": 1}, make), memory.get({"k": 1}, make)] == [{"value": 1}] * 2
    assert memory.get({"k": 2}, make) == {"value": 2}
    assert Memory(tmp_path / "results").get({"k": 1}, make) == {"value": 1}
    assert Memory(tmp_path / "results", again=True).get({"k": 1}, make) == {"value": 3}


def test_what_holds_no_longer_is_made_again(tmp_path):
    memory = Memory(tmp_path)
    memory.get({}, lambda: {"value": 1})
    assert memory.get({}, lambda: {"value": 2}, holds=lambda value: value["value"] > 1) == {"value": 2}
    assert memory.get({}, lambda: {"value": 3}) == {"value": 2}


def test_a_failure_is_remembered_too(tmp_path):
    def fail():
        raise Failed("no memory")

    memory = Memory(tmp_path)
    assert memory.get({}, fail) == memory.get({}, lambda: {"value": 1}) == {"error": "no memory"}


def test_equal_files_have_equal_digests(tmp_path):
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (digest(tmp_path / name) for name in "abc")
    assert a == b != c
