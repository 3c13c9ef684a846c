// The command `zeropoint`. Exit status: 0, 1 when output could not be written, 2 for arguments
// that have no meaning, 3 for what should not happen; then standard error has one line, and for
// bad arguments standard output has nothing.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "apps/zeropoint/explain.h"
#include "zeropoint/kernels/target.h"

namespace zp::app {
namespace {

constexpr int kCannotWrite = 1;
constexpr int kBadArguments = 2;
constexpr int kUnexpected = 3;
constexpr const char* kSeeHelp = "; zeropoint explain --help lists what there is";

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
  return fail(kCannotWrite, std::string("standard output: ") + std::strerror(errno));
}

int print(const Result<std::string>& text) {
  return text ? print(*text) : fail(kBadArguments, text.error().message);
}

int run(int argc, char** argv) {
  CLI::App app{"Quantizes neural networks. Today: explains quantization parameters.", "zeropoint"};
  app.set_version_flag("--version", "zeropoint " ZP_VERSION);
  app.footer("zeropoint explain --help lists its options.");
  app.allow_extras();  // to name the first one in our own words
  ExplainArguments explain_arguments;
  const CLI::App* explain = add_explain(app, explain_arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print(app.help());
  } catch (const CLI::CallForVersion& version) {
    return print(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return fail(kBadArguments, std::string(error.what()) + kSeeHelp);
  }
  const auto unexpected = app.remaining(/*recurse=*/true);
  if (!explain->parsed()) {
    return fail(kBadArguments, (unexpected.empty() ? "no command" : quoted(unexpected[0])) +
                                   ": expected zeropoint explain, --help or --version");
  }
  if (!unexpected.empty()) {
    return fail(kBadArguments, quoted(unexpected[0]) + ": expected an option" + kSeeHelp);
  }
  if (const Status status = kernels::select_target_from_environment(); !status) {
    return fail(kBadArguments, status.error().message);
  }
  return print(run_explain(explain_arguments));
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
