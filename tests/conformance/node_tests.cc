#include "tests/conformance/node_tests.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>

#include "tests/conformance/evaluate.h"
#include "zeropoint/base/file.h"

namespace zp::conformance {
namespace {

namespace fs = std::filesystem;

// The tensors KIND_0.pb, KIND_1.pb, ... of a data set, up to the first that is not there.
Result<std::vector<OnnxTensor>> read_tensors(const fs::path& data_set, std::string_view kind) {
  std::vector<OnnxTensor> tensors;
  while (true) {
    const fs::path file = data_set / fmt::format("{}_{}.pb", kind, tensors.size());
    if (!fs::exists(file)) return tensors;
    ZP_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(file));
    ZP_ASSIGN_OR_RETURN(NamedTensor tensor, read_tensor(bytes));
    tensors.push_back(std::move(tensor.tensor));
  }
}

Result<std::string> run_data_set(const Model& model, const fs::path& data_set) {
  ZP_ASSIGN_OR_RETURN(std::vector<OnnxTensor> inputs, read_tensors(data_set, "input"));
  ZP_ASSIGN_OR_RETURN(const std::vector<OnnxTensor> expected, read_tensors(data_set, "output"));
  ZP_ASSIGN_OR_RETURN(const std::vector<OnnxTensor> actual, evaluate(model, std::move(inputs)));
  if (expected.empty() || actual.size() != expected.size()) {
    return fmt::format("{} outputs, expected {}", actual.size(), expected.size());
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    const std::string found = difference(actual[i], expected[i]);
    if (!found.empty()) return fmt::format("output {}: {}", i, found);
  }
  return std::string();
}

Result<std::string> run(const fs::path& folder) {
  ZP_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(folder / "model.onnx"));
  ZP_ASSIGN_OR_RETURN(const Model model, read_model(bytes));
  for (int number = 0;; ++number) {
    const fs::path data_set = folder / fmt::format("test_data_set_{}", number);
    if (!fs::exists(data_set)) {
      return number == 0 ? "no data set" : std::string();
    }
    ZP_ASSIGN_OR_RETURN(const std::string found, run_data_set(model, data_set));
    if (!found.empty()) return fmt::format("data set {}, {}", number, found);
  }
}

}  // namespace

std::vector<ListedTest> read_list(const fs::path& file) {
  std::vector<ListedTest> tests;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.front() == '#') continue;
    const size_t space = line.find(' ');
    tests.push_back({line.substr(0, space),
                     space == std::string::npos ? std::string() : line.substr(space + 1)});
  }
  return tests;
}

std::string run_node_test(const fs::path& folder) {
  const auto found = run(folder);
  return found ? *found : found.error().message;
}

std::string difference(const OnnxTensor& actual, const OnnxTensor& expected) {
  if (actual.type() != expected.type()) {
    return fmt::format("type {}, expected {}", name(actual.type()), name(expected.type()));
  }
  if (actual.shape() != expected.shape()) {
    return fmt::format("shape {}, expected {}", actual.shape().to_string(),
                       expected.shape().to_string());
  }
  for (int64_t i = 0; i < actual.size(); ++i) {
    if (actual.bits(i) == expected.bits(i)) continue;
    if (std::isnan(actual.value(i)) && std::isnan(expected.value(i))) continue;
    return fmt::format("element {} is {} (bits {:#x}), expected {} (bits {:#x})", i,
                       actual.value(i), actual.bits(i), expected.value(i), expected.bits(i));
  }
  return {};
}

}  // namespace zp::conformance
