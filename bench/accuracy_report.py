"""The tables of bench/accuracy, in Markdown, from what it measured.

An entry is a task's measurements:

    task, metric, samples, size_kb
    floats    {"seconds", "peak_mb"} of float inference over the calibration samples
    ours      a record, or None
    peers     records by setting
    latency   {"ours" or "minmax" or "minmax over ours": {"ort" or "openvino": a ratio}}: how many
              times as fast the quantized file is as float, and ours as ONNX Runtime's own
    subsets   records of other selections of samples

A record is one quantized file: "error", or

    seconds, peak_mb, size_kb, macs (of accuracy_macs.py)
    own       of ours: what `zeropoint quantize --json` said, None of another quantizer
    judged    zpeval's figures by engine: "ort", "precise", "openvino"

Wherever figures should stand there may be {"error": why} instead, or None where nothing was measured.
"""

from statistics import median

import accuracy_settings

# Differences that a repetition with other samples or another order of sums would make too.
NOISE = {"top-1 %": 0.5, "mAP50 %": 1.5, "PSNR dB": 0.1, "NLL nats/token": 0.01,
         "output SQNR dB": 0.5}
INT8_SHARE = 0.95


def failure(part):
    """Why figures are missing, None where they are there or were not asked for."""
    return None if part is None else part.get("error")


def stands(part):
    return part is not None and "error" not in part


def judged(record, engine="ort"):
    """zpeval's figures for a record, {"error": why} or None."""
    return record.get("judged", {}).get(engine) if stands(record) else record


def loss(figures):
    """What is lost, in the metric's unit: less is better. A task without labels has its output's
    signal-to-noise ratio as the metric, of which more is better."""
    return -figures["value"] if figures["drop"] is None else figures["drop"]


def best_setting(entry):
    """The setting of quantize_static with the least loss in ONNX Runtime; of equal ones the one that
    agrees most with float. None where all failed."""
    def order(setting):
        figures = judged(entry["peers"][setting])
        return loss(figures), -(figures["agree"] or 0), -figures["sqnr_db"]

    standing = [setting for setting in accuracy_settings.STATIC
                if stands(judged(entry["peers"].get(setting)))]
    return min(standing, key=order, default=None)


def verdict(entry):
    """Whether ours is no worse than the best setting, within the task's noise."""
    best, ours = best_setting(entry), judged(entry["ours"])
    if best is None or not stands(ours):
        return "-"
    worse = loss(ours) - loss(judged(entry["peers"][best]))
    return "yes" if worse <= NOISE[entry["metric"]] else f"NO, {worse:.3g} worse"


