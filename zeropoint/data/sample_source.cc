#include "zeropoint/data/sample_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "zeropoint/data/choose_samples.h"
#include "zeropoint/data/file_kind.h"
#include "zeropoint/data/fit_input.h"
#include "zeropoint/data/tensor_rows.h"

namespace zp {
namespace {

constexpr int64_t kMostSamples = int64_t{1} << 31;

// What axis 0 of a file's arrays says.
struct Rows {
  int64_t count = 0;
  int64_t batch = 1;  // so many are fed at once, where the inputs fix it
};

// The rows of one array: as an input whose rank leaves room for a batch axis takes them.
Result<Rows> rows_of(const Shape& shape, const InputSpec& input) {
  if (shape.rank() == 0) return invalid_data("a single number, which has no rows");
  if (shape.dim(0) == 0) return invalid_data("no rows");
  const bool batched = input.has_rank && std::ssize(input.dims) >= shape.rank();
  const int64_t batch = batched ? input.dims[0] : 1;
  return Rows{.count = shape.dim(0), .batch = std::max<int64_t>(batch, 1)};
}

// The rows that all the inputs' arrays in a file have.
Result<Rows> rows_in_file(const std::filesystem::path& path, std::span<const InputSpec> inputs) {
  ZP_ASSIGN_OR_RETURN(const auto arrays, open_arrays(path));
  const auto examine = [&]() -> Result<Rows> {
    ZP_ASSIGN_OR_RETURN(const auto matches, match_arrays(arrays, inputs));
    std::optional<Rows> all;
    for (size_t i = 0; i < inputs.size(); ++i) {
      auto rows = rows_of(arrays[matches[i]].shape, inputs[i]);
      if (!rows) {
        return tl::unexpected<Error>(
            std::move(rows).error().at(fmt::format("input \"{}\" gets", inputs[i].name)));
      }
      if (all.value_or(*rows).count != rows->count || all.value_or(*rows).batch != rows->batch) {
        return invalid_data(fmt::format(
            R"(input "{}" gets {} rows, {} at once, but input "{}" {} rows, {} at once)",
            inputs[0].name, all->count, all->batch, inputs[i].name, rows->count, rows->batch));
      }
      all = *rows;
    }
    return *all;
  };
  auto rows = examine();
  if (!rows) return tl::unexpected<Error>(std::move(rows).error().at(path.string()));
  return rows;
}

// The input for one of the samples that make a run together.
InputSpec for_one(InputSpec input) {
  if (input.has_rank && !input.dims.empty()) input.dims[0] = 1;
  return input;
}

// A row as it is fed: with the batch axis that it came with, or without it.
Result<Tensor> fit_row(Tensor row, const InputSpec& input) {
  const auto dims = row.shape().dims();
  if (input.has_rank && input.dims.size() + 1 == dims.size()) {
    ZP_ASSIGN_OR_RETURN(Shape shape, Shape::make({dims.begin() + 1, dims.end()}));
    const auto bytes = row.bytes();
    ZP_ASSIGN_OR_RETURN(row,
                        Tensor::make(row.type(), std::move(shape), {bytes.begin(), bytes.end()}));
  }
  return fit_input(std::move(row), input);
}

void hash_number(Hasher& hasher, auto number) {
  hasher.update(std::as_bytes(std::span(&number, 1)));
}

}  // namespace

Hash128 hash_inputs(std::span<const NamedTensor> inputs) {
  Hasher hasher;
  for (const auto& [name, tensor] : inputs) {
    hash_number(hasher, uint64_t{name.size()});
    hasher.update(std::as_bytes(std::span(name)));
    hash_number(hasher, static_cast<int32_t>(tensor.type()));
    hash_number(hasher, int32_t{tensor.shape().rank()});
    for (const int64_t dim : tensor.shape().dims()) hash_number(hasher, dim);
    hasher.update(tensor.bytes());
  }
  return hasher.digest();
}

Result<SampleSource> SampleSource::open(std::span<const std::filesystem::path> paths,
                                        std::vector<InputSpec> inputs, SampleOptions options) {
  if (inputs.empty()) {
    return invalid_argument("the model has no inputs: there is nothing to feed samples to");
  }
  if (options.count && *options.count < 1) {
    return invalid_argument(
        fmt::format("{} samples are asked for; expected 1 or more", *options.count));
  }
  SampleSource source;
  source.inputs_ = std::move(inputs);
  source.options_ = std::move(options);
  ZP_ASSIGN_OR_RETURN(source.files_, find_sample_files(paths));
  ZP_RETURN_IF_ERROR(source.list_items());
  ZP_RETURN_IF_ERROR(source.choose_items());
  ZP_RETURN_IF_ERROR(source.group_items());
  source.note_files();
  return source;
}

Status SampleSource::list_items() {
  const auto add = [&](SampleItem item) {
    item.position = static_cast<int64_t>(items_.size());
    items_.push_back(item);
  };
  for (size_t file = 0; file < files_.files.size(); ++file) {
    const SampleFile& sample = files_.files[file];
    if (sample.kind == FileKind::kImage && !image_input_) {
      if (inputs_.size() > 1) {
        return invalid_argument(
            fmt::format("{}: a picture feeds one input, but the model has {}: {}; give arrays",
                        sample.path.string(), inputs_.size(), quoted_names(inputs_)));
      }
      ZP_ASSIGN_OR_RETURN(image_input_, plan_image_input(options_.preprocessing, inputs_[0]));
      if (image_input_->has_batch_axis) batch_ = std::max(batch_, inputs_[0].dims[0]);
    }
    if (sample.kind == FileKind::kImage || options_.array_file == ArrayFile::kOneRun) {
      add({.file = file});
      continue;
    }
    auto rows = rows_in_file(sample.path, inputs_);
    if (!rows && options_.bad == BadSamples::kFail) {
      return tl::unexpected<Error>(std::move(rows).error());
    }
    if (!rows) {
      unreadable_.push_back(std::move(rows).error());
      continue;
    }
    if (rows->count > kMostSamples - static_cast<int64_t>(items_.size())) {
      return invalid_data(
          fmt::format("{}: brings the samples above {}", sample.path.string(), kMostSamples));
    }
    batch_ = std::max(batch_, rows->batch);
    for (int64_t row = 0; row < rows->count; ++row) add({.file = file, .row = row});
  }
  found_ = static_cast<int64_t>(items_.size());
  // The one file was bad, or all were: its error tells more than a count of 0.
  if (items_.empty()) return tl::unexpected<Error>(unreadable_.front());
  return {};
}

Status SampleSource::choose_items() {
  if (!options_.count) return {};
  if (*options_.count > found_) {
    notes_.push_back(
        fmt::format("{} samples were asked for, there are {}", *options_.count, found_));
  }
  std::vector<SampleItem> chosen;
  for (const int64_t index : choose_samples(found_, *options_.count, options_.seed)) {
    chosen.push_back(items_[static_cast<size_t>(index)]);
  }
  items_ = std::move(chosen);
  return {};
}

bool SampleSource::is_single(const SampleItem& item) const {
  return item.row || files_.files[item.file].kind == FileKind::kImage;
}

Status SampleSource::group_items() {
  std::vector<SampleItem> grouped;
  std::vector<SampleItem> group;
  for (const SampleItem& item : items_) {
    if (!is_single(item)) {
      grouped.push_back(item);
      run_ends_.push_back(grouped.size());
      continue;
    }
    group.push_back(item);
    if (static_cast<int64_t>(group.size()) < batch_) continue;
    grouped.insert(grouped.end(), group.begin(), group.end());
    run_ends_.push_back(grouped.size());
    group.clear();
  }
  items_ = std::move(grouped);
  if (run_ends_.empty()) {
    return invalid_argument(fmt::format("input \"{}\" takes {} samples a run, there are {}",
                                        inputs_[0].name, batch_, group.size()));
  }
  if (!group.empty()) {
    notes_.push_back(fmt::format("{} samples left over are not used: input \"{}\" takes {} a run",
                                 group.size(), inputs_[0].name, batch_));
  }
  return {};
}

void SampleSource::note_files() {
  if (!files_.ignored.empty()) {
    notes_.push_back("files that are no samples: " + to_string(files_.ignored));
  }
  if (image_input_) {
    notes_.push_back("pictures: " + describe(*image_input_));
  } else if (options_.preprocessing != Preprocessing()) {
    notes_.emplace_back(
        "preprocessing is for pictures, and there are none: arrays are fed as they are");
  }
}

std::span<const SampleItem> SampleSource::items(int64_t index) const {
  const auto run = static_cast<size_t>(index);
  const size_t begin = run == 0 ? 0 : run_ends_[run - 1];
  return std::span(items_).subspan(begin, run_ends_[run] - begin);
}

std::string SampleSource::name(const SampleItem& item) const {
  const std::string& file = files_.files[item.file].name;
  return item.row ? fmt::format("{}[{}]", file, *item.row) : file;
}

std::string SampleSource::name(int64_t index) const {
  const auto run = items(index);
  return run.size() == 1 ? name(run.front())
                         : fmt::format("{} to {}", name(run.front()), name(run.back()));
}

Result<std::vector<Tensor>> SampleSource::load_arrays(const SampleItem& item) const {
  const std::filesystem::path& path = files_.files[item.file].path;
  const auto located = [&](Error error) {
    return tl::unexpected<Error>(std::move(error).at(path.string()));
  };
  const bool is_archive = item.row && lower_extension(path) == ".npz";
  std::shared_ptr<const std::vector<StoredArray>> opened;
  if (is_archive) {
    ZP_ASSIGN_OR_RETURN(opened, archives_->open(path));
  } else {
    ZP_ASSIGN_OR_RETURN(auto fresh, open_arrays(path));
    opened = std::make_shared<const std::vector<StoredArray>>(std::move(fresh));
  }
  const auto& arrays = *opened;
  auto matches = match_arrays(arrays, inputs_);
  if (!matches) return located(std::move(matches).error());
  std::vector<Tensor> tensors;
  for (size_t input = 0; input < inputs_.size(); ++input) {
    const StoredArray& array = arrays[(*matches)[input]];
    if (item.row && (array.shape.rank() == 0 || array.shape.dim(0) <= *item.row)) {
      return located(
          {ErrorCode::kInvalidData, fmt::format("has lost row {} since it was listed", *item.row)});
    }
    auto read = item.row ? array.read_row(*item.row) : array.read();
    if (!read) return located(std::move(read).error());
    const InputSpec& spec = inputs_[input];
    auto fitted = item.row ? fit_row(std::move(read).value(), batch_ > 1 ? for_one(spec) : spec)
                           : fit_input(std::move(read).value(), spec);
    if (!fitted) {
      return tl::unexpected<Error>(std::move(fitted).error().at(
          fmt::format("input \"{}\" of {}", spec.name, path.string())));
    }
    tensors.push_back(std::move(fitted).value());
  }
  return tensors;
}

Result<std::vector<Tensor>> SampleSource::load_item(const SampleItem& item) const {
  const SampleFile& file = files_.files[item.file];
  if (file.kind != FileKind::kImage) return load_arrays(item);
  ZP_ASSIGN_OR_RETURN(Image image, read_image(file.path));
  auto tensor = feed_image(std::move(image), *image_input_);
  if (!tensor) {
    return tl::unexpected<Error>(std::move(tensor).error().at(
        fmt::format("input \"{}\" of {}", inputs_[0].name, file.path.string())));
  }
  return std::vector{std::move(tensor).value()};
}

Result<Sample> SampleSource::load(int64_t index) const {
  std::vector<std::vector<Tensor>> parts(inputs_.size());  // by input, then by item
  for (const SampleItem& item : items(index)) {
    ZP_ASSIGN_OR_RETURN(auto tensors, load_item(item));
    for (size_t input = 0; input < tensors.size(); ++input) {
      parts[input].push_back(std::move(tensors[input]));
    }
  }
  Sample sample{.name = name(index), .inputs = {}, .hash = {}};
  for (size_t input = 0; input < inputs_.size(); ++input) {
    if (parts[input].size() == 1) {
      sample.inputs.push_back({inputs_[input].name, std::move(parts[input].front())});
      continue;
    }
    auto joined = join_rows(parts[input]);
    if (!joined) return tl::unexpected<Error>(std::move(joined).error().at(sample.name));
    sample.inputs.push_back({inputs_[input].name, std::move(joined).value()});
  }
  sample.hash = hash_inputs(sample.inputs);
  return sample;
}

}  // namespace zp
