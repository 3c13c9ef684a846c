#include "zeropoint/engine/engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <openvino/core/version.hpp>
#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/infer_request.hpp>
#include <openvino/runtime/properties.hpp>
#include <ranges>

#include "zeropoint/engine/openvino_text.h"
#include "zeropoint/engine/read_model.h"

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

Result<EngineValue> engine_value(const std::string& name, const ov::Output<const ov::Node>& port) {
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

Result<std::vector<EngineValue>> engine_values(
    const Places& places, const std::vector<ov::Output<const ov::Node>>& ports) {
  std::vector<EngineValue> values;
  for (const auto& [name, index] : places) {
    ZP_ASSIGN_OR_RETURN(values.emplace_back(), engine_value(name, ports[index]));
  }
  return values;
}

bool fits(const EngineValue& input, const Tensor& tensor) {
  const auto dims = tensor.shape().dims();
  return input.type == tensor.type() && input.dims &&
         std::ranges::equal(*input.dims, dims,
                            [](int64_t want, int64_t got) { return want < 0 || want == got; });
}

Result<OutputView> view_of(const ov::Tensor& tensor) {
  const ov::Shape dims = tensor.get_shape();
  ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make({dims.begin(), dims.end()}));
  OutputView view{
      .type = to_data_type(tensor.get_element_type()), .shape = std::move(shape), .bytes = {}};
  if (tensor.get_size() != 0) {
    view.bytes = {static_cast<const std::byte*>(tensor.data()), tensor.get_byte_size()};
  }
  return view;
}

std::string text_of(const ov::Node& layer, const std::string& key) {
  const auto found = layer.get_rt_info().find(key);
  return found == layer.get_rt_info().end() ? "" : found->second.as<std::string>();
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

std::string engine_version() {
  return fmt::format("OpenVINO {}", ov::get_openvino_version().buildNumber);
}

struct Engine::Compiled {
  std::string model_name;
  ov::Core core;
  std::vector<ov::CompiledModel> models;  // one, or one for each request
  std::vector<ov::InferRequest> requests;
  Places input_places, output_places, extra_places;
  std::vector<EngineValue> inputs, outputs, extra_outputs;

  Status compile(EngineSource source, const EngineOptions& options);
  Status set_inputs(ov::InferRequest& request, std::span<const NamedTensor> given) const;
  static Result<std::vector<OutputView>> views(ov::InferRequest& request, const Places& places);
};

Engine::Engine(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

int Engine::requests() const { return static_cast<int>(compiled_->requests.size()); }
const std::vector<EngineValue>& Engine::inputs() const { return compiled_->inputs; }
const std::vector<EngineValue>& Engine::outputs() const { return compiled_->outputs; }
const std::vector<EngineValue>& Engine::extra_outputs() const { return compiled_->extra_outputs; }

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
    ZP_ASSIGN_OR_RETURN(ReadModel read, read_model(source, options.extra_outputs));
    source.bytes.reset();
    doing = "give the inputs the shapes asked for";
    ZP_RETURN_IF_ERROR(set_input_shapes(read, options.input_shapes));
    doing = "compile the model";
    const int compilations = share_weights(options.mode) ? 1 : options.requests;
    for (int i = 0; i < compilations; ++i) {
      models.push_back(core.compile_model(read.model, "CPU", properties(options)));
    }
    const ov::CompiledModel& model = models.front();
    input_places = std::move(read.inputs);
    output_places = std::move(read.outputs);
    extra_places = std::move(read.extra_outputs);
    ZP_ASSIGN_OR_RETURN(inputs, engine_values(input_places, model.inputs()));
    ZP_ASSIGN_OR_RETURN(outputs, engine_values(output_places, model.outputs()));
    ZP_ASSIGN_OR_RETURN(extra_outputs, engine_values(extra_places, model.outputs()));
    for (int i = 0; i < options.requests; ++i) {
      requests.push_back(models[static_cast<size_t>(i % compilations)].create_infer_request());
    }
  } catch (const std::exception& exception) {
    return openvino_error(doing, exception);
  }
  return {};
}

Status Engine::Compiled::set_inputs(ov::InferRequest& request,
                                    std::span<const NamedTensor> given) const {
  for (const auto& [name, tensor] : given) {
    if (std::ranges::find(inputs, name, &EngineValue::name) == inputs.end()) {
      return invalid_argument(
          fmt::format("the model has no input \"{}\"; its inputs are \"{}\"", name,
                      fmt::join(inputs | std::views::transform(&EngineValue::name), "\", \"")));
    }
  }
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
    const auto dims = tensor.shape().dims();
    const void* data = tensor.bytes().data();
    request.set_input_tensor(
        input_places[i].index,
        data ? ov::Tensor(to_openvino(tensor.type()), ov::Shape(dims.begin(), dims.end()), data)
             : ov::Tensor(to_openvino(tensor.type()), ov::Shape(dims.begin(), dims.end())));
  }
  return {};
}

Result<std::vector<OutputView>> Engine::Compiled::views(ov::InferRequest& request,
                                                        const Places& places) {
  std::vector<OutputView> views;
  views.reserve(places.size());
  for (const auto& [name, index] : places) {
    ZP_ASSIGN_OR_RETURN(views.emplace_back(), view_of(request.get_output_tensor(index)));
  }
  return views;
}

Result<RunOutputs> Engine::run(int request, std::span<const NamedTensor> inputs) {
  Compiled& compiled = *compiled_;
  if (request < 0 || request >= requests()) {
    return invalid_argument(fmt::format("{}: request {}: expected 0 to {}", compiled.model_name,
                                        request, requests() - 1));
  }
  ov::InferRequest& infer = compiled.requests[static_cast<size_t>(request)];
  RunOutputs run;
  try {
    if (auto status = compiled.set_inputs(infer, inputs); !status) {
      return tl::unexpected<Error>(std::move(status).error().at(compiled.model_name));
    }
    infer.infer();
    ZP_ASSIGN_OR_RETURN(run.outputs, Compiled::views(infer, compiled.output_places));
    ZP_ASSIGN_OR_RETURN(run.extra, Compiled::views(infer, compiled.extra_places));
  } catch (const std::exception& exception) {
    return tl::unexpected<Error>(
        openvino_error("run the model", exception).value().at(compiled.model_name));
  }
  return run;
}

Result<std::vector<ExecutedLayer>> Engine::executed_layers() const {
  std::vector<ExecutedLayer> layers;
  try {
    for (const auto& layer : compiled_->models.front().get_runtime_model()->get_ordered_ops()) {
      layers.push_back({.name = layer->get_friendly_name(),
                        .nodes = split_at_commas(text_of(*layer, "originalLayersNames")),
                        .type = text_of(*layer, "layerType"),
                        .precision = text_of(*layer, "runtimePrecision"),
                        .implementation = text_of(*layer, "primitiveType")});
    }
  } catch (const std::exception& exception) {
    return tl::unexpected<Error>(openvino_error("say how the model is executed", exception)
                                     .value()
                                     .at(compiled_->model_name));
  }
  return layers;
}

}  // namespace zp
