// Prepares models: what tests run to compare a model's outputs before and after.
//   passes_tool MIN_OPSET MODEL OUT [MODEL OUT]...
//   passes_tool MIN_OPSET MODEL OUT --steps FOLDER
// FOLDER gets the model after each step, as 01-NAME.onnx and so on.
#include <fmt/format.h>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "zeropoint/passes/prepare.h"

namespace {

zp::Status run(const char* from, const char* to, const zp::PrepareOptions& options) {
  ZP_ASSIGN_OR_RETURN(zp::Model model, zp::Model::load(from));
  ZP_ASSIGN_OR_RETURN(const zp::PrepareReport report, zp::prepare(model, options));
  ZP_RETURN_IF_ERROR(model.save(to));
  fmt::print("{}: opset {} -> {}{}{}\n", to, report.opset.before, report.opset.after,
             report.opset.note, report.functions.note);
  fmt::print("  inputs made constant {}, functions inlined {}\n",
             report.inputs_made_constant.size(), report.functions.count);
  for (const auto& [pass, rewrites] : report.passes) fmt::print("  {} {}\n", pass, rewrites);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc % 2 != 0) {
    std::fputs("usage: passes_tool MIN_OPSET MODEL OUT [MODEL OUT]... [--steps FOLDER]\n", stderr);
    return 2;
  }
  zp::PrepareOptions options;
  options.min_opset = std::atoi(argv[1]);
  if (std::string_view(argv[argc - 2]) == "--steps") {
    argc -= 2;
    options.after_step = [folder = argv[argc + 1], step = 0](std::string_view name,
                                                             const zp::Model& after) mutable {
      return after.save(fmt::format("{}/{:02}-{}.onnx", folder, ++step, name));
    };
  }
  for (int i = 2; i < argc; i += 2) {
    if (const auto status = run(argv[i], argv[i + 1], options); !status) {
      std::fprintf(stderr, "%s\n", status.error().message.c_str());
      return 1;
    }
  }
  return 0;
}
