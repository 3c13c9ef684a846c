#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "zeropoint/data/sample_source.h"

namespace zp {
namespace {

std::string described(std::span<const StoredArray> arrays) {
  std::vector<std::string> names;
  for (const StoredArray& array : arrays) {
    const std::string number = array.position ? fmt::format("input_{}.pb ", *array.position) : "";
    names.push_back(number + (array.name.empty() ? "" : fmt::format("\"{}\"", array.name)));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

const StoredArray* find_array(std::span<const StoredArray> arrays,
                              std::span<const InputSpec> inputs, size_t input) {
  const auto named = std::ranges::find(arrays, inputs[input].name, &StoredArray::name);
  if (named != arrays.end()) return &*named;
  // By number, unless that one bears the name of another input.
  const auto numbered = std::ranges::find_if(arrays, [&](const StoredArray& array) {
    return array.position == static_cast<int64_t>(input) &&
           std::ranges::find(inputs, array.name, &InputSpec::name) == inputs.end();
  });
  if (numbered != arrays.end()) return &*numbered;
  if (inputs.size() == 1 && arrays.size() == 1) return arrays.data();
  return nullptr;
}

}  // namespace

Result<std::vector<size_t>> match_arrays(std::span<const StoredArray> arrays,
                                         std::span<const InputSpec> inputs) {
  std::vector<size_t> matches;
  for (size_t input = 0; input < inputs.size(); ++input) {
    const StoredArray* array = find_array(arrays, inputs, input);
    if (array != nullptr) {
      ZP_RETURN_IF_ERROR(array->readable);
      matches.push_back(static_cast<size_t>(array - arrays.data()));
    } else if (arrays.size() == 1 && !arrays[0].position) {
      return invalid_data(fmt::format(
          "holds one array, but the model has {} inputs: {}; give .npz files with arrays of these "
          "names, or folders with input_0.pb, input_1.pb ...",
          inputs.size(), quoted_names(inputs)));
    } else {
      return invalid_data(fmt::format("nothing for input \"{}\"; it holds {}", inputs[input].name,
                                      described(arrays)));
    }
  }
  return matches;
}

}  // namespace zp
