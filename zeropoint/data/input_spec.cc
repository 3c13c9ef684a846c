#include "zeropoint/data/input_spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "zeropoint/data/parse.h"
#include "zeropoint/graph/values.h"

namespace zp {
namespace {

std::string symbol(const InputSpec& input, size_t axis) {
  return axis < input.dim_names.size() ? input.dim_names[axis] : "";
}

Status settle_shape(InputSpec& input, const std::vector<int64_t>& dims) {
  if (!input.has_rank) {
    input.dims = dims;
    input.has_rank = true;
    return {};
  }
  if (dims.size() != input.dims.size()) {
    return invalid_argument(fmt::format("input \"{}\" is {}: the shape {} has another rank",
                                        input.name, to_string(input), fmt::join(dims, "x")));
  }
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (input.dims[axis] >= 0 && input.dims[axis] != dims[axis]) {
      return invalid_argument(fmt::format("input \"{}\" is {}: dimension {} cannot become {}",
                                          input.name, to_string(input), axis, dims[axis]));
    }
  }
  input.dims = dims;
  return {};
}

std::vector<std::string> symbols_of(std::span<const InputSpec> inputs) {
  std::set<std::string> symbols;
  for (const InputSpec& input : inputs) {
    symbols.insert(input.dim_names.begin(), input.dim_names.end());
  }
  symbols.erase("");
  return {symbols.begin(), symbols.end()};
}

std::vector<std::string> dim_names(const onnx::ValueInfoProto& input) {
  std::vector<std::string> names;
  for (const auto& dim : input.type().tensor_type().shape().dim()) names.push_back(dim.dim_param());
  return names;
}

}  // namespace

std::string to_string(const InputSpec& input) {
  if (!input.has_rank) return std::string(name(input.type));
  std::vector<std::string> dims;
  for (size_t axis = 0; axis < input.dims.size(); ++axis) {
    const std::string open = symbol(input, axis).empty() ? "?" : symbol(input, axis);
    dims.push_back(input.dims[axis] < 0 ? open : std::to_string(input.dims[axis]));
  }
  return fmt::format("{} [{}]", name(input.type), fmt::join(dims, ", "));
}

std::string quoted_names(std::span<const InputSpec> inputs) {
  std::vector<std::string> names;
  for (const InputSpec& input : inputs) names.push_back(fmt::format("\"{}\"", input.name));
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<std::vector<InputSpec>> input_specs(const Model& model) {
  std::set<std::string_view> initializers;
  for (const auto& tensor : model.graph().initializer()) initializers.insert(tensor.name());
  std::vector<InputSpec> inputs;
  for (const auto& input : model.graph().input()) {
    if (initializers.contains(input.name())) continue;
    const ValueInfo info = declared(input);
    if (!input.type().has_tensor_type() || info.type == DataType::kUndefined) {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("{}: input \"{}\" is no tensor of a known type, and samples are "
                              "tensors",
                              model.name(), input.name()));
    }
    inputs.push_back({.name = input.name(),
                      .type = info.type,
                      .dims = info.dims.value_or(std::vector<int64_t>()),
                      .dim_names = dim_names(input),
                      .has_rank = info.dims.has_value()});
  }
  return inputs;
}

Status add_input_shape(ShapeChoices& choices, std::string_view text) {
  const size_t colon = text.rfind(':');
  const std::string expected =
      fmt::format("input shape \"{}\": expected NAME:SIZES, for example input:1x3x224x224", text);
  if (colon == std::string_view::npos || colon == 0) return invalid_argument(expected);
  std::vector<int64_t> dims;
  for (const std::string_view part : split(text.substr(colon + 1), 'x')) {
    const auto dim = parse_whole(part);
    if (!dim || *dim < 0) return invalid_argument(expected);
    dims.push_back(*dim);
  }
  const std::string name(text.substr(0, colon));
  if (!choices.shapes.emplace(name, std::move(dims)).second) {
    return invalid_argument(fmt::format("input \"{}\" is given two shapes", name));
  }
  return {};
}

Status add_dim(ShapeChoices& choices, std::string_view text) {
  const size_t equals = text.rfind('=');
  const auto size =
      equals == std::string_view::npos ? std::nullopt : parse_whole(text.substr(equals + 1));
  if (!size || *size < 0 || equals == 0) {
    return invalid_argument(
        fmt::format("dimension \"{}\": expected SYMBOL=SIZE, for example batch=1", text));
  }
  const std::string name(text.substr(0, equals));
  if (!choices.dims.emplace(name, *size).second) {
    return invalid_argument(fmt::format("dimension \"{}\" is given two sizes", name));
  }
  return {};
}

Status settle_shapes(std::vector<InputSpec>& inputs, const ShapeChoices& choices) {
  for (const auto& [name, size] : choices.dims) {
    bool found = false;
    for (InputSpec& input : inputs) {
      for (size_t axis = 0; axis < input.dims.size(); ++axis) {
        if (symbol(input, axis) != name) continue;
        input.dims[axis] = size;
        found = true;
      }
    }
    if (!found) {
      const auto symbols = symbols_of(inputs);
      return invalid_argument(
          fmt::format("no input has a dimension called \"{}\"; {}", name,
                      symbols.empty() ? "none of their dimensions has a name"
                                      : fmt::format("they have {}", fmt::join(symbols, ", "))));
    }
  }
  for (const auto& [name, dims] : choices.shapes) {
    const auto input = std::ranges::find(inputs, name, &InputSpec::name);
    if (input == inputs.end()) {
      return invalid_argument(fmt::format("a shape is given for \"{}\", but the inputs are {}",
                                          name, quoted_names(inputs)));
    }
    ZP_RETURN_IF_ERROR(settle_shape(*input, dims));
  }
  return {};
}

}  // namespace zp
