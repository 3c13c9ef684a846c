#include "zeropoint/observe/observer_io.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "zeropoint/base/sealed_bytes.h"
#include "zeropoint/observe/observer_check.h"

namespace zp {
namespace {

constexpr SealedFormat kFormat{
    .magic = "ZPOBSERV", .version = kObserverVersion, .what = "an observer"};
constexpr size_t kExtremesBytes = 4 * 8 + 2 * 4;
constexpr size_t kStatisticsBytes = 6 * 8 + 3 * 4 + 2 * ExactSum::kWords * 8;
constexpr size_t kValueBytes = 4 + 8;
constexpr size_t kOctaveBytes = 2 + 8 * kernels::kOctaveBuckets;
constexpr uint32_t kExact = 0;
constexpr uint32_t kInOctaves = 1;

void put(const kernels::ValueRange& range, ByteWriter& to) {
  for (const uint64_t count :
       {range.count, range.nan, range.positive_infinity, range.negative_infinity}) {
    to.put(count);
  }
  to.put(range.min);
  to.put(range.max);
}

void put(const Statistics& statistics, ByteWriter& to) {
  const kernels::MinMax& m = statistics.extremes;
  for (const uint64_t count :
       {m.count, m.nan, m.positive_infinity, m.negative_infinity, m.zeros, m.negative_zeros}) {
    to.put(count);
  }
  for (const float extreme : {m.min, m.max, m.smallest_magnitude}) to.put(extreme);
  for (const uint64_t word : statistics.moments.sum.words()) to.put(word);
  for (const uint64_t word : statistics.moments.sum_of_squares.words()) to.put(word);
}

ExactSum get_sum(ByteReader& reader) {
  ExactSum::Words words{};
  for (uint64_t& word : words) word = reader.get<uint64_t>();
  return ExactSum::from_words(words);
}

kernels::ValueRange get_extremes(ByteReader& reader) {
  kernels::ValueRange range;
  for (uint64_t* count :
       {&range.count, &range.nan, &range.positive_infinity, &range.negative_infinity}) {
    *count = reader.get<uint64_t>();
  }
  range.min = reader.get_float();
  range.max = reader.get_float();
  return range;
}

Statistics get_statistics(ByteReader& reader) {
  Statistics statistics;
  kernels::MinMax& m = statistics.extremes;
  for (uint64_t* count : {&m.count, &m.nan, &m.positive_infinity, &m.negative_infinity, &m.zeros,
                          &m.negative_zeros}) {
    *count = reader.get<uint64_t>();
  }
  for (float* extreme : {&m.min, &m.max, &m.smallest_magnitude}) *extreme = reader.get_float();
  statistics.moments.sum = get_sum(reader);
  statistics.moments.sum_of_squares = get_sum(reader);
  return statistics;
}

// A number of records of this size, all of which are really there.
Result<size_t> get_count(ByteReader& reader, size_t record_bytes, std::string_view what) {
  if (reader.left() < 8) return invalid_data(fmt::format("no room for the number of {}", what));
  const auto count = reader.get<uint64_t>();
  if (count > reader.left() / record_bytes) {
    return invalid_data(
        fmt::format("{} {} do not fit the {} bytes left", count, what, reader.left()));
  }
  return static_cast<size_t>(count);
}

Result<Distribution> parse_values(ByteReader& reader) {
  ZP_ASSIGN_OR_RETURN(const size_t count, get_count(reader, kValueBytes, "values"));
  if (count > ExactValues::kMaxValues) {
    return invalid_data(
        fmt::format("{} exact values: expected at most {}", count, ExactValues::kMaxValues));
  }
  std::vector<ValueCount> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i].value = reader.get_float();
    values[i].count = reader.get<uint64_t>();
    const auto magnitude = std::bit_cast<uint32_t>(values[i].value) & 0x7fffffff;
    if (magnitude == 0 || magnitude >= 0x7f800000 || values[i].count == 0) {
      return invalid_data(
          fmt::format("value {} is {}, {} times: expected a finite number other "
                      "than zero, at least once",
                      i, values[i].value, values[i].count));
    }
    if (i > 0 && !(kernels::order_key(values[i - 1].value) < kernels::order_key(values[i].value))) {
      return invalid_data(fmt::format("value {} does not follow on value {}", i, i - 1));
    }
  }
  return Distribution::from_values(values);
}

