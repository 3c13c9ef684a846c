#include "zeropoint/quantizer/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "zeropoint/quantizer/statistics_io.h"

namespace zp {
namespace {

// In what the two do not fit together, in words.
std::optional<std::string> difference(const CalibrationOrigin& a, const CalibrationOrigin& b) {
  const auto texts = [](std::string_view what, const std::string& one, const std::string& other) {
    return fmt::format("{}: {} and {}", what, one, other);
  };
  const auto hashes = [](std::string_view what, const Hash128& one, const Hash128& other) {
    return fmt::format("{} (hashes {} and {})", what, one.hex(), other.hex());
  };
  if (a.source_model != b.source_model) {
    return hashes("they were made with different models", a.source_model, b.source_model);
  }
  if (a.tool_version != b.tool_version) {
    return texts("they were made by different versions of zeropoint", a.tool_version,
                 b.tool_version);
  }
  if (a.prepared_model != b.prepared_model) {
    return hashes("the model was prepared differently", a.prepared_model, b.prepared_model);
  }
  if (a.preprocessing != b.preprocessing) {
    return hashes("the samples were preprocessed differently", a.preprocessing, b.preprocessing);
  }
  if (a.engine != b.engine) {
    return texts("different engines ran the model", a.engine, b.engine);
  }
  if (a.instruction_set != b.instruction_set) {
    return texts("they were made on processors of different instruction sets", a.instruction_set,
                 b.instruction_set);
  }
  return std::nullopt;
}

std::optional<std::string> difference(const CalibrationStatistics& a,
                                      const CalibrationStatistics& b) {
  if (auto text = difference(a.origin, b.origin)) return text;
  for (const auto* pair : {&a, &b}) {
    const auto& other = (pair == &a ? b : a).tensors;
    for (const auto& [name, tensor] : pair->tensors) {
      if (!other.contains(name)) {
        return fmt::format("tensor \"{}\" is in the {} alone", name,
                           pair == &a ? "first" : "second");
      }
      if (other.at(name).channel_axis != tensor.channel_axis) {
        return fmt::format("tensor \"{}\" has other channels in them", name);
      }
    }
  }
  const auto with_hash = [&](const CalibrationSample& sample) {
    return std::ranges::lower_bound(a.samples, sample.hash, {}, &CalibrationSample::hash);
  };
  for (const CalibrationSample& sample : b.samples) {
    const auto found = with_hash(sample);
    if (found != a.samples.end() && found->hash == sample.hash) {
      return fmt::format("both hold the sample \"{}\"{} (hash {}): a shard may be merged only once",
                         sample.source,
                         found->source == sample.source
                             ? ""
                             : fmt::format(", called \"{}\" in the first", found->source),
                         sample.hash.hex());
    }
  }
  return std::nullopt;
}

template <class T>
void merge_sorted(std::vector<T>& into, const std::vector<T>& other) {
  std::vector<T> both;
  both.reserve(into.size() + other.size());
  std::ranges::merge(into, other, std::back_inserter(both));
  into = std::move(both);
}

}  // namespace

Status merge(CalibrationStatistics& into, std::string_view into_name,
             const CalibrationStatistics& other, std::string_view other_name) {
  const auto where = [&] { return fmt::format("{} and {} do not fit", into_name, other_name); };
  if (auto text = difference(into, other)) {
    return invalid_data(fmt::format("{}: {}", where(), *text));
  }
  for (auto& [name, tensor] : into.tensors) {
    const TensorStatistics& more = other.tensors.at(name);
    auto status = merge_observers(tensor.fit, more.fit);
    if (status) status = merge_observers(tensor.held_back, more.held_back);
    if (!status) {
      return tl::unexpected<Error>(
          std::move(status).error().at(fmt::format("{}: tensor \"{}\"", where(), name)));
    }
  }
  merge_sorted(into.samples, other.samples);
  merge_sorted(into.skipped, other.skipped);
  return {};
}

Result<CalibrationStatistics> merge_files(std::span<const std::filesystem::path> files) {
  if (files.empty()) return invalid_argument("no statistics files to merge");
  ZP_ASSIGN_OR_RETURN(CalibrationStatistics all, load_statistics(files.front()));
  std::string before = files.front().string();
  for (const std::filesystem::path& file : files.subspan(1)) {
    ZP_ASSIGN_OR_RETURN(const CalibrationStatistics shard, load_statistics(file));
    ZP_RETURN_IF_ERROR(merge(all, before, shard, file.string()));
    before = "the files before it";
  }
  return all;
}

}  // namespace zp
