// Prepares a model: what tests run to compare the model's outputs before and after.
//   passes_tool MODEL OUT [MIN_OPSET]
#include <cstdio>
#include <cstdlib>

#include "zeropoint/passes/prepare.h"

namespace {

int fail(const zp::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: passes_tool MODEL OUT [MIN_OPSET]\n");
    return 2;
  }
  auto model = zp::Model::load(argv[1]);
  if (!model) return fail(model.error());
  zp::PrepareOptions options;
  if (argc > 3) options.min_opset = std::atoi(argv[3]);
  const auto report = zp::prepare(*model, options);
  if (!report) return fail(report.error());
  const auto saved = model->save(argv[2]);
  if (!saved) return fail(saved.error());
  std::printf("opset %d -> %d %s\n", static_cast<int>(report->opset.before),
              static_cast<int>(report->opset.after), report->opset.note.c_str());
  std::printf("functions %d %s\n", report->functions.count, report->functions.note.c_str());
  std::printf("inputs made constant %zu\n", report->inputs_made_constant.size());
  for (const auto& [pass, rewrites] : report->passes) {
    std::printf("%.*s %d\n", static_cast<int>(pass.size()), pass.data(), rewrites);
  }
  return 0;
}
