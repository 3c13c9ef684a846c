// The command `zeropoint`. Exit status: 0; 1 where the work failed or output could not be written;
// 2 for arguments that have no meaning; 3 for what should not happen. Where it is not 0, standard
// error has one line, and for bad arguments standard output has nothing.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "apps/zeropoint/command.h"
#include "apps/zeropoint/supervisor.h"
#include "zeropoint/kernels/target.h"

namespace zp::app {
namespace {

constexpr int kFailed = 1;
constexpr int kBadArguments = 2;
constexpr int kUnexpected = 3;

// Whatever the arguments hold, an error stays one line.
int fail(int status, std::string message) {
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  std::fprintf(stderr, "zeropoint: %s\n", message.c_str());
  return status;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

int print(const std::string& text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written) return 0;
  return fail(kFailed, std::string("standard output: ") + std::strerror(errno));
}

// "; zeropoint explain --help lists what there is", for the subcommand that was being parsed.
std::string see_help(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  const std::string command = parsed.empty() ? "" : parsed.front()->get_name() + " ";
  return "; zeropoint " + command + "--help lists what there is";
}

int run_command(const Command& command) {
  const Result<Work> work = command.start();
  if (!work) return fail(kBadArguments, work.error().message);
  return supervise(
      [&] {
        const Result<std::string> text = (*work)();
        return text ? print(*text) : fail(kFailed, text.error().message);
      },
      [](const std::string& crash) { return fail(kFailed, crash); });
}

int run(int argc, char** argv) {
  CLI::App app{"Quantizes neural networks in ONNX files.", "zeropoint"};
  app.set_version_flag("--version", "zeropoint " ZP_VERSION);
  app.footer("zeropoint COMMAND --help lists the command's options.");
  app.allow_extras();            // to name the first one in our own words
  app.require_subcommand(0, 1);  // a second one's name is an argument
  const std::vector<Command> commands = add_commands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::CallForVersion& version) {
    return print(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return fail(kBadArguments, error.what() + see_help(app));
  }
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [](const Command& one) { return one.declared->parsed(); });
  const auto unexpected = app.remaining(/*recurse=*/true);
  if (command == commands.end()) {
    return fail(kBadArguments, (unexpected.empty() ? "no command" : quoted(unexpected[0])) +
                                   ": expected a command; zeropoint --help lists them");
  }
  if (!unexpected.empty()) {
    return fail(kBadArguments, quoted(unexpected[0]) + ": unexpected" + see_help(app));
  }
  if (const Status status = kernels::select_target_from_environment(); !status) {
    return fail(kBadArguments, status.error().message);
  }
  return run_command(*command);
}

}  // namespace
}  // namespace zp::app

int main(int argc, char** argv) {
  try {
    return zp::app::run(argc, argv);
  } catch (...) {
    // The library does not throw; memory that ran out may still end here.
    std::fputs("zeropoint: stopped by an unexpected error\n", stderr);
    return zp::app::kUnexpected;
  }
}
