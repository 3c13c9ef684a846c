"""How bench/accuracy puts measurements together, on made-up ones."""

import accuracy_report as report
import accuracy_settings
import pytest

MACS = {"total": 200, "int8": 198, "share": 0.99, "inner": 0, "in_float": {"stem": 2}}


def figures(value, drop=None, agree=90.0, sqnr_db=20.0, reference=80.0):
    return {"value": value, "drop": drop, "agree": agree, "sqnr_db": sqnr_db, "float": reference,
            "sqnr_min_db": sqnr_db}


def lost(drop, **more):
    return figures(80.0 - drop, drop, **more)


def record(ort, **more):
    judged = {"ort": ort, "precise": ort, "openvino": ort}
    return {"seconds": 2.0, "cpu_s": 3.0, "peak_mb": 100.0, "size_kb": 30, "macs": MACS, "judged": judged} | more


def entry(ours, peers=(), metric="top-1 %", **more):
    return {"task": "a_task", "metric": metric, "samples": 100, "size_kb": 110,
            "floats": {"seconds": 1.0, "cpu_s": 1.5, "peak_mb": 50.0}, "ours": ours, "peers": dict(peers),
            "latency": {}, "subsets": []} | more


def cells(table, row=0):
    """A row of a Markdown table by its headings; a repeated heading keeps its first cell."""
    split = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines()]
    return dict(reversed(list(zip(split[0], split[2 + row], strict=True))))


def test_the_best_setting_loses_least_and_of_equal_ones_agrees_most():
    peers = {"default": record(lost(3.0)), "minmax": record(lost(1.0, agree=91.0)),
             "entropy": record(lost(1.0, agree=92.0)), "percentile": {"error": "no memory"}}
    assert report.best_setting(entry(None, peers)) == "entropy"


def test_the_best_setting_is_not_the_one_without_calibration():
    peers = {"minmax": record(lost(3.0)), "dynamic": record(lost(0.0))}
    assert report.best_setting(entry(None, peers)) == "minmax"


def test_without_labels_more_decibels_are_better():
    peers = {"default": record(figures(35.0)), "minmax": record(figures(40.0))}
    assert report.best_setting(entry(None, peers, metric="output SQNR dB")) == "minmax"


def test_there_is_no_best_setting_where_all_failed():
    assert report.best_setting(entry(None, {"default": {"error": "no"}})) is None


@pytest.mark.parametrize(("metric", "ours", "peer", "text"), [
    ("top-1 %", lost(1.5), lost(1.0), "yes"),  # within the half point
    ("top-1 %", lost(1.75), lost(1.0), "NO, 0.75 worse"),
    ("top-1 %", lost(-1.0), lost(1.0), "yes"),
    ("NLL nats/token", figures(1.30, 0.02), figures(1.29, 0.01), "yes"),
    ("NLL nats/token", figures(1.33, 0.05), figures(1.29, 0.01), "NO, 0.04 worse"),
    ("output SQNR dB", figures(30.0), figures(32.0), "NO, 2 worse"),
])
def test_a_verdict_allows_for_the_metrics_noise(metric, ours, peer, text):
    assert report.verdict(entry(record(ours), {"minmax": record(peer)}, metric)) == text


def test_the_accuracy_table_sets_ours_beside_the_best():
    ours = record(lost(0.5)) | {"judged": {"ort": lost(0.5, agree=97.0, sqnr_db=25.0),
                                           "precise": lost(0.25), "openvino": lost(1.0)}}
    row = cells(report.accuracy_table([entry(ours, {"minmax-u8u8": record(lost(3.0))})]))
    assert (row["task"], row["metric"], row["float"]) == ("a_task", "top-1 %", "80.00")
    assert (row["zeropoint"], row["agree %"], row["dB"]) == ("79.50", "97.0", "25.0")
    assert (row["precise"], row["OpenVINO"]) == ("79.75", "79.00")
    assert (row["best of quantize_static"], row["no worse"]) == ("minmax-u8u8", "yes")
    assert "| minmax-u8u8 | 77.00 | 90.0 | 20.0 | yes |" in report.accuracy_table(
        [entry(ours, {"minmax-u8u8": record(lost(3.0))})])


def test_a_task_that_failed_is_a_row_that_says_why_and_a_failure():
    failed = entry({"error": "conv_3: weights hold NaN"}, {"minmax": record(lost(1.0))})
    row = cells(report.accuracy_table([failed]))
    assert row["zeropoint"] == "failed: conv_3: weights hold NaN"
    assert row["best of quantize_static"] == "minmax"
    assert report.failures([failed]) == ["a_task: quantizing: conv_3: weights hold NaN"]


def test_an_engine_that_failed_is_a_failure_of_ours_but_not_of_a_peers():
    crashed = record(lost(1.0))
    crashed["judged"]["openvino"] = {"error": "ended by signal 11 (SIGSEGV)"}
    ours = entry(crashed)
    peers = entry(record(lost(1.0)), {"minmax": crashed})
    line = "judging in openvino: ended by signal 11 (SIGSEGV)"
    assert report.failures([ours]) == [f"a_task: {line}"]
    assert (report.failures([peers]), report.peer_failures([peers])) == ([], [f"a_task, minmax: {line}"])
    assert line in report.report("heading", [peers], [], False)


