#include "zeropoint/tuning/in_order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <mutex>
#include <numeric>
#include <random>

#include "tests/support/onnx_text.h"
#include "zeropoint/evaluate/simulated_model.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/plan/apply.h"
#include "zeropoint/plan/planned_codes.h"

namespace zp {
namespace {

std::vector<float> random_values(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-1, 1);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = value(random);
  return values;
}

std::string constant(const std::string& dims, const std::string& name, int64_t count,
                     unsigned seed) {
  return fmt::format("float[{}] {} = {{{}}}", dims, name,
                     fmt::join(random_values(count, seed), ", "));
}

// Convolutions one after the other and side by side, then a Gemm.
Model network() {
  auto proto = onnx_model(
      fmt::format("g (float[1,3,8,8] x) => (float[1,2] y)\n<{}, {}, {}, {}>\n"
                  "{{ a = Conv<pads=[1,1,1,1]>(x, w1)  r = Relu(a)\n"
                  "   b = Conv(r, w2)  c = Conv(r, w3)  s = Add(b, c)  d = Conv<group=4>(s, w4)\n"
                  "   f = Flatten(d)  y = Gemm<transB=1>(f, w5) }}",
                  constant("4,3,3,3", "w1", 108, 1), constant("4,4,1,1", "w2", 16, 2),
                  constant("4,4,1,1", "w3", 16, 3),
                  constant("4,1,3,3", "w4", 36, 4) + ", " + constant("2,144", "w5", 288, 5)));
  for (auto& node : *proto.mutable_graph()->mutable_node()) node.set_name(node.output(0));
  return Model::parse(proto.SerializeAsString(), "test.onnx").value();
}

Plan coarse_plan(const Model& model) {
  Plan plan;
  plan.model_hash = model.hash().value().hex();
  const auto activation = [&](const std::string& tensor, float scale, Readers readers) {
    plan.activations.push_back(
        {tensor, {.type = IntType::kUint8, .scale = scale, .zero_point = 100}, readers, {}, ""});
  };
  activation("x", 0.02F, Readers::kQuantized);
  activation("r", 0.05F, Readers::kAll);
  activation("s", 0.1F, Readers::kAll);
  activation("f", 0.2F, Readers::kQuantized);
  for (const auto& node : model.graph().node()) {
    NodePlan entry;
    entry.node = node.name();
    entry.op_type = node.op_type();
    entry.quantized = node.op_type() == "Conv" || node.op_type() == "Gemm";
    if (entry.quantized) {
      WeightPlan weight;
      weight.tensor = node.input(1);
      weight.scales = {0.1F};
      entry.weights.push_back(weight);
    }
    plan.nodes.push_back(std::move(entry));
  }
  return plan;
}

Result<std::optional<SampleInputs>> load(int64_t sample) {
  if (sample == 2) return std::nullopt;
  return SampleInputs{
      {"x", Tensor::of<float>(Shape::make({1, 3, 8, 8}).value(),
                              random_values(192, 100 + static_cast<unsigned>(sample)))
                .value()}};
}

std::vector<int64_t> numbers(int64_t count) {
  std::vector<int64_t> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// A change of a node's weights that those behind it notice: the sign of every second code.
void change(const Model& model, NodePlan& node) {
  const GraphIndex index(model.graph());
  WeightPlan& weight = node.weights[0];
  const Tensor tensor = model.read(*index.constant(weight.tensor)).value();
  weight.codes = planned_codes(tensor, weight, nullptr).value();
  for (size_t i = 0; i < weight.codes.size(); i += 2) weight.codes[i] = -weight.codes[i];
}

NodePlan& entry(Plan& plan, const std::string& node) {
  return *std::ranges::find(plan.nodes, node, &NodePlan::node);
}

using Moments = std::map<std::string, SecondMoments>;

Moments in_order(const Model& model, const GatherOptions& options) {
  Plan plan = coarse_plan(model);
  const auto tasks = gather_tasks(model, plan);
  EXPECT_EQ(tasks.size(), 5U);
  Moments found;
  std::mutex mutex;
  const Status status = gather_in_order(
      model, infer_values(model).value(), plan, tasks, numbers(6), load,
      [&](size_t task, const SecondMoments& moments) {
        const std::lock_guard lock(mutex);
        found[tasks[task].node] = moments;
        change(model, entry(plan, tasks[task].node));
        return Status();
      },
      options);
  EXPECT_TRUE(status) << status.error().message;
  return found;
}

void expect_same(const SecondMoments& a, const SecondMoments& b) {
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.sum, b.sum);
  EXPECT_EQ(a.product, b.product);
  EXPECT_EQ(a.difference, b.difference);
  EXPECT_EQ(a.cross, b.cross);
}

// The same as running all of both models for each node, with the nodes before it changed.
TEST(InOrder, ShowsEachNodeWhatTheChangedOnesBeforeItGive) {
  const Model model = network();
  const GatherOptions options{.threads = 2, .rows = 100};
  const Moments found = in_order(model, options);
  Plan plan = coarse_plan(model);
  const auto all = gather_tasks(model, plan);
  const std::map<std::string, std::vector<std::string>> before{
      {"a", {}}, {"b", {"a"}}, {"c", {"a"}}, {"d", {"a", "b", "c"}}, {"y", {"a", "b", "c", "d"}}};
  for (const auto& [node, earlier] : before) {
    Plan changed = plan;
    for (const std::string& name : earlier) change(model, entry(changed, name));
    Model quantized = model.copy();
    ASSERT_TRUE(apply(quantized, changed));
    const Model simulated = simulated_model(quantized).value();
    const std::vector<GatherTask> task{*std::ranges::find(all, node, &GatherTask::node)};
    SecondMoments expected;
    const Status status = gather_moments(
        simulated, &model, task, std::vector<int64_t>{0, 1, 3, 4, 5}, load,
        [&](size_t, const SecondMoments& moments) {
          expected = moments;
          return Status();
        },
        options);
    ASSERT_TRUE(status) << status.error().message;
    SCOPED_TRACE(node);
    expect_same(found.at(node), expected);
  }
}

TEST(InOrder, IsTheSameForAnyNumberOfThreads) {
  const Model model = network();
  const Moments one = in_order(model, {.threads = 1});
  const Moments four = in_order(model, {.threads = 4});
  for (const auto& [node, moments] : one) expect_same(moments, four.at(node));
}

TEST(InOrder, GoesOnWithFewerSamplesWhereMemoryIsShort) {
  const Model model = network();
  const Moments few = in_order(model, {.memory = 1});
  // 64 rows a sample of 8 x 8, of all five samples at first; one row a sample for the Gemm.
  EXPECT_EQ(few.at("a").rows, 5 * 64);
  EXPECT_EQ(few.at("b").rows, 64);
  EXPECT_EQ(few.at("y").rows, 1);
}

}  // namespace
}  // namespace zp
