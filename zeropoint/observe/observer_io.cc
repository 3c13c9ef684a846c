#include "zeropoint/observe/observer_io.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <string_view>
#include <utility>

#include "zeropoint/base/hash.h"
#include "zeropoint/observe/observer_check.h"

namespace zp {
namespace {

constexpr std::string_view kMagic = "ZPOBSERV";
constexpr size_t kLengthOffset = 16;
constexpr size_t kHeaderBytes = 24;
constexpr size_t kStatisticsBytes = 6 * 8 + 3 * 4 + 2 * ExactSum::kWords * 8;
constexpr size_t kChecksumBytes = 16;
constexpr size_t kValueBytes = 4 + 8;
constexpr size_t kOctaveBytes = 2 + 8 * kernels::kOctaveBuckets;
constexpr uint32_t kExact = 0;
constexpr uint32_t kInOctaves = 1;

class Writer {
 public:
  template <std::unsigned_integral T>
  void put(T value) {
    for (size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(std::byte(value >> (8 * i) & 0xff));
  }
  void put(float value) { put(std::bit_cast<uint32_t>(value)); }
  void put(const Statistics& statistics) {
    const kernels::MinMax& m = statistics.extremes;
    for (const uint64_t count :
         {m.count, m.nan, m.positive_infinity, m.negative_infinity, m.zeros, m.negative_zeros}) {
      put(count);
    }
    for (const float extreme : {m.min, m.max, m.smallest_magnitude}) put(extreme);
    for (const uint64_t word : statistics.moments.sum.words()) put(word);
    for (const uint64_t word : statistics.moments.sum_of_squares.words()) put(word);
  }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

// Reads what the caller has made sure is there.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  size_t left() const { return bytes_.size(); }
  template <std::unsigned_integral T>
  T get() {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes_[i]) << (8 * i)));
    }
    bytes_ = bytes_.subspan(sizeof(T));
    return value;
  }
  float get_float() { return std::bit_cast<float>(get<uint32_t>()); }
  ExactSum get_sum() {
    ExactSum::Words words{};
    for (uint64_t& word : words) word = get<uint64_t>();
    return ExactSum::from_words(words);
  }
  Statistics get_statistics() {
    Statistics statistics;
    kernels::MinMax& m = statistics.extremes;
    for (uint64_t* count : {&m.count, &m.nan, &m.positive_infinity, &m.negative_infinity, &m.zeros,
                            &m.negative_zeros}) {
      *count = get<uint64_t>();
    }
    for (float* extreme : {&m.min, &m.max, &m.smallest_magnitude}) *extreme = get_float();
    statistics.moments.sum = get_sum();
    statistics.moments.sum_of_squares = get_sum();
    return statistics;
  }

 private:
  std::span<const std::byte> bytes_;
};

void put_checksum(std::span<const std::byte> bytes, Writer& to) {
  const Hash128 hash = hash_bytes(bytes);
  to.put(hash.high);
  to.put(hash.low);
}

// The header is looked at first, so that the error is about the cause and not about a checksum.
Result<uint32_t> parse_header(std::span<const std::byte> bytes) {
  const auto begins = [&](std::string_view text) {
    return std::equal(text.begin(), text.end(), bytes.begin(),
                      [](char c, std::byte b) { return std::byte(c) == b; });
  };
  if (bytes.size() < kMagic.size() || !begins(kMagic)) {
    return invalid_data("not an observer: the bytes do not begin with \"ZPOBSERV\"");
  }
  if (bytes.size() < kHeaderBytes) {
    return invalid_data(
        fmt::format("cut off: {} bytes, the header alone has {}", bytes.size(), kHeaderBytes));
  }
  Reader reader(bytes.subspan(kMagic.size()));
  const auto version = reader.get<uint32_t>();
  const auto kind = reader.get<uint32_t>();
  const auto length = reader.get<uint64_t>();
  if (version > kObserverVersion) {
    return invalid_data(fmt::format(
        "written in version {}, newer than the version {} that is understood here: use a newer "
        "zeropoint",
        version, kObserverVersion));
  }
  if (length != bytes.size()) {
    return invalid_data(fmt::format("{}: {} bytes, expected {}",
                                    bytes.size() < length ? "cut off" : "bytes added", bytes.size(),
                                    length));
  }
  if (bytes.size() < kHeaderBytes + kChecksumBytes) return invalid_data("cut off: no checksum");
  const auto body = bytes.first(bytes.size() - kChecksumBytes);
  Writer checksum;
  put_checksum(body, checksum);
  if (!std::ranges::equal(checksum.bytes(), bytes.last(kChecksumBytes))) {
    return invalid_data("damaged: the checksum does not fit the contents");
  }
  if (version == 0) return invalid_data("version 0 does not exist");
  if (kind != kExact && kind != kInOctaves) {
    return invalid_data(fmt::format("kind {}: expected 0 (exact values) or 1 (octaves)", kind));
  }
  return kind;
}

// A number of records of this size, all of which are really there.
Result<size_t> get_count(Reader& reader, size_t record_bytes, std::string_view what) {
  if (reader.left() < 8) return invalid_data(fmt::format("no room for the number of {}", what));
  const auto count = reader.get<uint64_t>();
  if (count > reader.left() / record_bytes) {
    return invalid_data(
        fmt::format("{} {} do not fit the {} bytes left", count, what, reader.left()));
  }
  return static_cast<size_t>(count);
}

Result<Distribution> parse_values(Reader& reader) {
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

Result<Distribution> parse_octaves(Reader& reader) {
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
  ZP_ASSIGN_OR_RETURN(const uint32_t kind, parse_header(bytes));
  Reader reader(bytes.first(bytes.size() - kChecksumBytes).subspan(kHeaderBytes));
  if (reader.left() < kStatisticsBytes) return invalid_data("no room for the statistics");
  const Statistics statistics = reader.get_statistics();
  ZP_ASSIGN_OR_RETURN(const size_t channel_count, get_count(reader, kStatisticsBytes, "channels"));
  std::vector<Statistics> channels(channel_count);
  for (Statistics& channel : channels) channel = reader.get_statistics();
  ZP_ASSIGN_OR_RETURN(Distribution distribution,
                      kind == kExact ? parse_values(reader) : parse_octaves(reader));
  if (reader.left() != 0) {
    return invalid_data(fmt::format("{} bytes follow on the distribution", reader.left()));
  }
  Observer observer =
      Observer::from_parts(statistics, std::move(channels), std::move(distribution));
  ZP_RETURN_IF_ERROR(check(observer));
  return observer;
}

}  // namespace

std::vector<std::byte> serialize(const Observer& observer) {
  Writer writer;
  const Distribution& distribution = observer.distribution();
  for (const char c : kMagic) writer.put(static_cast<uint8_t>(c));
  writer.put(kObserverVersion);
  writer.put(distribution.is_exact() ? kExact : kInOctaves);
  writer.put(uint64_t{0});  // the length, once it is known
  writer.put(observer.statistics());
  writer.put(uint64_t{observer.channels().size()});
  for (const Statistics& channel : observer.channels()) writer.put(channel);
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
  Writer length;
  length.put(uint64_t{writer.bytes().size() + kChecksumBytes});
  std::ranges::copy(length.bytes(), writer.bytes().begin() + kLengthOffset);
  put_checksum(writer.bytes(), writer);
  return std::move(writer.bytes());
}

Result<Observer> parse_observer(std::span<const std::byte> bytes) {
  auto observer = parse(bytes);
  if (!observer) return tl::unexpected<Error>(std::move(observer).error().at("observer"));
  return observer;
}

}  // namespace zp
