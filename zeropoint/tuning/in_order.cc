#include "zeropoint/tuning/in_order.h"

#include <fmt/format.h>
#include <algorithm>
#include <unordered_set>

#include "zeropoint/base/threads.h"
#include "zeropoint/engine/compile_model.h"
#include "zeropoint/engine/free_requests.h"
#include "zeropoint/evaluate/simulated_model.h"
#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/plan/apply.h"
#include "zeropoint/plan/planned_codes.h"
#include "zeropoint/tuning/nearest_integer.h"
#include "zeropoint/tuning/sample_rows.h"
#include "zeropoint/tuning/segments.h"

namespace zp {
namespace {

// Values of one sample that are still to be read.
using Kept = std::map<std::string, Tensor>;

struct SampleState {
  uint64_t seed = 0;
  Kept as_float;
  Kept quantized;
};

size_t bytes_of(const Kept& values) {
  size_t bytes = 0;
  for (const auto& [name, tensor] : values) bytes += tensor.bytes().size();
  return bytes;
}

// What the values of a plan are in the quantized form: multiples of the scale.
void round_to_codes(std::span<float> values, const QuantParams& params) {
  const CodeRange codes = params.type.codes();
  const auto low = static_cast<float>(codes.qmin - params.zero_point);
  const auto high = static_cast<float>(codes.qmax - params.zero_point);
  for (float& value : values) {
    value = params.scale * nearest_integer(std::clamp(value / params.scale, low, high));
  }
}

// The entries of a plan that speak of this part of its model.
Result<Plan> plan_of_part(const Plan& plan, const Model& part) {
  std::unordered_set<std::string> nodes;
  std::unordered_set<std::string> values;
  for (const auto& input : part.graph().input()) values.insert(input.name());
  for (const auto& node : part.graph().node()) {
    nodes.insert(node.name());
    values.insert(node.output().begin(), node.output().end());
  }
  Plan some = plan;
  std::erase_if(some.nodes, [&](const NodePlan& node) { return !nodes.contains(node.node); });
  std::erase_if(some.activations, [&](const ActivationPlan& activation) {
    return !values.contains(activation.tensor);
  });
  ZP_ASSIGN_OR_RETURN(const Hash128 hash, part.hash());
  some.model_hash = hash.hex();
  return some;
}

// One task's node.
struct Node {
  const onnx::NodeProto* node;
  std::vector<int64_t> weight_dims;
  QuantParams params;  // of its input
};

struct Sum {
  size_t task;
  std::unique_ptr<MomentsSum> sum;
};

class Flow {
 public:
  Flow(const Model& prepared, const ValueInfos& values, const Plan& plan,
       std::span<const GatherTask> tasks, const GatherOptions& options)
      : prepared_(prepared),
        values_(values),
        plan_(plan),
        tasks_(tasks),
        options_(options),
        index_(prepared.graph()) {}

  Status run(std::span<const int64_t> samples, const LoadSample& load, const TakeMoments& take) {
    std::vector<std::string> names;
    for (const GatherTask& task : tasks_) names.push_back(task.node);
    ZP_ASSIGN_OR_RETURN(segments_, segments_of(prepared_, names));
    ZP_RETURN_IF_ERROR(find_nodes());
    ZP_RETURN_IF_ERROR(begin(samples, load));
    for (size_t part = 0; part < segments_.size(); ++part) {
      begin_sums(segments_[part]);
      if (!segments_[part].outputs.empty()) ZP_RETURN_IF_ERROR(run_part(segments_[part]));
      ZP_RETURN_IF_ERROR(add_model_inputs());
      ZP_RETURN_IF_ERROR(give(take));
      drop_read(part);
      leave_out_samples();
      ZP_RETURN_IF_ERROR(
          report_progress(options_.progress, {.what = "weights in order",
                                              .done = static_cast<int64_t>(part) + 1,
                                              .total = static_cast<int64_t>(segments_.size())}));
    }
    return {};
  }

 private:
  Status find_nodes() {
    for (const GatherTask& task : tasks_) {
      const auto& nodes = prepared_.graph().node();
      const auto& node = *std::ranges::find(nodes, task.node, &onnx::NodeProto::name);
      const onnx::TensorProto* weight =
          node.input_size() > 1 ? index_.constant(node.input(1)) : nullptr;
      const ActivationPlan* input = weight ? find_activation(plan_, node.input(0)) : nullptr;
      if (!input) {
        return invalid_argument(fmt::format(
            "node \"{}\": its weights are no constant or its input is not quantized", task.node));
      }
      nodes_.push_back({&node, {weight->dims().begin(), weight->dims().end()}, input->params});
    }
    return {};
  }

