"""What bench/accuracy measures of one model: the steps, each a program of its own."""

import json
import random
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import accuracy_settings
from accuracy_run import ROOT, Failed, Memory, digest, run, run_json

PYTHON = ROOT / "build" / "venv" / "bin" / "python"
BENCH = ROOT / "bench"

# zpeval's arguments for each way to judge.
ENGINES = {"ort": ["--engine", "ort"], "precise": ["--engine", "ort", "--precise"],
           "openvino": ["--engine", "openvino"]}

# Models of ../shared without a task: the name in accuracy_samples.py, the file.
OTHERS = {
    "mlperf_vww": "mlperf_vww_mobilenetv1_96.onnx",
    "ad01_autoencoder": "mlperf_ad01_autoencoder.onnx",
    "mnist_net": "mnist-net_256x4.onnx",
    "silero_vad": "silero_vad_op18_ifless.onnx",
    "nnsplit": "nnsplit_en.onnx",
}

SUBSETS = 3


@dataclass(frozen=True)
class Options:
    """What is asked for on the command line."""

    quantizer: str | None  # a command with {model} {calibration} {output} {threads}; None: peers alone
    peers: bool
    threads: int
    seconds: float  # how long a pair is timed in an engine; 0: not at all
    limit: int | None  # judge on so many samples
    subset: int | None


