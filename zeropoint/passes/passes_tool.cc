// Prepares a model: what tests run to compare the model's outputs before and after.
//   passes_tool MODEL OUT [MIN_OPSET [FOLDER]]
// FOLDER gets the model after each step, as 01-NAME.onnx and so on.
#include <fmt/format.h>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "zeropoint/passes/prepare.h"

namespace {

int fail(const zp::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: passes_tool MODEL OUT [MIN_OPSET [FOLDER]]\n");
    return 2;
  }
  auto model = zp::Model::load(argv[1]);
  if (!model) return fail(model.error());
  zp::PrepareOptions options;
  if (argc > 3) options.min_opset = std::atoi(argv[3]);
  int step = 0;
  if (argc > 4) {
    options.after_step = [&](std::string_view name, const zp::Model& after) {
      return after.save(fmt::format("{}/{:02}-{}.onnx", argv[4], ++step, name));
    };
  }
  const auto report = zp::prepare(*model, options);
  if (!report) return fail(report.error());
  const auto saved = model->save(argv[2]);
  if (!saved) return fail(saved.error());
  fmt::print("opset {} -> {} {}\n", report->opset.before, report->opset.after, report->opset.note);
  fmt::print("functions {} {}\n", report->functions.count, report->functions.note);
  fmt::print("inputs made constant {}\n", report->inputs_made_constant.size());
  for (const auto& [pass, rewrites] : report->passes) fmt::print("{} {}\n", pass, rewrites);
  return 0;
}
