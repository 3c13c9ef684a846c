// The subcommand `zeropoint explain`: a range and a type in, the derivation of the quantization
// parameters out.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp::app {

// As written on the command line.
struct ExplainArguments {
  std::string range;
  std::string type;
  std::optional<std::string> scheme;
  std::optional<std::string> convention;
  std::optional<std::string> zero_point;
  std::optional<std::string> exact;
  std::vector<std::string> values;
  bool narrow = false;
  bool power_of_two = false;
  bool json = false;
};

// Declares the subcommand; parsing fills `arguments`, which must outlive the app.
CLI::App* add_explain(CLI::App& app, ExplainArguments& arguments);

// The text for standard output. Errors: an argument that is not what it should be, and those of
// choose_params and choose_params_exact.
Result<std::string> run_explain(const ExplainArguments& arguments);

}  // namespace zp::app
