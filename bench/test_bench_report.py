"""How bench/compare puts measurements together, on made-up ones."""

import pytest
import report
import rows
from rows import Goal, Row

PEER_NAMES = {"fast": "Fast", "slow": "Slow"}


def google_benchmark(*benchmarks):
    return {"context": {}, "benchmarks": list(benchmarks)}


def one(name, cpu_time, unit="ns", elements=1000, **more):
    return {"name": name, "cpu_time": cpu_time, "real_time": 2 * cpu_time, "time_unit": unit, "elements": elements} | more


def a_row(peers=(("fast", "op"),), limits=("copy",), goals=()):
    return Row("quantize", tuple(peers), {"L2": tuple(limits)}, tuple(goals))


def entries(row, *rounds, wanted=("fast", "slow")):
    return report.entries([row], list(rounds), ("L2",), PEER_NAMES, set(wanted))


def a_round(ours=None, fast=None, slow=None, **limits):
    """Nanoseconds an element under the full names."""
    times = {"zeropoint/quantize/L2": ours, "fast/op/L2": fast, "slow/op/L2": slow}
    times |= {f"limit/{name}/L2": value for name, value in limits.items()}
    return {name: value for name, value in times.items() if value is not None}


@pytest.mark.parametrize(("unit", "factor"), [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9)])
def test_a_time_becomes_nanoseconds_an_element(unit, factor):
    parsed = report.parse(google_benchmark(one("zeropoint/a/L2", 500, unit)))
    assert parsed == {"zeropoint/a/L2": pytest.approx(0.5 * factor)}


def test_a_skipped_benchmark_is_left_out():
    skipped = {"name": "x/a/L2", "error_occurred": True, "error_message": "not supported"}
    parsed = report.parse(google_benchmark(skipped | {"cpu_time": 0, "time_unit": "ns"}))
    assert parsed == {}


def test_figures_are_gigaelements_a_second_and_ratios_say_how_many_times_as_fast_ours_is():
    [entry] = entries(a_row(), a_round(ours=0.125, fast=0.25, copy=0.0625))
    assert entry == {
        "name": "quantize", "size": "L2", "ours": 8.0, "peer": 4.0, "peer_name": "Fast",
        "limit": 16.0, "unit": "Gelem/s", "ratio_to_peer": 2.0, "ratio_to_limit": 0.5,
    }


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    # The machine is twice as slow in the second round and ours was disturbed in the third. The
    # ratios within the rounds are 2, 2 and 1; the ratio of the best times would be 2 / 1.
    [entry] = entries(a_row(), a_round(ours=0.1, fast=0.2, copy=0.1),
                      a_round(ours=0.2, fast=0.4, copy=0.2), a_round(ours=0.4, fast=0.4, copy=0.1))
    assert entry["ratio_to_peer"] == pytest.approx(2)
    assert entry["ratio_to_limit"] == pytest.approx(1)  # the median of 1, 1 and 0.25
    assert entry["ours"] == pytest.approx(5)


def test_the_limit_is_the_fastest_of_its_variants_in_each_round():
    row = a_row(limits=("regular", "streaming"))
    [entry] = entries(row, a_round(ours=1.0, regular=1.0, streaming=0.5),
                      a_round(ours=1.0, regular=0.5, streaming=0.8))
    assert entry["limit"] == 2.0
    assert entry["ratio_to_limit"] == 0.5


def test_what_was_not_measured_is_none_and_shown_as_missing():
    row = a_row(peers=(("fast", "op"), ("slow", "op")), goals=(Goal("L2", "fast", 1.5),))
    first, second = entries(row, a_round(ours=0.5, slow=1.0, copy=0.25))
    assert (first["peer"], first["peer_name"], first["ratio_to_peer"]) == (None, "Fast", None)
    assert second["ratio_to_peer"] == 2.0

    lines = report.table([row], [first, second], PEER_NAMES).splitlines()
    assert "missing" in lines[2] and "not measured" in lines[2]
    assert "missing" not in lines[3]


def test_ours_missing_leaves_the_peers_and_the_limit_standing():
    [entry] = entries(a_row(goals=(Goal("L2", "ns", 0.4),)), a_round(fast=0.5, copy=0.25))
    assert (entry["ours"], entry["ratio_to_peer"], entry["ratio_to_limit"]) == (None, None, None)
    assert (entry["peer"], entry["limit"]) == (2.0, 4.0)
    assert report.judge(Goal("L2", "ns", 0.4), entry, PEER_NAMES) == "<= 0.4 ns: not measured"


def test_a_row_without_wanted_peers_has_one_entry_without_a_peer():
    [entry] = entries(a_row(), a_round(ours=0.5, fast=1.0, copy=0.25), wanted=())
    assert (entry["peer"], entry["peer_name"], entry["ratio_to_peer"]) == (None, None, None)
    assert entry["ratio_to_limit"] == 0.5


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (Goal("L2", "limit", 0.5), ">= 0.5 x limit: yes (0.50)"),
        (Goal("L2", "limit", 0.51), ">= 0.51 x limit: NO (0.50)"),
        (Goal("L2", "fast", 2), ">= 2 x Fast: yes (2.00)"),
        (Goal("L2", "fast", 2.1), ">= 2.1 x Fast: NO (2.00)"),
        (Goal("L2", "ns", 0.125), "<= 0.125 ns: yes (0.12)"),
        (Goal("L2", "ns", 0.1), "<= 0.1 ns: NO (0.12)"),
        (Goal("L2", "slow", 1), None),
    ],
)
def test_a_goal_is_judged_against_what_it_names(goal, text):
    [entry] = entries(a_row(), a_round(ours=0.125, fast=0.25, copy=0.0625))
    assert report.judge(goal, entry, PEER_NAMES) == text


def test_the_table_says_once_what_peers_share_and_lists_a_missed_goal_once():
    row = a_row(peers=(("fast", "op"), ("slow", "op")), goals=(Goal("L2", "limit", 0.9),))
    both = entries(row, a_round(ours=0.5, fast=1.0, slow=2.0, copy=0.25))
    lines = report.table([row], both, PEER_NAMES).splitlines()
    assert lines[0].split() == [*"name size ours peer peer's name limit x peer x limit goal".split()]
    assert lines[2].split() == [*"quantize L2 2.00 1.00 Fast 4.00 2.00 0.50".split(),
                                ">=", "0.9", "x", "limit:", "NO", "(0.50)"]
    assert lines[3].split() == ["0.50", "Slow", "4.00"]
    assert report.goals_missed([row], both, PEER_NAMES) == ["quantize L2 >= 0.9 x limit: NO (0.50)"]


def test_every_row_has_limits_for_every_size_and_goals_that_can_be_judged():
    assert len({row.name for row in rows.ROWS}) == len(rows.ROWS)
    for row in rows.ROWS:
        assert set(row.limits) == set(rows.SIZES)
        assert all(row.limits.values())
        peers = {implementation for implementation, _ in row.peers}
        assert peers <= set(rows.PEER_NAMES)
        for goal in row.goals:
            assert goal.size in rows.SIZES
            assert goal.against in peers | {"limit", "ns"}


def test_only_the_benchmarks_of_the_chosen_rows_are_run():
    names = rows.benchmark_names([a_row(peers=(("fast", "op"), ("slow", "op")))], {"fast"})
    assert names == {"limit/copy", "limit/memcpy_of_5_bytes", "zeropoint/quantize", "fast/op"}
