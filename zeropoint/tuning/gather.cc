#include "zeropoint/tuning/gather.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <unordered_map>

#include "zeropoint/base/threads.h"
#include "zeropoint/engine/compile_model.h"
#include "zeropoint/engine/free_requests.h"
#include "zeropoint/graph/attributes.h"
#include "zeropoint/graph/edit.h"
#include "zeropoint/graph/graph_index.h"
#include "zeropoint/tuning/sample_rows.h"

namespace zp {
namespace {

// What one or several nodes read alike.
struct Input {
  const onnx::NodeProto* node = nullptr;  // the first of them
  std::vector<int64_t> weight_dims;
  InputCodes codes;
  std::string tensor;     // in the model
  std::string reference;  // in the float model
  std::vector<size_t> tasks;
  int64_t groups = 1;
  int64_t length = 0;
  std::unique_ptr<MomentsSum> sum;
};

// Everything that decides which rows a node reads of its input.
std::string form_of(const onnx::NodeProto& node, std::span<const int64_t> weight_dims) {
  const auto ints = [&](std::string_view name) {
    return fmt::format("{}",
                       fmt::join(ints_attribute(node, name).value_or(std::vector<int64_t>()), ","));
  };
  if (is_op(node, "Conv")) {
    return fmt::format("Conv {} [{}] [{}] [{}] [{}] {}", int_attribute(node, "group", 1),
                       fmt::join(weight_dims.subspan(1), ","), ints("strides"), ints("pads"),
                       ints("dilations"), string_attribute(node, "auto_pad", "NOTSET"));
  }
  return fmt::format("product {}", is_op(node, "Gemm") ? int_attribute(node, "transA", 0) : 0);
}

// One pass over the samples for some of the inputs.
class Pass {
 public:
  Pass(std::span<Input> inputs, int64_t rows, const GatherOptions& options)
      : inputs_(inputs), rows_(rows), options_(options) {}

  Status run(const Model& model, const Model* reference, std::span<const int64_t> samples,
             const LoadSample& load) {
    const int threads = options_.threads > 0 ? options_.threads : available_threads();
    std::vector<std::vector<size_t>> readers;
    ZP_ASSIGN_OR_RETURN(Engine engine, compiled(model, threads, &Input::tensor, readers));
    std::optional<Engine> beside;
    std::vector<std::vector<size_t>> readers_beside;
    if (reference) {
      ZP_ASSIGN_OR_RETURN(beside, compiled(*reference, threads, &Input::reference, readers_beside));
    }
    FreeRequests requests(engine.requests());
    return parallel_for(
        static_cast<int64_t>(samples.size()),
        {.threads = engine.requests(), .what = "second moments", .progress = options_.progress},
        [&](int64_t i) -> Status {
          ZP_ASSIGN_OR_RETURN(const auto sample, load(samples[static_cast<size_t>(i)]));
          if (!sample) return {};
          const int request = requests.take();
          Status status;
          std::vector<SampleRows> float_rows(inputs_.size());
          const uint64_t seed = seed_of(*sample);
          if (beside) {
            status = watch(
                *beside, readers_beside, request, *sample,
                [&](size_t input, const OutputView& view) -> Status {
                  ZP_ASSIGN_OR_RETURN(
                      float_rows[input],
                      rows_of(*inputs_[input].node, inputs_[input].weight_dims, view, rows_, seed));
                  return {};
                });
          }
          if (status) {
            status = watch(
                engine, readers, request, *sample,
                [&](size_t input, const OutputView& view) -> Status {
                  ZP_ASSIGN_OR_RETURN(
                      const SampleRows rows,
                      rows_of(*inputs_[input].node, inputs_[input].weight_dims, view, rows_, seed));
                  return inputs_[input].sum->add({rows.count, rows.taps, rows.channels, rows.values,
                                                  float_rows[input].values});
                });
          }
          requests.give_back(request);
          return status;
        });
  }

 private:
  // `readers`: for each value that the engine watches, the inputs that it is.
  Result<Engine> compiled(const Model& model, int requests, std::string Input::*tensor,
                          std::vector<std::vector<size_t>>& readers) const {
    EngineOptions engine;
    engine.requests = requests;
    engine.input_shapes = options_.input_shapes;
    std::unordered_map<std::string, size_t> numbers;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const auto [found, is_new] = numbers.emplace(inputs_[i].*tensor, readers.size());
      if (is_new) {
        engine.watched.push_back(inputs_[i].*tensor);
        readers.emplace_back();
      }
      readers[found->second].push_back(i);
    }
    return compile(model, engine);
  }

  template <class See>
  Status watch(Engine& engine, const std::vector<std::vector<size_t>>& readers, int request,
               const SampleInputs& sample, const See& see) const {
    const auto run = engine.run(request, sample, [&](size_t number, const OutputView& view) {
      for (const size_t input : readers[number]) {
        Status status = see(input, view);
        if (!status) {
          return Status(
              tl::unexpected<Error>(std::move(status).error().at(describe(*inputs_[input].node))));
        }
      }
      return Status();
    });
    if (!run) return tl::unexpected<Error>(run.error());
    return {};
  }

