#include "apps/zeropoint/compare.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/zeropoint/progress_bar.h"
#include "apps/zeropoint/sample_options.h"
#include "apps/zeropoint/supervisor.h"
#include "zeropoint/data/labels.h"
#include "zeropoint/evaluate/compare.h"
#include "zeropoint/evaluate/simulated_model.h"
#include "zeropoint/kernels/int8_instructions.h"
#include "zeropoint/quantizer/prepared_model.h"
#include "zeropoint/report/compare_report.h"

namespace zp::app {
namespace {

constexpr const char* kDescription = "What quantization cost: a float and an int8 model on samples";

constexpr const char* kFooter =
    "Outputs are those of integer execution by OpenVINO, as a runtime gives them. --as-written\n"
    "runs QuantizeLinear and DequantizeLinear one by one, in float between them: what the file\n"
    "says, whatever a processor makes of it.\n"
    "Example: zeropoint compare model.onnx model.int8.onnx --data eval/ --labels labels.txt";

// As written on the command line.
struct CompareArguments {
  std::string reference;
  std::string quantized;
  std::vector<std::string> data;
  std::optional<std::string> labels;
  std::optional<std::string> scores;
  SampleArguments samples;
  int threads = 0;
  bool tensors = false;
  bool no_latency = false;
  bool as_written = false;
  bool json = false;
};

void add_options(CLI::App& command, CompareArguments& arguments) {
  command.add_option("float", arguments.reference, "the float model (.onnx)");
  command.add_option("quantized", arguments.quantized, "its quantized form (.onnx)");
  command
      .add_option("--data", arguments.data,
                  "samples: a folder, a list file (.txt), .npy, .npz, .pb, JPEG, PNG; may be "
                  "repeated")
      ->type_name("PATH")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command
      .add_option("--labels", arguments.labels,
                  "right classes: one class index a line in the order of the samples, or \"FILE "
                  "INDEX\"")
      ->type_name("FILE");
  command
      .add_option("--scores", arguments.scores,
                  "the output that holds the scores of classes; otherwise the first whose shape "
                  "does")
      ->type_name("OUTPUT");
  command.add_flag("--tensors", arguments.tensors, "inner tensors too, one by one");
  command.add_flag("--as-written", arguments.as_written, "judge what the file says; see below");
  command.add_flag("--no-latency", arguments.no_latency, "do not measure latency");
  command.add_option("--threads", arguments.threads, "otherwise as many as there are processors")
      ->type_name("N");
  command.add_flag("--json", arguments.json, "print JSON for programs instead of text");
  add_sample_options(command, arguments.samples);
}

// Every error here is one of the arguments.
Status check(const CompareArguments& arguments) {
  if (arguments.quantized.empty()) {
    return invalid_argument(
        "expected two models: zeropoint compare float.onnx int8.onnx --data FOLDER");
  }
  if (arguments.data.empty()) {
    return invalid_argument("--data is missing: expected --data FOLDER with samples");
  }
  if (arguments.threads < 0) return invalid_argument("--threads: expected 1 or more");
  if (arguments.scores && !arguments.labels) {
    return invalid_argument("--scores names the output that --labels are for, which are missing");
  }
  return check_sample_options(arguments.samples);
}

Result<ComparedFile> compared_file(const std::string& path, const Model& model) {
  ZP_ASSIGN_OR_RETURN(const size_t size, size_on_disk(model, path));
  return ComparedFile{.path = path, .size = size};
}

Result<CompareReport> compare_files(const CompareArguments& arguments) {
  set_stage("reading the models");
  ZP_ASSIGN_OR_RETURN(const Model reference, Model::load(arguments.reference));
  ZP_ASSIGN_OR_RETURN(const Model quantized, Model::load(arguments.quantized));
  set_stage("opening the samples");
  ZP_ASSIGN_OR_RETURN(const OpenedSamples samples, open_samples(arguments.samples, arguments.data,
                                                                arguments.reference, reference));
  std::vector<int64_t> labels;
  if (arguments.labels) {
    ZP_ASSIGN_OR_RETURN(labels, read_labels(*arguments.labels, samples.source));
  }
  CompareOptions options{
      .quantized_mode =
          arguments.as_written ? ExecutionMode::kQuantizedAsWritten : ExecutionMode::kInt8,
      .tensors = arguments.tensors ? CompareTensors::kInnerToo : CompareTensors::kOutputs,
      .latency = arguments.no_latency ? CompareLatency::kSkip : CompareLatency::kMeasure,
      .threads = arguments.threads,
      .input_shapes = samples.input_shapes,
      .scores = arguments.scores,
      .progress = progress_bar()};

  CompareReport report;
  report.notes = samples.source.notes();
  if (const std::string node = quantized_node(reference.proto()); !node.empty()) {
    options.reference_mode = options.quantized_mode;
    report.notes.push_back(arguments.reference + " is quantized itself: " + node);
  }
  if (quantized_node(quantized.proto()).empty()) {
    report.notes.push_back(arguments.quantized + " holds nothing quantized");
  }
  ZP_ASSIGN_OR_RETURN(report.reference, compared_file(arguments.reference, reference));
  ZP_ASSIGN_OR_RETURN(report.quantized, compared_file(arguments.quantized, quantized));
  report.quantized_mode = options.quantized_mode;
  report.engine = engine_version();
  report.instructions = kernels::name(kernels::int8_instructions());
  std::optional<Model> simulated;
  if (arguments.as_written || arguments.tensors) {
    if (auto model = simulated_model(quantized); model && quantized_node(model->proto()).empty()) {
      simulated = std::move(*model);
      options.simulated = &*simulated;
    }
  }
  set_stage("compiling the models");
  ZP_ASSIGN_OR_RETURN(report.comparison,
                      compare(reference, quantized, samples.source, labels, options));
  return report;
}

}  // namespace

Command add_compare(CLI::App& app) {
  CLI::App* command = app.add_subcommand("compare", kDescription);
  command->footer(kFooter);
  command->allow_extras();
  const auto arguments = std::make_shared<CompareArguments>();
  add_options(*command, *arguments);
  return {command, [arguments]() -> Result<Work> {
            ZP_RETURN_IF_ERROR(check(*arguments));
            return [arguments]() -> Result<std::string> {
              ZP_ASSIGN_OR_RETURN(const CompareReport report, compare_files(*arguments));
              return arguments->json ? to_json(report) : to_text(report);
            };
          }};
}

}  // namespace zp::app
