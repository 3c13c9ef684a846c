// The options that say what samples are and how they become a model's inputs, as all commands that
// run models have them.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/data/sample_source.h"
#include "zeropoint/graph/model.h"

namespace zp::app {

// As written on the command line.
struct SampleArguments {
  std::optional<std::string> samples = {};
  std::optional<std::string> seed = {};
  bool rows = false;
  bool skip_bad = false;
  std::optional<std::string> preprocess = {};
  // By the key of set_preprocessing (zeropoint/data/preprocessing.h), which is the option's name.
  std::map<std::string, std::optional<std::string>> image_options = {};
  std::vector<std::string> input_shapes = {};
  std::vector<std::string> dims = {};
};

// Declares --samples, --seed, --rows, --skip-bad, --preprocess, --resize, --crop, --letterbox,
// --scale, --mean, --std, --channels, --layout, --input-shape and --dim. What names the samples
// themselves is the command's own.
void add_sample_options(CLI::App& app, SampleArguments& arguments);

// Whether each option has a meaning, as far as that can be told without files: to be called when
// the command starts. An error is one of the user's arguments.
Status check_sample_options(const SampleArguments& arguments);

struct OpenedSamples {
  SampleSource source;
  // Of the inputs whose shape is not quite as the model declares it: for EngineOptions.
  std::map<std::string, std::vector<int64_t>> input_shapes;
};

// Opens the samples in `paths` for the inputs of `model`. Preprocessing is that of --preprocess or,
// without it, of the file beside `model_path`, where there is one; options given on the command
// line replace what the file says, and --letterbox its resize and crop (and the other way round).
// Errors: those of check_sample_options, of the preprocessing file, of settle_shapes and of
// SampleSource::open.
Result<OpenedSamples> open_samples(const SampleArguments& arguments,
                                   const std::vector<std::string>& paths,
                                   const std::filesystem::path& model_path, const Model& model);

}  // namespace zp::app