  Status begin(std::span<const int64_t> samples, const LoadSample& load) {
    std::vector<std::optional<SampleState>> loaded(samples.size());
    ZP_RETURN_IF_ERROR(
        parallel_for(static_cast<int64_t>(samples.size()),
                     {.threads = options_.threads, .what = "samples"}, [&](int64_t i) -> Status {
                       ZP_ASSIGN_OR_RETURN(auto inputs, load(samples[static_cast<size_t>(i)]));
                       if (!inputs) return {};
                       SampleState& state = loaded[static_cast<size_t>(i)].emplace();
                       state.seed = seed_of(*inputs);
                       for (NamedTensor& input : *inputs) {
                         state.quantized.emplace(input.name, input.tensor);
                         state.as_float.emplace(input.name, std::move(input.tensor));
                       }
                       return {};
                     }));
    for (auto& state : loaded) {
      if (state) states_.push_back(*std::move(state));
    }
    if (states_.empty()) return invalid_data("there are no samples");
    return {};
  }

  // The inputs of a part with the sizes that all samples have, -1 where they differ.
  std::vector<SegmentInput> inputs_of(const Segment& segment) const {
    std::vector<SegmentInput> inputs;
    for (const std::string& name : segment.inputs) {
      ValueInfo info;
      for (const SampleState& state : states_) {
        const Tensor& tensor = state.as_float.at(name);
        const auto dims = tensor.shape().dims();
        if (!info.dims) {
          info = {tensor.type(), std::vector<int64_t>(dims.begin(), dims.end())};
        }
        if (info.dims->size() != dims.size()) continue;  // the engine will say so
        for (size_t i = 0; i < dims.size(); ++i) {
          if ((*info.dims)[i] != dims[i]) (*info.dims)[i] = -1;
        }
      }
      inputs.push_back({name, std::move(info)});
    }
    return inputs;
  }

  // The sums that the part ends with.
  void begin_sums(const Segment& segment) {
    sums_.clear();
    watched_.clear();
    for (const size_t task : segment.ready) {
      const Node& node = nodes_[task];
      const bool convolution = is_op(*node.node, "Conv");
      const int64_t groups = convolution ? int_attribute(*node.node, "group", 1) : 1;
      const int64_t length = filters_of(*node.node, node.weight_dims).length;
      sums_.push_back({task, std::make_unique<MomentsSum>(tasks_[task].codes, groups, length,
                                                          MomentsKind::kWithFloatInput)});
      const std::string& name = node.node->input(0);
      const auto known = std::ranges::find(watched_, name);
      if (index_.producer(name) >= 0 && known == watched_.end()) watched_.push_back(name);
    }
    const auto count = static_cast<int64_t>(states_.size());
    rows_ = std::max(options_.rows / count, options_.least_rows);
  }

  Status run_part(const Segment& segment) {
    ZP_ASSIGN_OR_RETURN(const Model part,
                        model_of(prepared_, segment, inputs_of(segment), values_));
    Model quantized = part.copy();
    ZP_ASSIGN_OR_RETURN(const Plan some, plan_of_part(plan_, part));
    ZP_RETURN_IF_ERROR(apply(quantized, some));
    ZP_ASSIGN_OR_RETURN(const Model simulated, simulated_model(quantized));
    EngineOptions engine;
    engine.requests = options_.threads > 0 ? options_.threads : available_threads();
    engine.watched = watched_;
    ZP_ASSIGN_OR_RETURN(Engine beside, compile(part, engine));
    ZP_ASSIGN_OR_RETURN(Engine changed, compile(simulated, engine));
    FreeRequests requests(engine.requests);
    return parallel_for(static_cast<int64_t>(states_.size()), {.threads = engine.requests},
                        [&](int64_t i) -> Status {
                          const int request = requests.take();
                          Status status = run_sample(beside, changed, request, segment,
                                                     states_[static_cast<size_t>(i)]);
                          requests.give_back(request);
                          return status;
                        });
  }

  // Both models on one sample, the float model first.
  Status run_sample(Engine& beside, Engine& changed, int request, const Segment& segment,
                    SampleState& state) {
    std::vector<SampleRows> float_rows(sums_.size());
    // What reads the watched value: `see` its number in sums_.
    const auto each_reader = [&](size_t number, const auto& see) -> Status {
      for (size_t i = 0; i < sums_.size(); ++i) {
        const Node& node = nodes_[sums_[i].task];
        if (node.node->input(0) != watched_[number]) continue;
        Status status = see(i, node);
        if (!status) {
          return tl::unexpected<Error>(std::move(status).error().at(describe(*node.node)));
        }
      }
      return {};
    };
    ZP_RETURN_IF_ERROR(
        step(beside, request, segment, state.as_float, [&](size_t number, const OutputView& view) {
          return each_reader(number, [&](size_t i, const Node& node) -> Status {
            ZP_ASSIGN_OR_RETURN(float_rows[i],
                                rows_of(*node.node, node.weight_dims, view, rows_, state.seed));
            return {};
          });
        }));
    return step(changed, request, segment, state.quantized,
                [&](size_t number, const OutputView& view) {
                  return each_reader(number, [&](size_t i, const Node& node) {
                    return add(node, view, state.seed, float_rows[i], *sums_[i].sum);
                  });
                });
  }