def test_what_was_not_asked_for_is_a_dash_and_no_failure():
    peers_alone = entry(None, {"minmax": record(lost(1.0))})
    assert cells(report.accuracy_table([peers_alone]))["zeropoint"] == "-"
    assert cells(report.cost_table([peers_alone]))["zeropoint s"] == "-"
    assert cells(report.speed_table([peers_alone]))["int8 MACs %"] == "-"
    assert report.failures([peers_alone]) == []


def test_the_speed_table_marks_a_low_share_and_names_what_is_in_float():
    macs = {"total": 1000, "int8": 900, "share": 0.9, "inner": 2,
            "in_float": {"a": 10, "b": 50, "c": 30, "d": 10}}
    ratio = {"ratio_a_over_b": 1.5}
    made = entry(record(lost(0.0), macs=macs), latency={"ours": {"ort": ratio, "openvino": ratio}})
    row = cells(report.speed_table([made]))
    assert row["int8 MACs %"] == "NO 90.0"
    assert row["in float, % of MACs"] == "b 5.0, c 3.0, a 1.0 and 1 more; 2 inner nodes not counted"
    assert (row["ONNX Runtime: float/int8"], row["OpenVINO: float/int8"]) == ("1.50", "1.50")
    assert (row["minmax's"], row["float kB"], row["int8 kB"]) == ("-", "110", "30")


def test_what_zeropoint_says_itself_stands_beside_what_was_measured():
    own = {"int8_share": 0.985, "output_error": {"lowest_sqnr_db": 22.5},
           "seconds": {"calibrate": 1.5}, "in_float": [{"node": "stem", "reason": "excluded"}]}
    made = entry(record(lost(0.0), own=own))
    share = cells(report.speed_table([made]))
    assert (share["int8 MACs %"], share["said"]) == ("99.0", "98.5")
    assert share["in float, % of MACs"] == "stem 1.0 (excluded)"
    assert cells(report.accuracy_table([made]))["said"] == "22.5"
    cost = cells(report.cost_table([made]))
    assert (cost["calibration s"], cost["x float inference"]) == ("1.50", "1.5")


def test_another_quantizer_says_nothing_itself():
    made = entry(record(lost(0.0), own=None))
    assert cells(report.accuracy_table([made]))["said"] == "-"
    assert cells(report.speed_table([made]))["said"] == "-"
    assert cells(report.cost_table([made]))["calibration s"] == "-"


def test_the_cost_table_says_how_many_times_as_fast_ours_is():
    peers = {"minmax": record(lost(0.0), seconds=4.0), "percentile": record(lost(0.0), seconds=24.0),
             "entropy": record(lost(0.0), seconds=20.0)}
    row = cells(report.cost_table([entry(record(lost(0.0)), peers)]))
    assert row["times as fast as percentile and entropy"] == "12.0 and 10.0"
    assert (row["zeropoint s"], row["percentile s"]) == ("2.00", "24.00")


def test_subsets_are_shown_by_their_median_and_worst():
    subsets = [record(lost(d, sqnr_db=s)) for d, s in ((1.0, 22.0), (4.0, 18.0), (2.0, 25.0))]
    row = cells(report.subsets_table([entry(record(lost(0.5)), subsets=subsets)]))
    assert (row["all samples"], row["subsets: median"], row["worst"]) == ("79.50", "78.00", "76.00")
    assert row["dB: median"] == "22.0"


def test_a_peers_cell_holds_value_agreement_and_decibels():
    made = entry(None, {"minmax": record(lost(1.0)), "entropy": {"error": "no"}})
    row = cells(report.peers_table([made], "ort"))
    assert (row["minmax"], row["entropy"]) == ("79.00 (90.0; 20.0)", "failed")


def test_other_models_are_rows_with_their_lowest_decibels():
    row = cells(report.others_table([entry(record(figures(None, sqnr_db=31.0)))]))
    assert (row["model"], row["ONNX Runtime dB"], row["OpenVINO dB"]) == ("a_task", "31.0", "31.0")


def test_a_bar_in_a_reason_does_not_end_the_cell():
    assert "a \\| b" in report.accuracy_table([entry({"error": "a | b"})])


def test_the_section_between_the_markers_is_replaced_and_nothing_else():
    text = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    assert report.replaced(text, "new\n") == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
    with pytest.raises(ValueError, match="no section"):
        report.replaced("before", "new")


def test_every_metrics_noise_and_every_named_setting_is_known():
    assert accuracy_settings.FASTEST in accuracy_settings.STATIC
    assert set(accuracy_settings.SLOW) <= set(accuracy_settings.STATIC)
    assert "dynamic" not in accuracy_settings.STATIC
