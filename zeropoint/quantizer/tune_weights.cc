#include "zeropoint/quantizer/tune_weights.h"

#include <algorithm>
#include <unordered_map>

#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/plan/planned_codes.h"
#include "zeropoint/tuning/bias_correction.h"
#include "zeropoint/tuning/error_correction.h"
#include "zeropoint/tuning/gptq.h"
#include "zeropoint/tuning/in_order.h"
#include "zeropoint/tuning/scale_search.h"

namespace zp {
namespace {

// For sums and for the values between parts of the network; then fewer samples take part.
constexpr size_t kMostMemory = size_t{1} << 28;

// One node at a time; several may be worked on at once.
class NodeTuner {
 public:
  NodeTuner(const PreparedModel& prepared, const WeightTuning& tuning)
      : model_(prepared.model), tuning_(tuning), index_(model_.graph()) {
    for (int i = 0; i < model_.graph().node_size(); ++i) {
      nodes_.emplace(model_.graph().node(i).name(), i);
    }
  }

  Status tune(const SecondMoments& moments, NodePlan& plan) const {
    const auto& node = model_.graph().node(nodes_.at(plan.node));
    WeightPlan& weight = plan.weights.front();
    ZP_ASSIGN_OR_RETURN(const Tensor tensor, model_.read(*index_.constant(weight.tensor)));
    ZP_ASSIGN_OR_RETURN(const auto floats, to_floats(tensor));
    const Filters filters = filters_of(node, tensor.shape().dims());
    // A MatMul has no bias that could take the mean error out.
    const MeanError mean = is_op(node, "MatMul") ? MeanError::kCounts : MeanError::kCorrected;
    std::vector<float> wanted = floats;
    if (tuning_.corrects == Corrects::kInputsAsWell) {
      ZP_ASSIGN_OR_RETURN(
          wanted, error_correcting_weights(filters, floats, moments, {tuning_.ridge, mean}));
    }
    ZP_ASSIGN_OR_RETURN(const auto bias, bias_of(node, filters.count));
    ScaleSearchOptions search;
    search.type = weight.type;
    search.narrow = weight.narrow;
    search.pairs = weight.pair_safe ? PairSafety::kHeld : PairSafety::kNone;
    search.share = weight.axis ? ScaleShare::kFilter : ScaleShare::kTensor;
    search.mean = mean;
    search.least = least_scales(bias, static_cast<float>(moments.codes.scale));
    ZP_ASSIGN_OR_RETURN(weight.scales, search_scales(filters, wanted, moments, search));
    weight.codes.clear();
    ZP_ASSIGN_OR_RETURN(const CodeGrid grid, grid_of(weight, filters));
    ZP_ASSIGN_OR_RETURN(weight.codes,
                        optimized_codes(filters, wanted, grid, moments, {.mean = mean}));
    if (mean == MeanError::kCounts) return {};
    if (!plan.bias) {
      plan.bias.emplace();
      if (node.input_size() > 2) plan.bias->tensor = node.input(2);
    }
    ZP_ASSIGN_OR_RETURN(plan.bias->correction,
                        bias_correction(filters, floats, weight.codes, grid, moments));
    return {};
  }

 private:
  Result<std::vector<float>> bias_of(const onnx::NodeProto& node, int64_t channels) const {
    if (node.input_size() < 3 || node.input(2).empty()) return std::vector<float>();
    ZP_ASSIGN_OR_RETURN(const Tensor value, model_.read(*index_.constant(node.input(2))));
    ZP_ASSIGN_OR_RETURN(auto floats, to_floats(value));
    if (floats.size() == 1) floats.resize(static_cast<size_t>(channels), floats[0]);
    return floats;
  }

  const Model& model_;
  const WeightTuning& tuning_;
  GraphIndex index_;
  std::unordered_map<std::string, int> nodes_;
};

}  // namespace

Result<Plan> tune_weights(const PreparedModel& prepared, const Plan& plan,
                          const TuningSamples& samples, const WeightTuning& tuning) {
  const auto tasks = gather_tasks(prepared.model, plan);
  Plan tuned = plan;
  std::vector<NodePlan*> nodes;
  for (const auto& task : tasks) {
    nodes.push_back(&*std::ranges::find(tuned.nodes, task.node, &NodePlan::node));
  }
  const NodeTuner tuner(prepared, tuning);
  GatherOptions options;
  options.threads = samples.threads;
  options.memory = kMostMemory;
  options.input_shapes = samples.input_shapes;
  options.progress = samples.progress;
  ZP_RETURN_IF_ERROR(gather_in_order(
      prepared.model, prepared.values, tuned, tasks, samples.numbers, samples.load,
      [&](size_t task, const SecondMoments& moments) -> Status {
        const Status status = tuner.tune(moments, *nodes[task]);
        if (status) return {};
        return tl::unexpected<Error>(
            Error(status.error()).at("node \"" + nodes[task]->node + "\""));
      },
      options));
  return tuned;
}

}  // namespace zp