  std::span<Input> inputs_;
  int64_t rows_;
  const GatherOptions& options_;
};

const onnx::NodeProto* find(const onnx::GraphProto& graph, const std::string& name) {
  const auto found = std::ranges::find(graph.node(), name, &onnx::NodeProto::name);
  return found == graph.node().end() ? nullptr : &*found;
}

Result<std::vector<Input>> inputs_of(const Model& model, const Model* reference,
                                     std::span<const GatherTask> tasks) {
  const GraphIndex index(model.graph());
  std::vector<Input> inputs;
  std::map<std::string, size_t> known;
  for (size_t number = 0; number < tasks.size(); ++number) {
    const GatherTask& task = tasks[number];
    const auto problem = [&](const char* what) {
      return invalid_argument(fmt::format("node \"{}\": {}", task.node, what));
    };
    const onnx::NodeProto* node = find(model.graph(), task.node);
    if (!node || node->input_size() < 2) return problem("the model has no such weighted node");
    const onnx::TensorProto* weight = index.constant(node->input(1));
    if (!weight) return problem("its weights are no constant");
    Input input;
    input.node = node;
    input.weight_dims.assign(weight->dims().begin(), weight->dims().end());
    input.codes = task.codes;
    input.tensor = node->input(0);
    if (reference) {
      const onnx::NodeProto* twin = find(reference->graph(), task.node);
      if (!twin || twin->input_size() < 1) return problem("the float model has no such node");
      input.reference = twin->input(0);
    }
    const std::string key =
        fmt::format("{} {} {} {} {}", input.tensor, input.reference, task.codes.scale,
                    task.codes.largest, form_of(*node, input.weight_dims));
    const auto [found, is_new] = known.emplace(key, inputs.size());
    if (is_new) {
      // The length of a filter does not depend on the data.
      const bool convolution = is_op(*node, "Conv");
      input.groups = convolution ? int_attribute(*node, "group", 1) : 1;
      const bool transposed = is_op(*node, "Gemm") && int_attribute(*node, "transB", 0) != 0;
      input.length = 1;
      const auto dims = std::span<const int64_t>(input.weight_dims);
      if (convolution) {
        for (const int64_t dim : dims.subspan(1)) input.length *= dim;
      } else if (dims.size() == 2) {
        input.length = dims[transposed ? 1 : 0];
      } else {
        return problem("its weights do not have two dimensions");
      }
      inputs.push_back(std::move(input));
    }
    inputs[found->second].tasks.push_back(number);
  }
  return inputs;
}

}  // namespace

std::vector<GatherTask> gather_tasks(const Model& prepared, const Plan& plan) {
  std::vector<GatherTask> tasks;
  for (const auto& node : prepared.graph().node()) {
    const NodePlan* planned = find_node(plan, node.name());
    if (!planned || !planned->quantized || planned->weights.empty()) continue;
    if (!is_op(node, "Conv") && !is_op(node, "Gemm") && !is_op(node, "MatMul")) continue;
    const ActivationPlan* input = find_activation(plan, node.input(0));
    if (!input || planned->weights[0].input != 1) continue;
    const CodeRange codes = input->params.type.codes();
    const int32_t zero_point = input->params.zero_point;
    tasks.push_back(
        {node.name(),
         {input->params.scale, std::max(codes.qmax - zero_point, zero_point - codes.qmin)}});
  }
  return tasks;
}

Status gather_moments(const Model& model, const Model* reference, std::span<const GatherTask> tasks,
                      std::span<const int64_t> samples, const LoadSample& load,
                      const TakeMoments& take, const GatherOptions& options) {
  ZP_ASSIGN_OR_RETURN(std::vector<Input> inputs, inputs_of(model, reference, tasks));
  const MomentsKind kind = reference ? MomentsKind::kWithFloatInput : MomentsKind::kInput;
  const auto count = std::max<int64_t>(static_cast<int64_t>(samples.size()), 1);
  const int64_t rows = std::max(options.rows / count, options.least_rows);
  for (size_t begin = 0; begin < inputs.size();) {
    size_t end = begin;
    size_t bytes = 0;
    for (; end < inputs.size(); ++end) {
      Input& input = inputs[end];
      bytes += SecondMoments::size_in_memory(input.groups, input.length, kind);
      if (end > begin && bytes > options.memory) break;
      input.sum = std::make_unique<MomentsSum>(input.codes, input.groups, input.length, kind);
    }
    const std::span<Input> some = std::span(inputs).subspan(begin, end - begin);
    ZP_RETURN_IF_ERROR(Pass(some, rows, options).run(model, reference, samples, load));
    ZP_RETURN_IF_ERROR(parallel_for(static_cast<int64_t>(some.size()),
                                    {.threads = options.threads, .what = "weights"},
                                    [&](int64_t i) -> Status {
                                      Input& input = some[static_cast<size_t>(i)];
                                      const SecondMoments moments = input.sum->take();
                                      input.sum.reset();
                                      for (const size_t task : input.tasks) {
                                        ZP_RETURN_IF_ERROR(take(task, moments));
                                      }
                                      return {};
                                    }));
    begin = end;
  }
  return {};
}

}  // namespace zp
