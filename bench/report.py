"""Puts the measurements of all rounds together: entries of build/bench.json and the printed table.

A round is a dict from a benchmark's name to nanoseconds of CPU time an element. In every round each program
runs once, so that a change in the machine's speed meets ours, the peers and the limits alike. A
ratio is the median over the rounds of the ratio within a round; a figure is the median over the
rounds.
"""

from statistics import median

UNIT = "Gelem/s"


def parse(output):
    """A round's share from one program: Google Benchmark's JSON, already loaded.

    Skipped and failed benchmarks are left out: they show as missing in the table.
    """
    nanoseconds = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
    return {
        b["name"]: b["cpu_time"] * nanoseconds[b["time_unit"]] / b["elements"]
        for b in output["benchmarks"]
        if not b.get("error_occurred")
    }


def _figure(rounds, name):
    times = [r[name] for r in rounds if name in r]
    return 1 / median(times) if times else None


def _ratio(rounds, ours, other):
    """How many times as fast as `other` ours is."""
    ratios = [r[other] / r[ours] for r in rounds if ours in r and other in r]
    return median(ratios) if ratios else None


def _with_limit(rounds, row, size, key):
    """The rounds, each with the fastest of the row's limits under `key`."""
    names = [f"limit/{operation}/{size}" for operation in row.limits[size]]
    return [
        r | {key: min(r[n] for n in names if n in r)} if any(n in r for n in names) else r
        for r in rounds
    ]


def entries(rows, rounds, sizes, peer_names, wanted_peers):
    """One entry for each row, size and peer among wanted_peers, in that order; a row whose peers
    are all unwanted has one entry without a peer. What was not measured is None."""
    result = []
    for row in rows:
        for size in sizes:
            ours = f"zeropoint/{row.name}/{size}"
            limited = _with_limit(rounds, row, size, "limit")
            for implementation, operation in [
                p for p in row.peers if p[0] in wanted_peers
            ] or [(None, None)]:
                peer = f"{implementation}/{operation}/{size}"
                result.append({
                    "name": row.name,
                    "size": size,
                    "ours": _figure(rounds, ours),
                    "peer": _figure(rounds, peer),
                    "peer_name": peer_names.get(implementation),
                    "limit": _figure(limited, "limit"),
                    "unit": UNIT,
                    "ratio_to_peer": _ratio(rounds, ours, peer),
                    "ratio_to_limit": _ratio(limited, ours, "limit"),
                })
    return result


def judge(goal, entry, peer_names):
    """A goal's text for an entry with whether it is reached, or None where it is not this entry's."""
    if goal.against == "limit":
        what, value = "limit", entry["ratio_to_limit"]
    elif goal.against == "ns":
        what, value = "ns", 1 / entry["ours"] if entry["ours"] else None
    elif peer_names[goal.against] == entry["peer_name"]:
        what, value = entry["peer_name"], entry["ratio_to_peer"]
    else:
        return None
    at_most = goal.against == "ns"
    text = f"<= {goal.value:g} ns" if at_most else f">= {goal.value:g} x {what}"
    if value is None:
        return text + ": not measured"
    reached = value <= goal.value if at_most else value >= goal.value
    return f"{text}: {'yes' if reached else 'NO'} ({value:.2f})"


def _number(value):
    return "-" if value is None else f"{value:.2f}"


HEADINGS = ("name", "size", "ours", "peer", "peer's name", "limit", "x peer", "x limit", "goal")


def table(rows, all_entries, peer_names):
    """The entries as lines of text. Of several peers the first line has what they share: the name,
    our figure, the limit and the goals that do not name a peer."""
    goals = {row.name: row.goals for row in rows}
    lines = []
    previous = None
    for entry in all_entries:
        key = (entry["name"], entry["size"])
        first = key != previous
        previous = key
        judged = [
            judge(goal, entry, peer_names)
            for goal in goals[entry["name"]]
            if goal.size == entry["size"] and (first or goal.against not in ("limit", "ns"))
        ]
        lines.append((
            entry["name"] if first else "",
            entry["size"] if first else "",
            _number(entry["ours"]) if first else "",
            _number(entry["peer"]) if entry["peer"] else ("missing" if entry["peer_name"] else "-"),
            entry["peer_name"] or "none",
            _number(entry["limit"]) if first else "",
            _number(entry["ratio_to_peer"]),
            _number(entry["ratio_to_limit"]) if first else "",
            "; ".join(text for text in judged if text),
        ))
    widths = [max(len(line[i]) for line in [HEADINGS, *lines]) for i in range(len(HEADINGS))]
    left = {0, 1, 4, 8}

    def aligned(line):
        cells = [c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))]
        return "  ".join(cells).rstrip()

    return "\n".join([aligned(HEADINGS), aligned(["-" * w for w in widths]), *map(aligned, lines)])


def goals_missed(rows, all_entries, peer_names):
    """A line for each goal that was measured and not reached."""
    lines = [
        f"{entry['name']} {entry['size']} {text}"
        for row in rows
        for entry in all_entries
        if entry["name"] == row.name
        for goal in row.goals
        if goal.size == entry["size"]
        for text in [judge(goal, entry, peer_names)]
        if text and ": NO" in text
    ]
    return list(dict.fromkeys(lines))  # a goal without a peer is met in each peer's entry


def limits_line(rounds, sizes):
    """The two memcpy limits in words, for a reader who knows the machine by them."""
    figures = [
        f"{what} {_number(_figure(rounds, f'limit/{operation}/{size}'))} in {size}"
        for operation, what in (("copy", "memcpy of the floats"),
                                ("memcpy_of_5_bytes", "memcpy of 2.5 bytes an element"))
        for size in sizes
    ]
    return ", ".join(figures) + f" {UNIT}"