class Bench:
    def __init__(self, shared, cache, options, versions, again):
        """shared: the folder ../shared. cache: where samples, models and results are kept."""
        self.shared = shared
        self.cache = cache
        self.options = options
        self.versions = versions
        self.memory = Memory(cache / "results", again)
        self.zpeval = shared / "tools" / "zpeval.py"
        self.zpeval_digest = digest(self.zpeval)
        self.env = {"ZPEVAL_CACHE": str(cache / "zpeval")}

    def _zpeval(self, *arguments):
        return run_json([PYTHON, self.zpeval, *arguments], env=self.env)

    def tasks(self):
        """zpeval's tasks: the model's path by name."""
        lines = run([PYTHON, self.zpeval, "list"], env=self.env).output.splitlines()
        return {name: self.shared / path for name, path, *_ in map(str.split, lines)}

    def calibration(self, task):
        """The folder with a task's calibration samples."""
        folder = self.cache / "samples" / task
        if not folder.exists():
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True)
            self._zpeval("export-calib", task, making)
            making.rename(folder)
        return folder

    # Quantizing.

    def ours(self, model, samples, output):
        """A record of our own file, without judgement."""
        words = {"model": model, "calibration": samples, "output": output,
                 "threads": self.options.threads}
        command = [word.format(**words) for word in shlex.split(self.options.quantizer)]
        output.parent.mkdir(parents=True, exist_ok=True)
        output.unlink(missing_ok=True)
        try:
            done = run(command)
        except Failed as error:
            return {"error": str(error)}
        if not output.exists():
            return {"error": f"{Path(command[0]).name} ended with status 0 and wrote no file"}
        try:
            own = json.loads(done.output)
        except json.JSONDecodeError:  # the quantizer prints something else
            own = None
        return {"model": str(output), "seconds": done.wall_s, "cpu_s": done.cpu_s,
                "peak_mb": done.peak_mb, "own": own} | self._of_file(output, samples)

    def peer(self, task, setting, model, samples):
        """A record of the file that ONNX Runtime's tool makes at a setting, without judgement."""
        output = self.cache / "models" / f"{task}.{setting}.onnx"
        output.parent.mkdir(parents=True, exist_ok=True)

        def make():
            output.unlink(missing_ok=True)
            command = [PYTHON, BENCH / "accuracy_peer.py", setting, model, samples, output]
            done = run(command)
            seconds = json.loads(done.output.splitlines()[-1])["seconds"]
            return {"model": str(output), "seconds": seconds, "cpu_s": done.cpu_s,
                    "peak_mb": done.peak_mb} | self._of_file(output, samples)

        key = {"peer": accuracy_settings.SETTINGS[setting], "model": digest(model),
               "samples": self._samples_digest(samples), "versions": self.versions,
               "code": digest(BENCH / "accuracy_peer.py"), "macs": digest(BENCH / "accuracy_macs.py")}
        return self.memory.get(
            key, make, lambda record: output.exists() and digest(output) == record["digest"])

    @staticmethod
    def _samples_digest(samples):
        return {path.name: digest(path) for path in sorted(samples.iterdir())}

    def _of_file(self, output, samples):
        sample = min(samples.iterdir())
        try:
            macs = run_json([PYTHON, BENCH / "accuracy_macs.py", output, sample])
        except Failed as error:
            macs = {"error": str(error)}
        return {"size_kb": output.stat().st_size // 1024, "digest": digest(output), "macs": macs}

    # Judging.

    def judged(self, task, record, engines=ENGINES):
        """The record with zpeval's figures for each engine."""
        if "error" in record:
            return record
        return record | {"judged": {engine: self._judge(task, record, engine) for engine in engines}}

    def _judge(self, task, record, engine):
        limit = [] if self.options.limit is None else ["--n", self.options.limit]
        key = {"judge": task, "model": record["digest"], "engine": engine, "limit": limit,
               "zpeval": self.zpeval_digest, "versions": self.versions}
        return self.memory.get(key, lambda: self._zpeval(
            "eval", task, record["model"], *ENGINES[engine], "--threads", self.options.threads, *limit))

    def compared(self, reference, record, samples, engines=("ort", "openvino")):
        """The record with its outputs' signal-to-noise ratio against the model `reference`."""
        if "error" in record:
            return record
        figures = {}
        for engine in engines:
            try:
                figures[engine] = run_json([PYTHON, BENCH / "accuracy_outputs.py", reference,
                                            record["model"], samples, engine])
            except Failed as error:
                figures[engine] = {"error": str(error)}
        return record | {"judged": figures}

    # Time.

    def _latency(self, task, slower, faster, engine):
        try:
            return self._zpeval("latency", slower, faster, "--task", task, "--engine", engine,
                                "--threads", 1, "--seconds", self.options.seconds)
        except Failed as error:
            return {"error": str(error)}

    def latency(self, task, model, ours, minmax):
        """How many times as fast the int8 files are, for those that there are."""
        if not self.options.seconds:
            return {}
        pairs = {"ours": (model, ours), "minmax": (model, minmax), "minmax over ours": (minmax, ours)}
        return {
            name: {engine: self._latency(task, *files, engine) for engine in ("ort", "openvino")}
            for name, files in pairs.items() if None not in files
        }

    def float_cost(self, task):
        """Plain float inference over the calibration samples in OpenVINO, the model's compilation
        apart."""
        try:
            figures = self._zpeval("floatcost", task, "--engine", "openvino",
                                   "--threads", self.options.threads)
        except Failed as error:
            return {"error": str(error)}
        return figures | {"seconds": figures["wall_s"] - figures["load_s"],
                          "peak_mb": figures["peak_rss_mb"]}

    # Everything of one model.

    def task(self, name, model, say):
        """The entry of a task (accuracy_report.py says what is in it)."""
        say(f"{name}: samples")
        samples = self.calibration(name)
        ours = None
        if self.options.quantizer:
            say(f"{name}: quantizing")
            ours = self.judged(name, self.ours(model, samples, self.cache / "ours" / f"{name}.onnx"))
        peers = {}
        for setting in accuracy_settings.SETTINGS if self.options.peers else ():
            say(f"{name}: ONNX Runtime's tool, {setting}")
            peers[setting] = self.judged(name, self.peer(name, setting, model, samples))
        say(f"{name}: time")
        minmax = peers.get(accuracy_settings.FASTEST, {}).get("model")
        metrics = [figures["metric"] for record in (ours or {}, *peers.values())
                   for figures in record.get("judged", {}).values() if "error" not in figures]
        return {
            "task": name, "metric": next(iter(metrics), None), "size_kb": model.stat().st_size // 1024,
            "samples": len(list(samples.iterdir())), "floats": self.float_cost(name), "ours": ours,
            "peers": peers, "latency": self.latency(name, model, (ours or {}).get("model"), minmax),
            "subsets": self._subsets(name, model, samples, say),
        }

    def _subsets(self, name, model, samples, say):
        """Records of ours for other selections of the samples."""
        if self.options.subset is None or not self.options.quantizer:
            return []
        files = sorted(samples.iterdir())
        records = []
        for seed in range(SUBSETS):
            say(f"{name}: subset {seed + 1} of {SUBSETS}")
            folder = self.cache / "subsets" / name / str(seed)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            chosen = random.Random(seed).sample(files, min(self.options.subset, len(files)))
            for path in chosen:
                shutil.copy(path, folder)
            output = self.cache / "ours" / f"{name}.subset{seed}.onnx"
            records.append(self.judged(name, self.ours(model, folder, output), ["ort"]))
        return records

    def other(self, name, say):
        """The entry of a model without a task."""
        say(f"{name}: samples")
        model = self.shared / "models" / OTHERS[name]
        folder = self.cache / "samples" / name
        code = digest(BENCH / "accuracy_samples.py")
        stamp = folder / "made-by"
        if not stamp.exists() or stamp.read_text() != code:
            shutil.rmtree(folder, ignore_errors=True)
            run([PYTHON, BENCH / "accuracy_samples.py", name, model, self.shared, folder])
            stamp.write_text(code)
        samples, held_back = folder / "calibration", folder / "evaluation"
        ours, peers = None, {}
        if self.options.quantizer:
            say(f"{name}: quantizing")
            output = self.cache / "ours" / f"{name}.onnx"
            ours = self.compared(model, self.ours(model, samples, output), held_back)
        if self.options.peers:
            setting = accuracy_settings.FASTEST
            say(f"{name}: ONNX Runtime's tool, {setting}")
            record = self.peer(name, setting, model, samples)
            peers[setting] = self.compared(model, record, held_back)
        return {"task": name, "size_kb": model.stat().st_size // 1024, "ours": ours, "peers": peers,
                "latency": {}, "subsets": []}
