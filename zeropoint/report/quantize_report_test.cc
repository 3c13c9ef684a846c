#include "zeropoint/report/quantize_report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace zp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RangeNote note(const std::string& tensor, const RangeUse& use) { return {tensor, use}; }

QuantizeReport report() {
  QuantizeReport report;
  report.model = "net.onnx";
  report.output = "net.int8.onnx";
  report.target = "onnxruntime";
  report.prepared = {"opset 11 -> 13"};
  report.samples = 100;
  report.samples_held_back = 12;
  report.tensors_quantized = 30;
  report.nodes_quantized = 56;
  report.nodes = 60;
  report.macs = 40000000;
  report.macs_quantized = 38000000;
  report.in_float = {{"c", "Conv", "it was excluded", 2000000},
                     {"s1", "Sigmoid", "no rule", 0},
                     {"p", "Softmax", "no rule", 0},
                     {"s2", "Sigmoid", "no rule", 0}};
  report.wasteful = {note("a", {.covered = 1, .covered_by_most = 0.05})};
  report.saturating = {note("b", {.covered = 1, .covered_by_most = 1, .saturated = 0.0123})};
  report.flattened = {note("d", {.flattened = 0.2}), note("e", {.flattened = 0.1})};
  report.size_before = 145600;
  report.size_after = 36400;
  report.judging_samples = 12;
  report.output_errors = {{"boxes", 31.2}, {"scores", 24.06}};
  report.seconds = {{"prepare", 0.01}, {"calibrate", 1.5}, {"check", 0.25}};
  return report;
}

TEST(QuantizeText, IsAPage) {
  EXPECT_EQ(to_text(report()), R"(model        net.onnx -> net.int8.onnx
target       onnxruntime
prepared     opset 11 -> 13
samples      88 to calibrate, 12 held back
quantized    56 of 60 nodes, 30 tensors
int8         95 % of 40.00 M multiply-accumulates against weights
in float     Conv "c" (2.00 M multiply-accumulates): it was excluded
             Sigmoid "s1" and 1 more: no rule
             Softmax "p": no rule
wide ranges  "a": outliers leave 5.0 % of the codes to 99.9 % of the values
saturating   "b": 1.23 % of the values are cut off
cut off      without loss, in 2 tensors: values that SiLU, GELU, HardSwish or Softmax would make 0
size         145.6 kB -> 36.4 kB (25 %)
output error 24.1 dB signal to noise at "scores", the worst output, on 12 held-back samples
time         1.8 s: calibrate 1.5 s, check 0.2 s
)");
}

TEST(QuantizeText, NamesTheFirstOfLongLists) {
  QuantizeReport many = report();
  many.in_float.clear();
  many.saturating.clear();
  for (int i = 0; i < 7; ++i) {
    many.in_float.push_back({"n", fmt::format("Op{}", i), "no rule", 0});
    many.saturating.push_back(note(fmt::format("t{}", i), {.saturated = 0.5}));
  }
  const std::string text = to_text(many, 3);
  EXPECT_THAT(text,
              HasSubstr("Op2 \"n\": no rule\n             and 4 more (--json has them all)\n"));
  EXPECT_THAT(text, Not(HasSubstr("Op3")));
  EXPECT_THAT(text, HasSubstr("\"t2\""));
  EXPECT_THAT(text, Not(HasSubstr("\"t3\"")));
}

TEST(QuantizeText, SaysWhatIsQuantizedAndWillRunInFloat) {
  QuantizeReport partly = report();
  partly.macs_run_in_int8 = partly.macs_quantized;
  EXPECT_THAT(to_text(partly), HasSubstr("40.00 M multiply-accumulates against weights\n"));
  partly.macs_run_in_int8 = 10000000;
  partly.not_in_integers = {{"a", "Conv", "signed activations", 20000000},
                            {"b", "Conv", "signed activations", 8000000}};
  EXPECT_THAT(to_text(partly),
              HasSubstr("against weights; onnxruntime will compute 25 % so, as predicted\n"));
  EXPECT_THAT(to_text(partly), HasSubstr("not fused    Conv \"a\" and 1 more (28.00 M "
                                         "multiply-accumulates): signed activations\n"));
}

