#include "zeropoint/report/compare_report.h"

#include <gmock/gmock.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace zp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

OutputView view(const std::vector<float>& elements) {
  return {.type = DataType::kFloat,
          .shape = Shape::make({static_cast<int64_t>(elements.size())}).value(),
          .bytes = std::as_bytes(std::span(elements))};
}

OutputError error_of(const std::string& name, const std::vector<float>& x,
                     const std::vector<float>& y) {
  OutputError error(name, ValueKind::kFloat);
  EXPECT_TRUE(error.add(3, view(x), view(y)));
  return error;
}

CompareReport report() {
  CompareReport report;
  report.reference = {"net.onnx", 145600};
  report.quantized = {"net.int8.onnx", 36400};
  report.engine = "Engine 1.0";
  report.instructions = "AVX2 without VNNI";
  Comparison& comparison = report.comparison;
  comparison.samples = 100;
  // 10 log10(100 / 1) = 20 dB.
  comparison.outputs.push_back({error_of("logits", {10, 0}, {11, 0}), "b/3.npy"});
  comparison.accuracy = {.output = "logits",
                         .counts = {.samples = 98,
                                    .classes = 10,
                                    .reference_top1 = 49,
                                    .reference_top5 = 98,
                                    .quantized_top1 = 44,
                                    .quantized_top5 = 98,
                                    .agreeing = 49,
                                    .only_reference_right = 8,
                                    .only_quantized_right = 3},
                         .difference = {-0.12, 0.02},
                         .mcnemar_p = 0.227};
  comparison.latency = LatencyPair{.reference_seconds = {0.001, 0.002, 0.003},
                                   .quantized_seconds = {0.0005, 0.001, 0.0015},
                                   .speedup = {1.9, 2, 2.1},
                                   .turns = 50,
                                   .runs_a_turn = 2};
  return report;
}

TEST(CompareText, IsAPage) {
  EXPECT_EQ(to_text(report()), R"(float         net.onnx
quantized     net.int8.onnx
samples       100
executed      with integers, by Engine 1.0

output        signal to noise    cosine  largest error  worst sample
logits                20.0 dB  1.000000              1  b/3.npy (20.0 dB)

                 float  quantized
top-1          50.00 %    44.90 %  -5.10 points, 95 % interval -12.00 to +2.00
top-5         100.00 %   100.00 %  +0.00 points
agreement                 50.00 %  right in one alone: float 8, quantized 3 (McNemar p = 0.227)
size          145.6 kB    36.4 kB  25 %
latency           2 ms       1 ms  2.00 times as fast (1.90 to 2.10)
Classes of 98 samples from output "logits"; the interval is for paired samples (Bonett and Price).
Latency in Engine 1.0, one thread, in turns: medians and quartiles of 50. This processor has AVX2 without VNNI.
)");
}

TEST(CompareText, SaysWhereInt8IsNotFaster) {
  CompareReport slow = report();
  slow.comparison.latency->speedup = {0.8, 0.85, 0.9};
  EXPECT_THAT(to_text(slow), HasSubstr("not faster on this machine: 0.85 times as fast"));
  slow.comparison.latency->speedup = {0.8, 1.1, 1.3};
  EXPECT_THAT(to_text(slow), HasSubstr("not clearly faster on this machine: 1.10 times as fast"));
}

TEST(CompareText, SaysWhatHasNoRatio) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  CompareReport odd = report();
  odd.comparison.latency.reset();
  odd.comparison.accuracy.reset();
  odd.comparison.outputs = {{error_of("same", {1, 2}, {1, 2}), "a"},
                            {error_of("broken", {10, 1}, {11, kNan}), "b"},
                            {error_of("silent", {0, 0}, {1, 0}), "c"},
                            {error_of("other", {1, 2}, {1}), "d"}};
  OutputError label("label", ValueKind::kOther);
  const std::vector<int64_t> x{1, 2};
  const std::vector<int64_t> y{1, 3};
  const auto labels = [](const std::vector<int64_t>& values) {
    return OutputView{.type = DataType::kInt64,
                      .shape = Shape::make({2}).value(),
                      .bytes = std::as_bytes(std::span(values))};
  };
  ASSERT_TRUE(label.add(0, labels(x), labels(y)));
  odd.comparison.outputs.push_back({label, "e"});
  EXPECT_EQ(to_text(odd), R"(float         net.onnx
quantized     net.int8.onnx
samples       100
executed      with integers, by Engine 1.0

output        signal to noise    cosine  largest error  worst sample
same                    exact  1.000000              0
broken              destroyed  1.000000            inf  b
silent              no signal  0.000000              1  c
other            other shapes  1.000000              0  d
label           50.00 % equal                           e (50.00 % equal)
"broken": 1 of 2 elements are infinite or NaN in one of the two models only; 20.0 dB without them
"other": 1 of 1 samples have another shape in the two models; they are in no figure

                 float  quantized
size          145.6 kB    36.4 kB  25 %
)");
}

