"""Runs a program and measures it, and remembers what need not be run twice.

This module and bench/accuracy import nothing large: a process starts out with the peak memory of
the one that started it, so a large one would show in the figures of all it starts.
"""

import hashlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Failed(Exception):
    """A program ended with an error; the text is one line that says which."""


@dataclass(frozen=True)
class Run:
    output: str
    wall_s: float
    cpu_s: float
    peak_mb: float


def reason(status, errors):
    """Why a program failed, in one line: what it said last, or the signal that ended it."""
    if status < 0:
        return f"ended by signal {-status} ({signal.Signals(-status).name})"
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return (lines[-1] if lines else f"ended with status {status}")[:300]


def run(command, timeout=3600, env=None):
    """The program's standard output and cost. Raises Failed where it does not end with status 0."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        started = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], cwd=ROOT, stdout=output,
                                   stderr=errors, stdin=subprocess.DEVNULL, start_new_session=True,
                                   env=os.environ | (env or {}))
        late = threading.Event()

        def stop():
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(timeout, stop)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # interrupted: the program goes too
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        wall_s = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if late.is_set():
            raise Failed(f"not done after {timeout:g} s")
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            raise Failed(reason(process.returncode, errors.read()))
        return Run(output.read(), wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run_json(command, **options):
    """What a program prints as its last line, which is JSON."""
    output = run(command, **options).output.strip()
    try:
        return json.loads(output.splitlines()[-1])
    except (IndexError, json.JSONDecodeError) as error:
        raise Failed(f"no JSON from {Path(str(command[0])).name}: {error}") from error


def digest(path):
    """What a file holds, in 16 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


class Memory:
    """Results by what they depend on, as JSON files in a folder."""

    def __init__(self, folder, again=False):
        """again: whether what is there is to be made anew."""
        self.folder = folder
        self.again = again

    def get(self, key, make, holds=lambda value: True):
        """What `make()` returns (a dict), or returned for an equal key (a dict) earlier if that still
        `holds`. A Failed is remembered too, and returned as {"error": its text}."""
        name = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
        path = self.folder / f"{name}.json"
        if path.exists() and not self.again:
            value = json.loads(path.read_text())["value"]
            if "error" in value or holds(value):
                return value
        try:
            value = make()
        except Failed as error:
            value = {"error": str(error)}
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps({"key": key, "value": value}, indent=1) + "\n")
        beside.replace(path)
        return value
