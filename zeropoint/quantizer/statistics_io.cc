#include "zeropoint/quantizer/statistics_io.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "zeropoint/base/atomic_file.h"
#include "zeropoint/base/file.h"
#include "zeropoint/base/sealed_bytes.h"
#include "zeropoint/observe/observer_io.h"

namespace zp {
namespace {

constexpr SealedFormat kFormat{
    .magic = "ZPCALIBR", .version = kStatisticsVersion, .what = "a statistics file of zeropoint"};

class Writer : public ByteWriter {
 public:
  using ByteWriter::put;
  void put(std::string_view text) { put_sized(std::as_bytes(std::span(text))); }
  void put(const Hash128& hash) {
    put(hash.high);
    put(hash.low);
  }
  void put(const Observer& observer) { put_sized(serialize(observer)); }
  void put(const CalibrationOrigin& origin) {
    put(std::string_view(origin.tool_version));
    put(origin.source_model);
    put(origin.prepared_model);
    put(origin.preprocessing);
    put(std::string_view(origin.engine));
    put(std::string_view(origin.instruction_set));
  }

 private:
  void put_sized(std::span<const std::byte> bytes) {
    put(uint64_t{bytes.size()});
    put(bytes);
  }
};

class Reader : public ByteReader {
 public:
  using ByteReader::ByteReader;
  std::string get_text() {
    const auto bytes = get_sized();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  Hash128 get_hash() {
    Hash128 hash;
    hash.high = get<uint64_t>();
    hash.low = get<uint64_t>();
    return hash;
  }
  CalibrationOrigin get_origin() {
    CalibrationOrigin origin;
    origin.tool_version = get_text();
    origin.source_model = get_hash();
    origin.prepared_model = get_hash();
    origin.preprocessing = get_hash();
    origin.engine = get_text();
    origin.instruction_set = get_text();
    return origin;
  }
  Result<Observer> get_observer() { return parse_observer(get_sized()); }

 private:
  std::span<const std::byte> get_sized() { return get_bytes(get<uint64_t>()); }
};

tl::unexpected<Error> cut_short() { return invalid_data("its contents end before their end"); }

// A list of entries that `read` gives one by one, which have to ascend.
template <class Entry, class Read>
Result<std::vector<Entry>> get_list(Reader& reader, std::string_view what, const Read& read) {
  std::vector<Entry> entries;
  for (auto count = reader.get<uint64_t>(); count > 0; --count) {
    entries.push_back(read(reader));
    if (!reader.ok()) return cut_short();
  }
  if (!reader.ok()) return cut_short();
  if (!std::ranges::is_sorted(entries)) {
    return invalid_data(fmt::format("the {} are not in ascending order", what));
  }
  return entries;
}

Result<TensorStatistics> get_tensor(Reader& reader) {
  TensorStatistics tensor;
  const auto axis = reader.get<uint64_t>();
  const auto has_axis = reader.get<uint64_t>();
  if (has_axis > 1 || (has_axis == 0 && axis != 0)) {
    return invalid_data("expected a channel axis or none");
  }
  if (has_axis == 1) tensor.channel_axis = static_cast<int64_t>(axis);
  ZP_ASSIGN_OR_RETURN(tensor.fit, reader.get_observer());
  ZP_ASSIGN_OR_RETURN(tensor.held_back, reader.get_observer());
  return tensor;
}

Result<std::map<std::string, TensorStatistics>> get_tensors(Reader& reader) {
  std::map<std::string, TensorStatistics> tensors;
  for (auto count = reader.get<uint64_t>(); count > 0; --count) {
    std::string name = reader.get_text();
    if (!reader.ok()) return cut_short();
    if (!tensors.empty() && name <= tensors.rbegin()->first) {
      return invalid_data("the tensors are not in ascending order");
    }
    auto tensor = get_tensor(reader);
    if (!reader.ok()) return cut_short();
    if (!tensor) {
      return tl::unexpected<Error>(
          std::move(tensor).error().at(fmt::format("tensor \"{}\"", name)));
    }
    tensors.emplace_hint(tensors.end(), std::move(name), *std::move(tensor));
  }
  if (!reader.ok()) return cut_short();
  return tensors;
}

}  // namespace

std::vector<std::byte> serialize(const CalibrationStatistics& statistics) {
  Writer writer;
  writer.put(statistics.origin);
  writer.put(uint64_t{statistics.samples.size()});
  for (const CalibrationSample& sample : statistics.samples) {
    writer.put(sample.hash);
    writer.put(std::string_view(sample.source));
  }
  writer.put(uint64_t{statistics.skipped.size()});
  for (const SkippedSample& sample : statistics.skipped) {
    writer.put(std::string_view(sample.source));
    writer.put(std::string_view(sample.reason));
  }
  writer.put(uint64_t{statistics.tensors.size()});
  for (const auto& [name, tensor] : statistics.tensors) {
    writer.put(std::string_view(name));
    writer.put(static_cast<uint64_t>(tensor.channel_axis.value_or(0)));
    writer.put(uint64_t{tensor.channel_axis.has_value()});
    writer.put(tensor.fit);
    writer.put(tensor.held_back);
  }
  return seal(kFormat, 0, writer.bytes());
}

Result<CalibrationStatistics> parse_statistics(std::span<const std::byte> bytes) {
  ZP_ASSIGN_OR_RETURN(const Unsealed unsealed, unseal(kFormat, bytes));
  if (unsealed.kind != 0) {
    return invalid_data(fmt::format("kind {}: expected 0", unsealed.kind));
  }
  Reader reader(unsealed.contents);
  CalibrationStatistics statistics;
  statistics.origin = reader.get_origin();
  ZP_ASSIGN_OR_RETURN(statistics.samples,
                      get_list<CalibrationSample>(reader, "samples", [](Reader& from) {
                        const Hash128 hash = from.get_hash();
                        return CalibrationSample{hash, from.get_text()};
                      }));
  ZP_ASSIGN_OR_RETURN(statistics.skipped,
                      get_list<SkippedSample>(reader, "skipped samples", [](Reader& from) {
                        std::string source = from.get_text();
                        return SkippedSample{std::move(source), from.get_text()};
                      }));
  ZP_ASSIGN_OR_RETURN(statistics.tensors, get_tensors(reader));
  if (reader.left() != 0) {
    return invalid_data(fmt::format("{} bytes follow on the tensors", reader.left()));
  }
  return statistics;
}

Status save_statistics(const std::filesystem::path& path, const CalibrationStatistics& statistics) {
  return write_file(path, serialize(statistics));
}

Result<CalibrationStatistics> load_statistics(const std::filesystem::path& path) {
  ZP_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, read_file(path));
  auto statistics = parse_statistics(bytes);
  if (!statistics) return tl::unexpected<Error>(std::move(statistics).error().at(path.string()));
  return statistics;
}

}  // namespace zp