TEST(CompareText, NamesTheFirstSkippedSamplesAndTheNotes) {
  CompareReport skipping = report();
  skipping.notes = {"a note"};
  for (int i = 0; i < 7; ++i) {
    skipping.comparison.skipped.push_back(
        {ErrorCode::kInvalidData, std::to_string(i) + ".npy: truncated"});
  }
  const std::string text = to_text(skipping);
  EXPECT_THAT(text, HasSubstr("samples       100, 7 skipped\n"));
  EXPECT_THAT(text, HasSubstr("note          a note\n"));
  EXPECT_THAT(text, HasSubstr("skipped       4.npy: truncated\n"));
  EXPECT_THAT(text, Not(HasSubstr("5.npy")));
  EXPECT_THAT(text, HasSubstr("and 2 more (--json has them all)\n"));
}

TEST(CompareText, ListsInnerTensorsInTheModelsOrder) {
  CompareReport detailed = report();
  detailed.comparison.tensors =
      ComparedTensors{.pairs = {{"b", "Conv", "b_dequantized"}, {"a", "Relu", "a"}},
                      .values = {{error_of("b", {10}, {11}), "s"}, {error_of("a", {1}, {1}), "s"}},
                      .unmatched = 3};
  EXPECT_THAT(to_text(detailed), HasSubstr(R"(
tensor        made by  signal to noise    cosine  largest error  worst sample
b             Conv             20.0 dB  1.000000              1  s (20.0 dB)
a             Relu               exact  1.000000              0
Inner tensors are computed as the quantized model is written, in the order of the float model.
3 more of the float model are not in the quantized one.
)"));
}

TEST(CompareJson, HasAStableForm) {
  CompareReport all = report();
  all.comparison.skipped.push_back({ErrorCode::kInvalidData, "x.npy: truncated"});
  all.comparison.tensors = ComparedTensors{.pairs = {{"b", "Conv", "b_dequantized"}},
                                           .values = {{error_of("b", {10}, {10}), "s"}},
                                           .unmatched = 3};
  const auto json = nlohmann::json::parse(to_json(all));
  EXPECT_EQ(json["float"], nlohmann::json::parse(R"({"path": "net.onnx", "bytes": 145600})"));
  EXPECT_EQ(json["execution"], "int8");
  EXPECT_EQ(json["skipped"][0], "x.npy: truncated");
  const auto& output = json["outputs"][0];
  EXPECT_EQ(output["name"], "logits");
  EXPECT_EQ(output["kind"], "float");
  EXPECT_DOUBLE_EQ(output["sqnr_db"], 20);
  EXPECT_EQ(output["equal_share"], nullptr);
  EXPECT_EQ(output["worst_sample"]["name"], "b/3.npy");
  EXPECT_EQ(output["worst_sample"]["index"], 3);
  EXPECT_EQ(json["tensors"]["unmatched"], 3);
  EXPECT_EQ(json["tensors"]["list"][0]["sqnr_db"], "inf");
  EXPECT_EQ(json["tensors"]["list"][0]["quantized_name"], "b_dequantized");
  EXPECT_EQ(json["tensors"]["list"][0]["op_type"], "Conv");
  const auto& classes = json["classification"];
  EXPECT_DOUBLE_EQ(classes["float"]["top1"], 0.5);
  EXPECT_DOUBLE_EQ(classes["quantized"]["top5"], 1);
  EXPECT_DOUBLE_EQ(classes["difference"], -5 / 98.0);
  EXPECT_EQ(classes["interval_95"], nlohmann::json::parse("[-0.12, 0.02]"));
  EXPECT_DOUBLE_EQ(json["latency"]["float_ms"]["median"], 2);
  EXPECT_DOUBLE_EQ(json["latency"]["speedup"]["low"], 1.9);
  EXPECT_EQ(nlohmann::json::parse(to_json(CompareReport{}))["latency"], nullptr);
}

TEST(CompareJson, HasNoTopFiveOfFiveClasses) {
  CompareReport few = report();
  few.comparison.accuracy->counts.classes = 5;
  EXPECT_EQ(nlohmann::json::parse(to_json(few))["classification"]["float"]["top5"], nullptr);
  EXPECT_THAT(to_text(few), Not(HasSubstr("top-5")));
}

}  // namespace
}  // namespace zp
