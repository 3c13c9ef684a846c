#include "zeropoint/engine/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <numeric>
#include <openvino/core/version.hpp>
#include <openvino/runtime/properties.hpp>
#include <ranges>

#include "zeropoint/engine/compiled_variants.h"
#include "zeropoint/engine/openvino_text.h"
#include "zeropoint/engine/read_model.h"
#include "zeropoint/engine/watch.h"

namespace zp {
namespace {

using Places = std::vector<ReadModel::Place>;

// OpenVINO throws exceptions of its own and of the standard library; no other kind.
tl::unexpected<Error> openvino_error(std::string_view doing, const std::exception& exception) {
  return fail(ErrorCode::kUnsupported, fmt::format("{} could not {}: {}", engine_version(), doing,
                                                   one_line(exception.what())));
}

std::string shape_text(const std::vector<int64_t>& dims) {
  std::vector<std::string> texts;
  for (const int64_t dim : dims) texts.push_back(dim < 0 ? "?" : fmt::to_string(dim));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

// Streams of one compiled model share the weights through a cache that tells them apart by their
// addresses. Weights that come out of a DequantizeLinear are computed by each stream, one may lie
// where another one's did, and in a model of dynamic shape a layer then gets the wrong ones
// (OpenVINO 2026.4.1; a single stream gives the right results). So quantized models are compiled
// once for each request.
bool share_weights(ExecutionMode mode) { return mode == ExecutionMode::kFloat; }

ov::AnyMap properties(const EngineOptions& options) {
  const int streams = share_weights(options.mode) ? options.requests : 1;
  ov::AnyMap map{
      ov::num_streams(streams),
      ov::inference_num_threads(streams),
      ov::hint::enable_cpu_pinning(false),
      ov::hint::inference_precision(ov::element::f32),
  };
  if (options.mode != ExecutionMode::kInt8) {
    // Without it OpenVINO rounds the inputs of layers whose weights are compressed.
    map.insert(ov::hint::dynamic_quantization_group_size(0));
  }
  if (options.mode == ExecutionMode::kQuantizedAsWritten) map["LP_TRANSFORMS_MODE"] = "NO";
  return map;
}

Result<EngineValue> engine_value(const std::string& name, const ov::Output<ov::Node>& port) {
  EngineValue value{.name = name, .type = to_data_type(port.get_element_type()), .dims = {}};
  if (value.type == DataType::kUndefined || value.type == DataType::kString) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("value \"{}\" is of type {}, which the engine does not hand in or out",
                            name, port.get_element_type().get_type_name()));
  }
  const ov::PartialShape& shape = port.get_partial_shape();
  if (shape.rank().is_static()) {
    value.dims.emplace();
    for (const ov::Dimension& dim : shape) {
      value.dims->push_back(dim.is_static() ? dim.get_length() : -1);
    }
  }
  return value;
}

Result<std::vector<EngineValue>> engine_values(const Places& places,
                                               const std::vector<ov::Output<ov::Node>>& ports) {
  std::vector<EngineValue> values;
  for (const auto& [name, index] : places) {
    ZP_ASSIGN_OR_RETURN(values.emplace_back(), engine_value(name, ports[index]));
  }
  return values;
}

Result<std::vector<OutputView>> views(ov::InferRequest& request, const Places& places) {
  std::vector<OutputView> views;
  views.reserve(places.size());
  for (const auto& [name, index] : places) {
    ZP_ASSIGN_OR_RETURN(views.emplace_back(),
                        view_of(request.get_output_tensor(index), AxisOrder::kAsInModel));
  }
  return views;
}

bool fits(const EngineValue& input, const Tensor& tensor) {
  const auto dims = tensor.shape().dims();
  return input.type == tensor.type() && input.dims &&
         std::ranges::equal(*input.dims, dims,
                            [](int64_t want, int64_t got) { return want < 0 || want == got; });
}

}  // namespace

