#include "apps/zeropoint/calibrate_command.h"

#include <fmt/format.h>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

#include "apps/zeropoint/static_run.h"
#include "zeropoint/quantizer/statistics_io.h"

namespace zp::app {
namespace {

constexpr const char* kFooter =
    "Shards of the samples, on any machines of one instruction set, give the same as one run:\n"
    "  zeropoint calibrate model.onnx --calibration part1/ -o part1.stats\n"
    "  zeropoint calibrate model.onnx --calibration part2/ -o part2.stats\n"
    "  zeropoint merge part1.stats part2.stats -o all.stats\n"
    "  zeropoint quantize model.onnx --statistics all.stats -o model.int8.onnx";

struct Arguments {
  StaticArguments run;
  std::string output;
};

Result<Work> start(const Arguments& arguments) {
  if (arguments.run.calibration.empty()) {
    return invalid_argument("calibrate: expected --calibration, the samples");
  }
  ZP_RETURN_IF_ERROR(check_sample_options(arguments.run.samples));
  return Work([=]() -> Result<std::string> {
    ZP_ASSIGN_OR_RETURN(StaticRun run, begin_run(arguments.run, PrepareOptions{}.min_opset));
    ZP_RETURN_IF_ERROR(observe(arguments.run, targets(), run));
    ZP_RETURN_IF_ERROR(save_statistics(arguments.output, *run.statistics));
    std::string text =
        fmt::format("{} tensors observed on {} samples -> {}\n", run.statistics->tensors.size(),
                    run.statistics->samples.size(), arguments.output);
    for (const auto& skipped : run.statistics->skipped) {
      text += fmt::format("skipped {}: {}\n", skipped.source, skipped.reason);
    }
    for (const auto& note : run.samples->source.notes()) text += note + "\n";
    return text;
  });
}

}  // namespace

Command add_calibrate(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* calibrate =
      app.add_subcommand("calibrate", "Observes a model on samples, for quantize --statistics");
  calibrate->footer(kFooter);
  calibrate->allow_extras();
  add_static_options(*calibrate, arguments->run);
  calibrate->remove_option(calibrate->get_option("--statistics"));  // they are what it makes
  calibrate->add_option("-o,--output", arguments->output, "the statistics")
      ->type_name("FILE")
      ->required();
  return {calibrate, [arguments] { return start(*arguments); }};
}

}  // namespace zp::app
