// quantize --mode weights and --mode dynamic: without samples.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <optional>
#include <string>

#include "apps/zeropoint/plan_options.h"
#include "zeropoint/base/error.h"
#include "zeropoint/report/quantize_report.h"

namespace zp::app {

// As written on the command line.
struct WeightsArguments {
  int bits = 8;
  int64_t block = 0;
  bool affine = false;
  std::optional<std::string> form;
};

void add_weights_options(CLI::App& app, WeightsArguments& arguments);

// The whole work of the mode, from reading the model to writing the output. An error here is one of
// the user's arguments.
using WeightsWork = std::function<Result<QuantizeReport>()>;
Result<WeightsWork> weights_work(const std::string& mode, const std::string& model,
                                 const std::string& output, const PlanArguments& plan,
                                 const WeightsArguments& arguments);

}  // namespace zp::app