Result<int> axis_in(const OutputView& view, int64_t axis) {
  ZP_ASSIGN_OR_RETURN(const int normal, normalize_axis(axis, view.shape.rank()));
  if (view.order == AxisOrder::kAsInModel || normal == 0) return normal;
  return normal == 1 ? view.shape.rank() - 1 : normal - 1;
}

std::string engine_version() {
  return fmt::format("OpenVINO {}", ov::get_openvino_version().buildNumber);
}

struct Engine::Compiled {
  std::string model_name;
  std::unique_ptr<CompiledVariants> variants;
  // The variant of each request's last run, whose views may still be looked at.
  std::vector<std::shared_ptr<CompiledVariant>> last_run;
  Places input_places, output_places, extra_places;
  std::vector<EngineValue> inputs, outputs, extra_outputs, watched;
  // Where values are watched.
  std::shared_ptr<WatchBoard> board;
  std::vector<int32_t> request_numbers;

  Status compile(EngineSource source, const EngineOptions& options);
  Result<std::vector<ov::Tensor>> input_tensors(std::span<const NamedTensor> given) const;
  Result<RunOutputs> run(size_t request, std::span<const NamedTensor> given,
                         const Watcher& watcher);
};

Engine::Engine(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

int Engine::requests() const { return static_cast<int>(compiled_->last_run.size()); }
const std::vector<EngineValue>& Engine::inputs() const { return compiled_->inputs; }
const std::vector<EngineValue>& Engine::outputs() const { return compiled_->outputs; }
const std::vector<EngineValue>& Engine::extra_outputs() const { return compiled_->extra_outputs; }
const std::vector<EngineValue>& Engine::watched() const { return compiled_->watched; }

Result<Engine> Engine::compile(EngineSource source, const EngineOptions& options) {
  if (source.path.empty()) source.path = "model";
  const std::string name = source.path.string();
  if (options.requests < 1) {
    return invalid_argument(
        fmt::format("{}: {} requests asked for, expected 1 or more", name, options.requests));
  }
  auto compiled = std::make_unique<Compiled>();
  compiled->model_name = name;
  if (auto status = compiled->compile(std::move(source), options); !status) {
    return tl::unexpected<Error>(std::move(status).error().at(name));
  }
  return Engine(std::move(compiled));
}

Status Engine::Compiled::compile(EngineSource source, const EngineOptions& options) {
  std::string_view doing = "read the model";
  try {
    ZP_ASSIGN_OR_RETURN(ReadModel read, read_model(source, options.extra_outputs, options.watched));
    source.bytes.reset();
    doing = "give the inputs the shapes asked for";
    ZP_RETURN_IF_ERROR(set_input_shapes(read, options.input_shapes));
    input_places = std::move(read.inputs);
    output_places = std::move(read.outputs);
    extra_places = std::move(read.extra_outputs);
    ZP_ASSIGN_OR_RETURN(inputs, engine_values(input_places, read.model->inputs()));
    ZP_ASSIGN_OR_RETURN(outputs, engine_values(output_places, read.model->outputs()));
    ZP_ASSIGN_OR_RETURN(extra_outputs, engine_values(extra_places, read.model->outputs()));
    for (const auto& [name, value] : read.watched) {
      ZP_ASSIGN_OR_RETURN(watched.emplace_back(), engine_value(name, value));
    }
    doing = "compile the model";
    if (!read.watched.empty()) {
      board = std::make_shared<WatchBoard>(options.requests);
      request_numbers.resize(static_cast<size_t>(options.requests));
      std::iota(request_numbers.begin(), request_numbers.end(), 0);
      add_watches(*read.model, read.watched, board);
    }
    variants = std::make_unique<CompiledVariants>(
        read.model, properties(options), options.requests,
        share_weights(options.mode) ? WeightSharing::kShared : WeightSharing::kApart);
    last_run.resize(static_cast<size_t>(options.requests));
  } catch (const std::exception& exception) {
    return openvino_error(doing, exception);
  }
  return {};
}

// In the order of the compiled model. They refer to the elements of `given`.
Result<std::vector<ov::Tensor>> Engine::Compiled::input_tensors(
    std::span<const NamedTensor> given) const {
  for (const NamedTensor& tensor : given) {
    if (std::ranges::find(inputs, tensor.name, &EngineValue::name) == inputs.end()) {
      return invalid_argument(
          fmt::format("the model has no input \"{}\"; its inputs are \"{}\"", tensor.name,
                      fmt::join(inputs | std::views::transform(&EngineValue::name), "\", \"")));
    }
  }
  std::vector<ov::Tensor> tensors(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const EngineValue& input = inputs[i];
    const std::string wanted = fmt::format("input \"{}\" wants {} {}", input.name, name(input.type),
                                           shape_text(*input.dims));
    const auto found = std::ranges::find(given, input.name, &NamedTensor::name);
    if (found == given.end()) return invalid_argument(wanted + ", got nothing");
    if (std::ranges::count(given, input.name, &NamedTensor::name) > 1) {
      return invalid_argument(wanted + ", got several tensors");
    }
    const Tensor& tensor = found->tensor;
    if (!fits(input, tensor)) {
      return invalid_argument(
          fmt::format("{}, got {} {}", wanted, name(tensor.type()), tensor.shape().to_string()));
    }
    const auto type = to_openvino(tensor.type());
    const ov::Shape shape(tensor.shape().dims().begin(), tensor.shape().dims().end());
    const void* data = tensor.bytes().data();
    tensors[input_places[i].index] = data ? ov::Tensor(type, shape, data) : ov::Tensor(type, shape);
  }
  return tensors;
}

Result<RunOutputs> Engine::Compiled::run(size_t request, std::span<const NamedTensor> given,
                                         const Watcher& watcher) {
  ZP_ASSIGN_OR_RETURN(std::vector<ov::Tensor> tensors, input_tensors(given));
  if (board) {
    tensors.emplace_back(ov::element::i32, ov::Shape{1}, &request_numbers[request]);
    board->begin(request, watcher ? &watcher : nullptr);
  }
  std::vector<ov::Shape> shapes;
  for (const ov::Tensor& tensor : tensors) shapes.push_back(tensor.get_shape());
  RunOutputs run;
  try {
    last_run[request] = variants->for_shapes(shapes);
    ov::InferRequest& infer = last_run[request]->requests[request];
    for (size_t i = 0; i < tensors.size(); ++i) infer.set_input_tensor(i, tensors[i]);
    infer.infer();
    if (board) ZP_RETURN_IF_ERROR(board->end(request));
    ZP_ASSIGN_OR_RETURN(run.outputs, views(infer, output_places));
    ZP_ASSIGN_OR_RETURN(run.extra, views(infer, extra_places));
  } catch (const std::exception& exception) {
    return openvino_error("run the model", exception);
  }
  return run;
}

Result<RunOutputs> Engine::run(int request, std::span<const NamedTensor> inputs,
                               const Watcher& watcher) {
  if (request < 0 || request >= requests()) {
    return invalid_argument(fmt::format("{}: request {}: expected 0 to {}", compiled_->model_name,
                                        request, requests() - 1));
  }
  auto run = compiled_->run(static_cast<size_t>(request), inputs, watcher);
  if (!run) return tl::unexpected<Error>(std::move(run).error().at(compiled_->model_name));
  return run;
}

Result<std::vector<ExecutedLayer>> Engine::executed_layers() const {
  std::vector<ExecutedLayer> layers;
  try {
    for (const auto& layer :
         compiled_->variants->first().models.front().get_runtime_model()->get_ordered_ops()) {
      layers.push_back({.name = layer->get_friendly_name(),
                        .nodes = split_at_commas(runtime_info(*layer, "originalLayersNames")),
                        .type = runtime_info(*layer, "layerType"),
                        .precision = runtime_info(*layer, "runtimePrecision"),
                        .implementation = runtime_info(*layer, "primitiveType")});
    }
  } catch (const std::exception& exception) {
    return tl::unexpected<Error>(openvino_error("say how the model is executed", exception)
                                     .value()
                                     .at(compiled_->model_name));
  }
  return layers;
}

}  // namespace zp