def _number(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def _figures(part, *keys):
    """Cells for (key, decimals) pairs; the reason in the first of them where it failed."""
    if not stands(part):
        return [_missing(part), *["-"] * (len(keys) - 1)]
    return [_number(part[key], digits) for key, digits in keys]


def _missing(part):
    """The cell of figures that are not there; the whole reason is in the list of failures."""
    return "-" if part is None else f"failed: {part['error'][:60]}"


VALUE, AGREE, SQNR = ("value", 2), ("agree", 1), ("sqnr_db", 1)


def _value(entry):
    return "value", 3 if entry["metric"].startswith("NLL") else 2


def markdown(headings, rows, left=1):
    """A table; the first `left` columns are text, the others numbers."""
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    rule = ["---" if i < left else "---:" for i in range(len(headings))]
    return "\n".join([line(headings), line(rule), *map(line, rows)])


def float_value(entry):
    """The float model's value of the metric, from any file that was judged."""
    records = [entry["ours"], *entry["peers"].values()]
    found = (judged(record, engine) for record in records for engine in ("ort", "openvino"))
    return next((figures["float"] for figures in found if stands(figures)), None)


def _ours(entry):
    """The cells of our file in the three ways to run it; a reason that all share stands once."""
    ours, value = entry["ours"], _value(entry)
    if not stands(ours):
        return [_missing(ours), *["-"] * 8]
    said = _own(ours, "output_error", "lowest_sqnr_db")
    said = _number(said, 1) if isinstance(said, (int, float)) else said or "-"
    return [*_figures(judged(ours), value, AGREE, SQNR, ("sqnr_min_db", 1)), said, *_figures(judged(ours, "precise"), value),
            *_figures(judged(ours, "openvino"), value, AGREE, SQNR)]


def accuracy_table(entries):
    headings = ["task", "metric", "float", "zeropoint", "agree %", "dB", "lowest", "said", "precise", "OpenVINO",
                "agree %", "dB", "best of quantize_static", "", "agree %", "dB", "no worse"]
    rows = []
    for entry in entries:
        best = best_setting(entry)
        rows.append([
            entry["task"], entry["metric"], _number(float_value(entry), _value(entry)[1]),
            *_ours(entry),
            *_figures(judged(entry["peers"].get(best)), _value(entry), AGREE, SQNR),
            best or "-", verdict(entry),
        ])
        # The setting's name stands before its figures.
        rows[-1][12:16] = [rows[-1][15], *rows[-1][12:15]]
    return markdown(headings, rows, left=2)


def _own(record, *keys):
    """What zeropoint said itself under these keys, None where it did not."""
    value = record.get("own") if stands(record) else None
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _share(record):
    """The int8 share of a record in percent, as zeropoint says it itself, and what is in float."""
    macs = record["macs"] if stands(record) else None
    said = _own(record, "int8_share")
    said = "-" if said is None else f"{100 * said:.1f}"
    if not stands(macs):
        return [_missing(macs), said, "-"]
    if macs["share"] is None:
        return ["-", said, "nothing to count"]
    reasons = {node["node"]: f" ({node['reason']})" for node in _own(record, "in_float") or []}
    missed = sorted(macs["in_float"].items(), key=lambda item: -item[1])
    names = ", ".join(f"{name} {100 * n / macs['total']:.1f}{reasons.get(name, '')}"
                      for name, n in missed[:3])
    more = f" and {len(missed) - 3} more" if len(missed) > 3 else ""
    inner = f"; {macs['inner']} inner nodes not counted" if macs["inner"] else ""
    low = "NO " if macs["share"] < INT8_SHARE else ""
    return [f"{low}{100 * macs['share']:.1f}", said, (names + more or "none") + inner]


def _ratio(entry, which, engine):
    return _figures(entry["latency"].get(which, {}).get(engine), ("ratio_a_over_b", 2))[0]


def speed_table(entries):
    headings = ["task", "int8 MACs %", "said", "in float, % of MACs", "float kB", "int8 kB",
                "ONNX Runtime: float/int8", "minmax's", "minmax/int8", "OpenVINO: float/int8",
                "minmax's", "minmax/int8"]
    rows = [[
        entry["task"], *_share(entry["ours"]), entry["size_kb"],
        *_figures(entry["ours"], ("size_kb", 0)),
        *(_ratio(entry, which, engine) for engine in ("ort", "openvino")
          for which in ("ours", "minmax", "minmax over ours")),
    ] for entry in entries]
    return markdown(headings, rows)


def _calibration(entry):
    """Cells for the step that runs the samples, and its ratio to plain inference."""
    seconds = _own(entry["ours"], "seconds", "calibrate")
    if seconds is None:
        return ["-", "-"]
    plain = entry["floats"]["seconds"] if stands(entry["floats"]) else None
    return [_number(seconds), _number(seconds / plain if plain else None, 1)]


def cost_table(entries):
    slow = [s for s in accuracy_settings.SLOW if any(s in entry["peers"] for entry in entries)]
    settings = [accuracy_settings.FASTEST, *slow]
    headings = ["task", "samples", "float inference s", "CPU s", "MB", "zeropoint s", "CPU s", "MB", "calibration s",
                "x float inference"]
    for setting in settings:
        headings += [f"{setting} s", "CPU s", "MB"]
    headings.append("times as fast as " + " and ".join(slow))
    rows = []
    for entry in entries:
        cost = ("seconds", 2), ("cpu_s", 1), ("peak_mb", 0)
        row = [entry["task"], entry["samples"], *_figures(entry["floats"], *cost),
               *_figures(entry["ours"], *cost), *_calibration(entry)]
        for setting in settings:
            row += _figures(entry["peers"].get(setting), *cost)
        ratios = [entry["peers"][s]["seconds"] / entry["ours"]["seconds"] for s in slow
                  if stands(entry["ours"]) and stands(entry["peers"].get(s))]
        rows.append([*row, " and ".join(f"{ratio:.1f}" for ratio in ratios) or "-"])
    return markdown(headings, rows)


def peers_table(entries, engine):
    """A cell: the value, in brackets the agreement in % and the output's dB."""
    def cell(entry, setting):
        figures = judged(entry["peers"].get(setting), engine)
        if not stands(figures):
            return "failed" if figures else "-"
        value = _number(figures["value"], _value(entry)[1])
        return f"{value} ({_number(figures['agree'], 1)}; {_number(figures['sqnr_db'], 1)})"

    settings = [s for s in accuracy_settings.SETTINGS if any(s in e["peers"] for e in entries)]
    return markdown(["task", "metric", "float", *settings],
                    [[entry["task"], entry["metric"],
                      _number(float_value(entry), _value(entry)[1]),
                      *(cell(entry, setting) for setting in settings)] for entry in entries], left=2)


def subsets_table(entries):
    headings = ["task", "metric", "float", "all samples", "subsets: median", "worst", "dB: median",
                "worst"]
    rows = []
    for entry in entries:
        parts = [judged(record) for record in entry["subsets"]]
        bad = next((part for part in parts if not stands(part)), None)
        value, digits = _value(entry)
        if bad:
            cells = [*_figures(bad, VALUE), "-", "-", "-"]
        else:
            middle = sorted(parts, key=loss)[len(parts) // 2]
            worst = max(parts, key=loss)
            decibels = [part["sqnr_db"] for part in parts]
            cells = [_number(middle[value], digits), _number(worst[value], digits),
                     _number(median(decibels), 1), _number(min(decibels), 1)]
        rows.append([entry["task"], entry["metric"], _number(float_value(entry), digits),
                     *_figures(judged(entry["ours"]), (value, digits)), *cells])
    return markdown(headings, rows, left=2)


def others_table(entries):
    headings = ["model", "int8 MACs %", "said", "in float, % of MACs", "float kB", "int8 kB", "s",
                "ONNX Runtime dB", "OpenVINO dB", "minmax: ONNX Runtime dB", "OpenVINO dB"]
    rows = []
    for entry in entries:
        ours, minmax = entry["ours"], entry["peers"].get(accuracy_settings.FASTEST)
        rows.append([
            entry["task"], *_share(ours), entry["size_kb"],
            *_figures(ours, ("size_kb", 0), ("seconds", 1)),
            *(cell for record in (ours, minmax) for engine in ("ort", "openvino")
              for cell in _figures(judged(record, engine), ("sqnr_min_db", 1))),
        ])
    return markdown(headings, rows)


def _failed_parts(record):
    """(what, why) of a record's failures."""
    if not stands(record):
        return [("quantizing", failure(record))] if record else []
    parts = {"counting": record["macs"]}
    parts |= {f"judging in {engine}": part for engine, part in record["judged"].items()}
    return [(what, failure(part)) for what, part in parts.items() if failure(part)]


def failures(entries):
    """Lines that say what of ours failed: on these the program ends with status 1."""
    lines = []
    for entry in entries:
        lines += [f"{entry['task']}: {what}: {why}" for what, why in _failed_parts(entry["ours"])]
        lines += [f"{entry['task']}: latency in {engine}: {failure(part)}"
                  for engine, part in entry["latency"].get("ours", {}).items() if failure(part)]
        lines += [f"{entry['task']}: subset {i + 1}: {what}: {why}"
                  for i, record in enumerate(entry["subsets"]) for what, why in _failed_parts(record)]
    return lines


def peer_failures(entries):
    return [f"{entry['task']}, {setting}: {what}: {why}" for entry in entries
            for setting, record in entry["peers"].items() for what, why in _failed_parts(record)]


EXPLANATION = """\
How to read it. *agree* is the share of samples on which the file decides as the float model does, *dB* the
signal-to-noise ratio of its outputs against the float model's, the mean over the outputs. Beside it stand
the *lowest* over the outputs and what zeropoint *said* of that on the samples it held back. *precise* is ONNX Runtime with
`session.x64quantprecision=1`, which avoids the 16-bit saturation of processors without VNNI. *best of
quantize_static* is the best in ONNX Runtime of that function's {count} settings in
`bench/accuracy_settings.py`, chosen on the evaluation samples themselves, which flatters it; *no worse* allows
for each metric's noise: {noise}. *int8 MACs* is counted from the file, *said* what zeropoint
says of it. *float/int8* is how many times as fast the int8 file is as the float one,
*minmax/int8* the same against the file of the setting `minmax`; one thread, interleaved, medians."""


COST = """\
Seconds of zeropoint are those of the whole command, start and model loading included; of the peers those of the
call, without Python's imports; of float inference those of running the calibration samples one after the other in
OpenVINO, without compiling the model; calibration is the step of zeropoint that runs them, with it. CPU s and MB are the time on all processors and the
peak memory of the whole process. Figures of peers may be from an earlier
run on this machine.""".replace("\n", " ")


def explanation():
    noise = ", ".join(f"{metric} {value:g}" for metric, value in NOISE.items())
    return EXPLANATION.format(count=len(accuracy_settings.STATIC), noise=noise).replace("\n", " ")


def report(heading, entries, others, detail):
    """The whole text. detail: whether every setting of the peers is shown."""
    parts = [heading]
    if entries:
        parts += [explanation(), "### Accuracy", accuracy_table(entries),
                  "### Int8 share, size, speed", speed_table(entries),
                  "### Cost of quantizing", COST, cost_table(entries)]
    if any(entry["subsets"] for entry in entries):
        parts += ["### Other selections of samples", subsets_table(entries)]
    if detail and any(entry["peers"] for entry in entries):
        parts += ["### ONNX Runtime's tool at its settings",
                  "The value; in brackets agreement in % and dB. In ONNX Runtime:",
                  peers_table(entries, "ort"), "In OpenVINO:", peers_table(entries, "openvino")]
    if others:
        parts += ["### Other models", "Output signal-to-noise ratio on held-back samples, the lowest "
                  "over the outputs.", others_table(others)]
    for title, lines in (("What failed", failures([*entries, *others])),
                         ("What failed of ONNX Runtime's tool", peer_failures([*entries, *others]))):
        if lines:
            parts.append(f"{title}:\n\n" + "\n".join(f"- {line}" for line in lines))
    return "\n\n".join(parts) + "\n"


BEGIN, END = "<!-- bench/accuracy writes from here -->", "<!-- to here -->"


def replaced(text, section):
    """The text with what stands between the markers replaced. Raises ValueError without markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"no section between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{section.strip()}\n{END}{after}"