  static Status step(Engine& engine, int request, const Segment& segment, Kept& values,
                     const Watcher& watcher) {
    std::vector<NamedTensor> inputs;
    for (const std::string& name : segment.inputs) {
      inputs.push_back({name, std::move(values.at(name))});
    }
    const auto run = engine.run(request, inputs, watcher);
    if (!run) return tl::unexpected<Error>(run.error());
    for (size_t i = 0; i < run->outputs.size(); ++i) {
      const OutputView& view = run->outputs[i];
      ZP_ASSIGN_OR_RETURN(Tensor tensor, Tensor::make(view.type, view.shape,
                                                      {view.bytes.begin(), view.bytes.end()}));
      values.insert_or_assign(engine.outputs()[i].name, std::move(tensor));
    }
    for (NamedTensor& input : inputs) values.at(input.name) = std::move(input.tensor);
    return {};
  }

  Status add(const Node& node, const OutputView& view, uint64_t seed, const SampleRows& as_float,
             MomentsSum& sum) const {
    ZP_ASSIGN_OR_RETURN(SampleRows quantized,
                        rows_of(*node.node, node.weight_dims, view, rows_, seed));
    round_to_codes(quantized.values, node.params);
    return sum.add(
        {quantized.count, quantized.taps, quantized.channels, quantized.values, as_float.values});
  }

  // For nodes that read the model's inputs, which no part makes.
  Status add_model_inputs() {
    for (const Sum& sum : sums_) {
      const Node& node = nodes_[sum.task];
      const std::string& name = node.node->input(0);
      if (index_.producer(name) >= 0) continue;
      ZP_RETURN_IF_ERROR(parallel_for(
          static_cast<int64_t>(states_.size()), {.threads = options_.threads},
          [&](int64_t i) -> Status {
            const SampleState& state = states_[static_cast<size_t>(i)];
            const Tensor& tensor = state.as_float.at(name);
            const OutputView view{tensor.type(), AxisOrder::kAsInModel, tensor.shape(),
                                  tensor.bytes()};
            const auto add_rows = [&]() -> Status {
              ZP_ASSIGN_OR_RETURN(const SampleRows rows,
                                  rows_of(*node.node, node.weight_dims, view, rows_, state.seed));
              return add(node, view, state.seed, rows, *sum.sum);
            };
            Status status = add_rows();
            if (status) return {};
            return tl::unexpected<Error>(std::move(status).error().at(describe(*node.node)));
          }));
    }
    return {};
  }

  Status give(const TakeMoments& take) {
    return parallel_for(static_cast<int64_t>(sums_.size()), {.threads = options_.threads},
                        [&](int64_t i) -> Status {
                          Sum& sum = sums_[static_cast<size_t>(i)];
                          const SecondMoments moments = sum.sum->take();
                          sum.sum.reset();
                          return take(sum.task, moments);
                        });
  }

  // Values that no later part reads.
  void drop_read(size_t part) {
    std::unordered_set<std::string> wanted;
    for (size_t later = part + 1; later < segments_.size(); ++later) {
      const Segment& segment = segments_[later];
      wanted.insert(segment.inputs.begin(), segment.inputs.end());
      for (const size_t task : segment.ready) wanted.insert(nodes_[task].node->input(0));
    }
    for (SampleState& state : states_) {
      const auto unwanted = [&](const auto& value) { return !wanted.contains(value.first); };
      std::erase_if(state.as_float, unwanted);
      std::erase_if(state.quantized, unwanted);
    }
  }

  void leave_out_samples() {
    size_t bytes = 0;
    size_t count = 0;
    for (; count < states_.size(); ++count) {
      bytes += bytes_of(states_[count].as_float) + bytes_of(states_[count].quantized);
      if (count > 0 && bytes > options_.memory) break;
    }
    states_.erase(states_.begin() + static_cast<int64_t>(count), states_.end());
  }

  const Model& prepared_;
  const ValueInfos& values_;
  const Plan& plan_;
  std::span<const GatherTask> tasks_;
  const GatherOptions& options_;
  GraphIndex index_;
  std::vector<Segment> segments_;
  std::vector<Node> nodes_;  // of the tasks
  std::vector<SampleState> states_;
  // Of the current part: its ready tasks, the values of it that they read, rows of a sample.
  std::vector<Sum> sums_;
  std::vector<std::string> watched_;
  int64_t rows_ = 0;
};

}  // namespace

Status gather_in_order(const Model& prepared, const ValueInfos& values, const Plan& plan,
                       std::span<const GatherTask> tasks, std::span<const int64_t> samples,
                       const LoadSample& load, const TakeMoments& take,
                       const GatherOptions& options) {
  return Flow(prepared, values, plan, tasks, options).run(samples, load, take);
}

}  // namespace zp
