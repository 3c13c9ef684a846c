#include "apps/zeropoint/command.h"
#include "apps/zeropoint/explain.h"
#ifdef ZP_WITH_ONNX
#include "apps/zeropoint/calibrate_command.h"
#include "apps/zeropoint/compare.h"
#include "apps/zeropoint/inspect.h"
#include "apps/zeropoint/merge_command.h"
#include "apps/zeropoint/plan_command.h"
#include "apps/zeropoint/quantize.h"
#endif

namespace zp::app {

std::vector<Command> add_commands(CLI::App& app) {
  // clang-format off
  return {
#ifdef ZP_WITH_ONNX
      add_quantize(app),
      add_plan(app),
      add_calibrate(app),
      add_merge(app),
      add_compare(app),
      add_inspect(app),
#endif
      add_explain(app),
  };
  // clang-format on
}

}  // namespace zp::app