Result<Distribution> parse_octaves(ByteReader& reader) {
  ZP_ASSIGN_OR_RETURN(const size_t count, get_count(reader, kOctaveBytes, "octaves"));
  Octaves octaves;
  int last = -1;
  for (size_t i = 0; i < count; ++i) {
    const auto octave = reader.get<uint16_t>();
    if (octave <= last || octave >= kernels::kOctaves || octave % 256 == 255) {
      return invalid_data(
          fmt::format("octave {} after octave {}: expected ascending numbers below {}, not those "
                      "of infinity",
                      octave, last, kernels::kOctaves));
    }
    last = octave;
    kernels::OctaveCounts counts{};
    for (uint64_t& bucket : counts) bucket = reader.get<uint64_t>();
    if (std::ranges::all_of(counts, [](uint64_t bucket) { return bucket == 0; })) {
      return invalid_data(fmt::format("octave {} is empty", octave));
    }
    octaves.add_octave(octave, counts);
  }
  return Distribution::from_octaves(std::move(octaves));
}

Result<Observer> parse(std::span<const std::byte> bytes) {
  ZP_ASSIGN_OR_RETURN(const Unsealed unsealed, unseal(kFormat, bytes));
  if (unsealed.version != kObserverVersion) {
    return invalid_data(
        fmt::format("written in version {}, which lacks what version {} needs: calibrate again",
                    unsealed.version, kObserverVersion));
  }
  const uint32_t kind = unsealed.kind;
  if (kind != kExact && kind != kInOctaves) {
    return invalid_data(fmt::format("kind {}: expected 0 (exact values) or 1 (octaves)", kind));
  }
  ByteReader reader(unsealed.contents);
  if (reader.left() < kExtremesBytes + kStatisticsBytes) {
    return invalid_data("no room for the statistics");
  }
  const kernels::ValueRange extremes = get_extremes(reader);
  const Statistics statistics = get_statistics(reader);
  ZP_ASSIGN_OR_RETURN(const size_t channel_count, get_count(reader, kStatisticsBytes, "channels"));
  std::vector<Statistics> channels(channel_count);
  for (Statistics& channel : channels) channel = get_statistics(reader);
  ZP_ASSIGN_OR_RETURN(Distribution distribution,
                      kind == kExact ? parse_values(reader) : parse_octaves(reader));
  if (reader.left() != 0) {
    return invalid_data(fmt::format("{} bytes follow on the distribution", reader.left()));
  }
  Observer observer =
      Observer::from_parts(extremes, statistics, std::move(channels), std::move(distribution));
  ZP_RETURN_IF_ERROR(check(observer));
  return observer;
}

}  // namespace

std::vector<std::byte> serialize(const Observer& observer) {
  ByteWriter writer;
  const Distribution& distribution = observer.distribution();
  put(observer.extremes(), writer);
  put(observer.statistics(), writer);
  writer.put(uint64_t{observer.channels().size()});
  for (const Statistics& channel : observer.channels()) put(channel, writer);
  if (distribution.is_exact()) {
    const auto values = distribution.values().sorted();
    writer.put(uint64_t{values.size()});
    for (const ValueCount& value : values) {
      writer.put(value.value);
      writer.put(value.count);
    }
  } else {
    const auto ids = distribution.octaves().ids();
    writer.put(uint64_t{ids.size()});
    for (const size_t id : ids) {
      writer.put(static_cast<uint16_t>(id));
      for (const uint64_t count : distribution.octaves().counts(id)) writer.put(count);
    }
  }
  return seal(kFormat, distribution.is_exact() ? kExact : kInOctaves, writer.bytes());
}

Result<Observer> parse_observer(std::span<const std::byte> bytes) {
  auto observer = parse(bytes);
  if (!observer) return tl::unexpected<Error>(std::move(observer).error().at("observer"));
  return observer;
}

}  // namespace zp
