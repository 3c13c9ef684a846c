#include "apps/zeropoint/command.h"
#include "apps/zeropoint/explain.h"
#ifdef ZP_WITH_ONNX
// The headers of subcommands that read or write models.
#endif

namespace zp::app {

std::vector<Command> add_commands(CLI::App& app) {
  return {
#ifdef ZP_WITH_ONNX
  // Subcommands that read or write models.
#endif
      add_explain(app),
  };
}

}  // namespace zp::app
