// What every subcommand is to main.cc.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp::app {

// The work of a subcommand whose arguments were found to have a meaning. Returns the text for
// standard output; what it tells while it works goes to standard error. An error ends the command
// with exit status 1.
using Work = std::function<Result<std::string>()>;

// A subcommand: its file has `Command add_NAME(CLI::App& app)`, which declares name, options and
// help; commands.cc lists them all.
struct Command {
  // As CLI::App::add_subcommand made it, with allow_extras() called: an argument too many is then
  // named by main.cc.
  const CLI::App* declared;
  // Called where the subcommand stands on the command line, after the options were parsed. An error
  // is one of the user's arguments (exit status 2); files are not looked at yet.
  std::function<Result<Work>()> start;
};

// Declares all subcommands, in the order of the help.
std::vector<Command> add_commands(CLI::App& app);

}  // namespace zp::app
