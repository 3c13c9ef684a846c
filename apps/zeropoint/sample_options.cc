#include "apps/zeropoint/sample_options.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "zeropoint/data/input_spec.h"
#include "zeropoint/data/parse.h"
#include "zeropoint/data/preprocessing.h"

namespace zp::app {
namespace {

constexpr const char* kGroup = "Samples";

struct ImageOption {
  const char* key;
  const char* type_name;
  const char* description;
};
constexpr ImageOption kImageOptions[] = {
    {"resize", "SIZE", "pictures: WIDTHxHEIGHT, or short:LENGTH for the shorter side"},
    {"crop", "WxH", "pictures: the middle, after resizing"},
    {"letterbox", "WxH[:FILL[:center]]", "pictures: fitted in with proportions kept"},
    {"scale", "S",
     "pictures: pixels, 0 to 255, times this number, such as 1/255; otherwise as they are"},
    {"mean", "M", "pictures: then subtracted; one number, or one for each channel: .5,.5,.5"},
    {"std", "D", "pictures: then divided by; as --mean"},
    {"channels", "ORDER", "pictures: rgb, bgr or gray"},
    {"layout", "LAYOUT", "pictures: nchw or nhwc"},
};

CLI::Option* add_repeatable(CLI::App& app, const char* name, std::vector<std::string>& values,
                            const char* description) {
  return app.add_option(name, values, description)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kGroup);
}

Result<int64_t> parse_count(std::string_view option, const std::string& text, int64_t least) {
  const std::optional<int64_t> count = parse_whole(text);
  if (!count || *count < least) {
    return invalid_argument(
        fmt::format("{} \"{}\": expected a whole number from {} up", option, text, least));
  }
  return *count;
}

// Everything but the preprocessing, which may begin with a file.
Result<SampleOptions> source_options(const SampleArguments& arguments) {
  SampleOptions options;
  if (arguments.samples) {
    ZP_ASSIGN_OR_RETURN(options.count, parse_count("--samples", *arguments.samples, 1));
  }
  if (arguments.seed) {
    ZP_ASSIGN_OR_RETURN(const int64_t seed, parse_count("--seed", *arguments.seed, 0));
    options.seed = static_cast<uint64_t>(seed);
  }
  if (arguments.rows) options.array_file = ArrayFile::kManyRows;
  if (arguments.skip_bad) options.bad = BadSamples::kSkip;
  return options;
}

Result<ShapeChoices> shape_choices(const SampleArguments& arguments) {
  ShapeChoices choices;
  const auto at = [](Status status, const char* option) -> Status {
    if (status) return {};
    return tl::unexpected<Error>(std::move(status).error().at(option));
  };
  for (const std::string& text : arguments.input_shapes) {
    ZP_RETURN_IF_ERROR(at(add_input_shape(choices, text), "--input-shape"));
  }
  for (const std::string& text : arguments.dims) {
    ZP_RETURN_IF_ERROR(at(add_dim(choices, text), "--dim"));
  }
  return choices;
}

bool is_given(const SampleArguments& arguments, const std::string& key) {
  const auto found = arguments.image_options.find(key);
  return found != arguments.image_options.end() && found->second;
}

Result<Preprocessing> with_options(Preprocessing preprocessing, const SampleArguments& arguments) {
  if (is_given(arguments, "letterbox")) {
    preprocessing.resize.reset();
    preprocessing.crop.reset();
  }
  if (is_given(arguments, "resize") || is_given(arguments, "crop")) preprocessing.letterbox.reset();
  for (const auto& [key, text] : arguments.image_options) {
    if (!text) continue;
    if (Status set = set_preprocessing(preprocessing, key, *text); !set) {
      Error error = std::move(set).error();
      error.message = "--" + error.message;  // which begins with the key
      return tl::unexpected<Error>(std::move(error));
    }
  }
  ZP_RETURN_IF_ERROR(check_preprocessing(preprocessing));
  return preprocessing;
}

Result<Preprocessing> file_preprocessing(const SampleArguments& arguments,
                                         const std::filesystem::path& model_path) {
  if (arguments.preprocess) return read_preprocessing(*arguments.preprocess);
  ZP_ASSIGN_OR_RETURN(const auto beside, find_preprocess_file(model_path));
  return beside ? read_preprocessing(*beside) : Preprocessing();
}

}  // namespace

void add_sample_options(CLI::App& app, SampleArguments& arguments) {
  app.add_option("--samples", arguments.samples, "use so many of the samples; otherwise all")
      ->type_name("N")
      ->group(kGroup);
  app.add_option("--seed", arguments.seed, "choose them at random; otherwise evenly spaced")
      ->type_name("N")
      ->group(kGroup);
  app.add_flag("--rows", arguments.rows, "axis 0 of the arrays in a file counts samples")
      ->group(kGroup);
  app.add_flag("--skip-bad", arguments.skip_bad,
               "count and report samples that cannot be loaded instead of stopping")
      ->group(kGroup);
  add_repeatable(app, "--input-shape", arguments.input_shapes,
                 "the shape of an input that leaves it open; may be repeated")
      ->type_name("NAME:1x3x224x224");
  add_repeatable(app, "--dim", arguments.dims,
                 "the size of a dimension that the model has by name; may be repeated")
      ->type_name("NAME=1");
  app.add_option("--preprocess", arguments.preprocess,
                 "a YAML or JSON file of the options below; otherwise MODEL.preprocess.yaml (.yml, "
                 ".json) beside the model, if there is one")
      ->type_name("FILE")
      ->group(kGroup);
  for (const ImageOption& option : kImageOptions) {
    app.add_option(std::string("--") + option.key, arguments.image_options[option.key],
                   option.description)
        ->type_name(option.type_name)
        ->group(kGroup);
  }
}

Status check_sample_options(const SampleArguments& arguments) {
  ZP_RETURN_IF_ERROR(source_options(arguments));
  ZP_RETURN_IF_ERROR(shape_choices(arguments));
  ZP_RETURN_IF_ERROR(with_options({}, arguments));
  return {};
}

Result<OpenedSamples> open_samples(const SampleArguments& arguments,
                                   const std::vector<std::string>& paths,
                                   const std::filesystem::path& model_path, const Model& model) {
  ZP_ASSIGN_OR_RETURN(SampleOptions options, source_options(arguments));
  ZP_ASSIGN_OR_RETURN(Preprocessing preprocessing, file_preprocessing(arguments, model_path));
  ZP_ASSIGN_OR_RETURN(options.preprocessing, with_options(std::move(preprocessing), arguments));
  ZP_ASSIGN_OR_RETURN(const ShapeChoices choices, shape_choices(arguments));
  ZP_ASSIGN_OR_RETURN(const std::vector<InputSpec> declared, input_specs(model));
  std::vector<InputSpec> inputs = declared;
  ZP_RETURN_IF_ERROR(settle_shapes(inputs, choices));
  std::map<std::string, std::vector<int64_t>> settled;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool is_settled =
        inputs[i].has_rank != declared[i].has_rank || inputs[i].dims != declared[i].dims;
    if (is_settled) settled.emplace(inputs[i].name, inputs[i].dims);
  }
  const std::vector<std::filesystem::path> places(paths.begin(), paths.end());
  ZP_ASSIGN_OR_RETURN(SampleSource source,
                      SampleSource::open(places, std::move(inputs), std::move(options)));
  return OpenedSamples{.source = std::move(source), .input_shapes = std::move(settled)};
}

}  // namespace zp::app
