#include "apps/zeropoint/plan_command.h"

#include <fmt/format.h>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "apps/zeropoint/static_run.h"
#include "zeropoint/base/atomic_file.h"
#include "zeropoint/plan/plan_json.h"
#include "zeropoint/report/quantize_report.h"

namespace zp::app {
namespace {

constexpr const char* kFooter =
    "The plan names the reason for each decision. Edit it and apply it:\n"
    "  zeropoint plan model.onnx --calibration data/ -o plan.json\n"
    "  zeropoint quantize model.onnx --plan plan.json --calibration data/ -o model.int8.onnx";

struct Arguments {
  StaticArguments run;
  PlanArguments plan;
  std::optional<std::string> output;
};

Result<Work> start(const Arguments& arguments) {
  ZP_ASSIGN_OR_RETURN(const PlanOptions options, plan_options(arguments.plan));
  if (arguments.run.calibration.empty() && !arguments.run.statistics) {
    return invalid_argument("plan: expected --calibration or --statistics");
  }
  ZP_RETURN_IF_ERROR(check_sample_options(arguments.run.samples));
  return Work([=]() -> Result<std::string> {
    ZP_ASSIGN_OR_RETURN(StaticRun run, begin_run(arguments.run, needed_opset(options)));
    ZP_RETURN_IF_ERROR(observe(arguments.run, {options.target, 1}, run));
    ZP_ASSIGN_OR_RETURN(const Plan plan, plan_of(arguments.plan, options, run));
    const std::string text = to_json(plan) + "\n";
    if (!arguments.output) return text;
    ZP_RETURN_IF_ERROR(write_file(*arguments.output, std::as_bytes(std::span(text))));
    QuantizeReport report;
    report.mode = "plan";
    report.model = arguments.run.model;
    report.output = *arguments.output;
    ZP_RETURN_IF_ERROR(describe_run(run, plan, report));
    report.seconds = run.seconds;
    return to_text(report);
  });
}

}  // namespace

Command add_plan(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* plan = app.add_subcommand("plan", "What quantize would decide, and why, as JSON");
  plan->footer(kFooter);
  plan->allow_extras();
  add_static_options(*plan, arguments->run);
  add_plan_options(*plan, arguments->plan);
  plan->add_option("-o,--output", arguments->output,
                   "the plan; otherwise it goes to standard output")
      ->type_name("FILE");
  return {plan, [arguments] { return start(*arguments); }};
}

}  // namespace zp::app