TEST(QuantizeText, SaysWhatWasNotMeasured) {
  QuantizeReport blind = report();
  blind.samples = 0;
  blind.judging_samples.reset();
  blind.output_errors.clear();
  blind.macs_unknown = 3;
  blind.is_run_in_tests = false;
  const std::string text = to_text(blind);
  EXPECT_THAT(text, HasSubstr("output error not measured: there are no samples (--calibration)\n"));
  EXPECT_THAT(text, HasSubstr("3 nodes whose sizes are not known are not counted\n"));
  EXPECT_THAT(text, HasSubstr("onnxruntime (its rules are checked; it was not run)\n"));
  EXPECT_THAT(text, Not(HasSubstr("samples      ")));
}

TEST(QuantizeText, SaysWhereTooFewSamplesJudgeThemselves) {
  QuantizeReport few = report();
  few.were_held_back = false;
  few.judging_samples = 3;
  few.samples_skipped = 2;
  EXPECT_THAT(to_text(few), HasSubstr("on 3 calibration samples (too few to hold any back)"));
  EXPECT_THAT(to_text(few), HasSubstr("12 held back, 2 skipped\n"));
}

TEST(QuantizeText, SaysInWordsWhatIsNoRatio) {
  QuantizeReport odd = report();
  odd.output_errors = {{"y", std::numeric_limits<double>::infinity()}};
  EXPECT_THAT(to_text(odd), HasSubstr("output error exact signal to noise at \"y\", on 12"));
  odd.output_errors = {{"y", -std::numeric_limits<double>::infinity()}};
  EXPECT_THAT(to_text(odd), HasSubstr("output error destroyed"));
}

TEST(QuantizeText, OfAPlanHasNoModel) {
  QuantizeReport plan = report();
  plan.mode = "plan";
  plan.output = "plan.json";
  plan.size_before = 145600;
  plan.size_after = 0;
  plan.judging_samples.reset();
  const std::string text = to_text(plan, 1);
  EXPECT_THAT(text, HasSubstr("net.onnx -> plan.json\n"));
  EXPECT_THAT(text, HasSubstr("56 of 60 nodes, 30 tensors\n"));
  EXPECT_THAT(text, HasSubstr("and 2 more (the plan has them all)\n"));
  EXPECT_THAT(text, Not(HasSubstr("size  ")));
  EXPECT_THAT(text, Not(HasSubstr("output error")));
}

TEST(QuantizeText, OfWeightsAloneCountsThem) {
  QuantizeReport weights = report();
  weights.mode = "weights";
  weights.judging_samples.reset();
  EXPECT_THAT(to_text(weights), HasSubstr("quantized    30 weights\n"));
  EXPECT_THAT(to_text(weights), Not(HasSubstr("output error")));
}

TEST(QuantizeJson, HasAStableForm) {
  const auto json = nlohmann::json::parse(to_json(report()));
  EXPECT_EQ(json["model"], "net.onnx");
  EXPECT_EQ(json["mode"], "static");
  EXPECT_DOUBLE_EQ(json["int8_share"], 0.95);
  ASSERT_EQ(json["in_float"].size(), 4U);
  EXPECT_EQ(json["in_float"][0], nlohmann::json::parse(R"({"node": "c", "op_type": "Conv",
      "reason": "it was excluded", "macs": 2000000})"));
  EXPECT_TRUE(json["macs_run_in_int8"].is_null());
  EXPECT_TRUE(json["not_in_integers"].empty());
  EXPECT_EQ(json["wasteful_ranges"][0]["tensor"], "a");
  EXPECT_DOUBLE_EQ(json["saturating_ranges"][0]["saturated"], 0.0123);
  EXPECT_EQ(json["cut_without_loss"].size(), 2U);
  EXPECT_DOUBLE_EQ(json["output_error"]["lowest_sqnr_db"], 24.06);
  EXPECT_EQ(json["output_error"]["held_back"], true);
  EXPECT_EQ(json["output_error"]["outputs"][0]["output"], "boxes");
  EXPECT_DOUBLE_EQ(json["seconds"]["calibrate"], 1.5);
  EXPECT_EQ(nlohmann::json::parse(to_json(QuantizeReport{}))["output_error"], nullptr);
}

}  // namespace
}  // namespace zp
