#include "apps/zeropoint/merge_command.h"

#include <fmt/format.h>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "zeropoint/quantizer/merge.h"
#include "zeropoint/quantizer/statistics_io.h"

namespace zp::app {
namespace {

struct Arguments {
  std::vector<std::string> inputs;
  std::string output;
};

Result<Work> start(const Arguments& arguments) {
  return Work([=]() -> Result<std::string> {
    const std::vector<std::filesystem::path> files(arguments.inputs.begin(),
                                                   arguments.inputs.end());
    ZP_ASSIGN_OR_RETURN(const CalibrationStatistics merged, merge_files(files));
    ZP_RETURN_IF_ERROR(save_statistics(arguments.output, merged));
    return fmt::format("{} files, {} samples -> {}\n", files.size(), merged.samples.size(),
                       arguments.output);
  });
}

}  // namespace

Command add_merge(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* merge = app.add_subcommand("merge", "Joins files of zeropoint calibrate, exactly");
  merge->allow_extras();
  merge->add_option("files", arguments->inputs, "statistics of shards of one model's samples")
      ->type_name("FILE")
      ->required();
  merge->add_option("-o,--output", arguments->output, "the joined file")
      ->type_name("FILE")
      ->required();
  return {merge, [arguments] { return start(*arguments); }};
}

}  // namespace zp::app
