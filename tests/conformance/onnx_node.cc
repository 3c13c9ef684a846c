// Runs a model of nodes on tensors in files, for comparisons with other runtimes:
//
//   onnx_node MODEL OUTPUT_PREFIX [INPUT.pb ...]
//
// writes OUTPUT_PREFIX0.pb, OUTPUT_PREFIX1.pb, ... Exit status 1, after one line on standard error,
// when something is refused; 2 for wrong arguments.
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/conformance/evaluate.h"
#include "zeropoint/base/file.h"

namespace zp::conformance {
namespace {

Status run(const std::string& model_path, const std::string& prefix,
           const std::vector<std::string>& input_paths) {
  ZP_ASSIGN_OR_RETURN(const std::vector<std::byte> model_bytes, read_file(model_path));
  ZP_ASSIGN_OR_RETURN(const Model model, read_model(model_bytes));
  std::vector<OnnxTensor> inputs;
  for (const std::string& path : input_paths) {
    ZP_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(path));
    ZP_ASSIGN_OR_RETURN(NamedTensor tensor, read_tensor(bytes));
    inputs.push_back(std::move(tensor.tensor));
  }
  ZP_ASSIGN_OR_RETURN(const std::vector<OnnxTensor> outputs, evaluate(model, std::move(inputs)));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::vector<std::byte> bytes = write_tensor({model.outputs[i], outputs[i]});
    std::ofstream file(prefix + std::to_string(i) + ".pb", std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) return fail(ErrorCode::kIo, "could not write " + prefix);
  }
  return {};
}

}  // namespace
}  // namespace zp::conformance

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 2) {
    std::fputs("usage: onnx_node MODEL OUTPUT_PREFIX [INPUT.pb ...]\n", stderr);
    return 2;
  }
  const auto status =
      zp::conformance::run(arguments[0], arguments[1], {arguments.begin() + 2, arguments.end()});
  if (status) return 0;
  std::fprintf(stderr, "onnx_node: %s\n", status.error().message.c_str());
  return 1;
}
