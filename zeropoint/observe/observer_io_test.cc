#include "zeropoint/observe/observer_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>

#include "zeropoint/base/hash.h"
#include "zeropoint/observe/observer_check.h"
#include "zeropoint/observe/test_data.h"

namespace zp {
namespace {

using Bytes = std::vector<std::byte>;
using testing::HasSubstr;

// Offsets of the format that the header documents.
constexpr size_t kVersion = 8;
constexpr size_t kKind = 12;
constexpr size_t kLength = 16;
constexpr size_t kAllElements = 24;
constexpr size_t kElements = kAllElements + 4 * 8 + 2 * 4;
constexpr size_t kMin = kElements + 6 * 8;
constexpr size_t kMax = kMin + 4;
constexpr size_t kSum = kMin + 12;
constexpr size_t kChannels = kSum + 160;
constexpr size_t kRecords = kChannels + 8;
constexpr size_t kChecksum = 16;

Observer exact_observer() {
  Observer observer;
  EXPECT_TRUE(observer.observe(std::vector<float>{
      1, 1, -3.5f, 0, -0.0f, 1e-40f, std::numeric_limits<float>::infinity(), std::nanf("")}));
  return observer;
}

Observer octave_observer(size_t count = 3000) {
  Observer observer;
  EXPECT_TRUE(observer.observe(sample_distributions(count, 1)[0].values));
  return observer;
}

Observer channel_observer() {
  auto observer = Observer::per_channel(3);
  const std::vector<float> x = {1, 2, 3, 4, -5, 6, 0, 8, 9, 1, 2, 3};
  EXPECT_TRUE(observer->observe(*TensorView<const float>::make(x, *Shape::make({2, 3, 2})), 1));
  return *observer;
}

std::vector<Observer> observers() {
  return {Observer(), exact_observer(), octave_observer(), channel_observer()};
}

template <class T>
void put(Bytes& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}
template <class T>
T get(const Bytes& bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// What a writer with other contents would have written.
Bytes with_new_length_and_checksum(Bytes bytes) {
  put(bytes, kLength, uint64_t{bytes.size()});
  const Hash128 hash = hash_bytes(std::span(bytes).first(bytes.size() - kChecksum));
  put(bytes, bytes.size() - kChecksum, hash.high);
  put(bytes, bytes.size() - kChecksum + 8, hash.low);
  return bytes;
}

std::string error_of(const Bytes& bytes) {
  const auto observer = parse_observer(bytes);
  if (observer) return "no error";
  EXPECT_EQ(observer.error().code, ErrorCode::kInvalidData);
  return observer.error().message;
}

TEST(ObserverIo, GivesBackWhatWasWritten) {
  for (const Observer& observer : observers()) {
    const Bytes bytes = serialize(observer);
    const auto parsed = parse_observer(bytes);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(serialize(*parsed), bytes);
    EXPECT_EQ(parsed->buckets(), observer.buckets());
    EXPECT_EQ(parsed->statistics(), observer.statistics());
  }
  for (const Sample& sample : sample_distributions(20000, 2)) {
    Observer observer;
    ASSERT_TRUE(observer.observe(sample.values));
    const auto parsed = parse_observer(serialize(observer));
    ASSERT_TRUE(parsed) << sample.name << ": " << parsed.error().message;
    EXPECT_EQ(serialize(*parsed), serialize(observer));
  }
}

TEST(ObserverIo, WhatWasReadMergesLikeTheOriginal) {
  Observer original = octave_observer();
  auto parsed = parse_observer(serialize(octave_observer()));
  ASSERT_TRUE(parsed);
  ASSERT_TRUE(original.merge(exact_observer()));
  ASSERT_TRUE(parsed->merge(exact_observer()));
  EXPECT_EQ(serialize(*parsed), serialize(original));
}

TEST(ObserverIo, HasTheLayoutOfItsHeader) {
  Observer observer;
  ASSERT_TRUE(observer.observe(std::vector<float>{1.5f, -2, 0}));
  const Bytes bytes = serialize(observer);
  EXPECT_EQ(std::memcmp(bytes.data(), "ZPOBSERV", 8), 0);
  EXPECT_EQ(get<uint32_t>(bytes, kVersion), 2u);
  EXPECT_EQ(get<uint32_t>(bytes, kKind), 0u);
  EXPECT_EQ(get<uint64_t>(bytes, kLength), bytes.size());
  EXPECT_EQ(get<uint64_t>(bytes, kAllElements), 3u);
  EXPECT_EQ(get<float>(bytes, kElements - 8), -2);
  EXPECT_EQ(get<float>(bytes, kElements - 4), 1.5f);
  EXPECT_EQ(get<uint64_t>(bytes, kElements), 3u);
  EXPECT_EQ(get<float>(bytes, kMin), -2);
  EXPECT_EQ(get<float>(bytes, kMax), 1.5f);
  // -0.5 in units of 2^-298 in two's complement: bits 297 and above are set.
  EXPECT_EQ(get<uint64_t>(bytes, kSum + 3 * 8), 0u);
  EXPECT_EQ(get<uint64_t>(bytes, kSum + 4 * 8), ~((uint64_t{1} << (297 - 256)) - 1));
  EXPECT_EQ(get<uint64_t>(bytes, kSum + 9 * 8), ~uint64_t{0});
  EXPECT_EQ(get<uint64_t>(bytes, kChannels), 0u);
  EXPECT_EQ(get<uint64_t>(bytes, kRecords), 2u);
  EXPECT_EQ(get<float>(bytes, kRecords + 8), -2);
  EXPECT_EQ(get<uint64_t>(bytes, kRecords + 12), 1u);
  EXPECT_EQ(bytes.size(), kRecords + 8 + 2 * 12 + kChecksum);
}

TEST(ObserverIo, RefusesEveryFlippedBit) {
  for (const Observer& observer : {exact_observer(), channel_observer()}) {
    const Bytes bytes = serialize(observer);
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes damaged = bytes;
        damaged[i] ^= std::byte(1 << bit);
        ASSERT_FALSE(parse_observer(damaged)) << "byte " << i << " bit " << bit;
      }
    }
  }
}

TEST(ObserverIo, RefusesEveryTruncation) {
  for (const Observer& observer : {exact_observer(), channel_observer()}) {
    const Bytes bytes = serialize(observer);
    for (size_t size = 0; size < bytes.size(); ++size) {
      const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_FALSE(parse_observer(cut));
      // Even one that somebody has made look whole.
      if (size >= kElements + kChecksum) {
        ASSERT_FALSE(parse_observer(with_new_length_and_checksum(cut)));
      }
    }
  }
}

TEST(ObserverIo, SaysWhatIsWrong) {
  const Bytes good = serialize(exact_observer());
  EXPECT_EQ(error_of({}), "observer: not an observer: the bytes do not begin with \"ZPOBSERV\"");
  Bytes foreign = good;
  foreign[0] = std::byte('X');
  EXPECT_THAT(error_of(foreign), HasSubstr("do not begin with"));

  Bytes newer = good;
  put(newer, kVersion, uint32_t{3});
  EXPECT_EQ(error_of(newer),
            "observer: written in version 3, newer than the version 2 that is understood here: use "
            "a newer zeropoint");
  put(newer, kVersion, uint32_t{1});
  EXPECT_EQ(error_of(with_new_length_and_checksum(newer)),
            "observer: written in version 1, which lacks what version 2 needs: calibrate again");
  put(newer, kVersion, uint32_t{0});
  EXPECT_THAT(error_of(with_new_length_and_checksum(newer)), HasSubstr("version 0"));

  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_THAT(error_of(longer), HasSubstr("bytes added"));
  EXPECT_THAT(error_of(Bytes(good.begin(), good.end() - 1)), HasSubstr("cut off"));
  EXPECT_THAT(error_of(Bytes(good.begin(), good.begin() + 20)), HasSubstr("header"));

  Bytes damaged = good;
  damaged[100] ^= std::byte{1};
  EXPECT_EQ(error_of(damaged), "observer: damaged: the checksum does not fit the contents");

  Bytes kind = good;
  put(kind, kKind, uint32_t{7});
  EXPECT_THAT(error_of(with_new_length_and_checksum(kind)), HasSubstr("kind 7"));
}

TEST(ObserverIo, RefusesContentsThatNoDataGives) {
  const auto refused = [](Bytes bytes, size_t offset, auto value) {
    put(bytes, offset, value);
    return error_of(with_new_length_and_checksum(bytes));
  };
  const Bytes exact = serialize(exact_observer());  // 8 elements: 1 1 -3.5 0 -0 1e-40 inf NaN
  EXPECT_THAT(refused(exact, kElements, uint64_t{3}), HasSubstr("3 elements, but 1 NaN"));
  EXPECT_THAT(refused(exact, kElements, uint64_t{9}), HasSubstr("do not add up"));
  EXPECT_THAT(refused(exact, kElements, ~uint64_t{0}), HasSubstr("more than 2^63"));
  EXPECT_THAT(refused(exact, kElements + 5 * 8, uint64_t{3}), HasSubstr("3 negative zeros"));
  EXPECT_THAT(refused(exact, kMin, 2.0f), HasSubstr("minimum 2, maximum 1"));
  EXPECT_THAT(refused(exact, kMin, -4.0f), HasSubstr("do not have the minimum"));
  EXPECT_THAT(refused(exact, kMin, std::nanf("")), HasSubstr("minimum nan"));
  EXPECT_THAT(refused(exact, kMax + 4, 0.5f), HasSubstr("smallest magnitude"));
  EXPECT_THAT(refused(exact, kSum, uint64_t{77}), HasSubstr("add up to the sums"));
  EXPECT_THAT(refused(exact, kSum + 72, uint64_t{1} << 40), HasSubstr("the sum does not lie"));
  EXPECT_THAT(refused(exact, kSum + 152, uint64_t{1} << 40), HasSubstr("sum of squares"));
  EXPECT_THAT(refused(exact, kChannels, uint64_t{1}), HasSubstr("1 channels do not fit"));
  EXPECT_THAT(refused(exact, kChannels, ~uint64_t{0}), HasSubstr("channels do not fit"));
  EXPECT_THAT(refused(exact, kRecords, ~uint64_t{0}), HasSubstr("values do not fit"));
  EXPECT_THAT(refused(exact, kRecords, uint64_t{2}), HasSubstr("12 bytes follow"));
  EXPECT_THAT(refused(exact, kRecords + 8, 3.5f), HasSubstr("value 1 does not follow on value 0"));
  EXPECT_THAT(refused(exact, kRecords + 8, -0.0f), HasSubstr("value 0 is -0"));
  EXPECT_THAT(refused(exact, kRecords + 12, uint64_t{0}), HasSubstr("0 times"));
  EXPECT_THAT(refused(exact, kRecords + 12, ~uint64_t{0}), HasSubstr("exceed"));

  const Bytes octaves = serialize(octave_observer());
  constexpr size_t kOctave = 2 + 128 * 8;
  const auto first = get<uint16_t>(octaves, kRecords + 8);
  const auto second = get<uint16_t>(octaves, kRecords + 8 + kOctave);
  EXPECT_THAT(
      refused(octaves, kRecords + 8, second),
      HasSubstr("octave " + std::to_string(second) + " after octave " + std::to_string(second)));
  EXPECT_THAT(refused(octaves, kRecords + 8, uint16_t{512}), HasSubstr("octave 512"));
  EXPECT_THAT(refused(octaves, kRecords + 8, uint16_t{255}), HasSubstr("octave 255"));
  EXPECT_THAT(refused(octaves, kRecords + 8, static_cast<uint16_t>(first - 1)),
              HasSubstr("do not have the minimum"));
  Bytes empty = octaves;
  std::fill_n(empty.begin() + kRecords + 10, 1024, std::byte{0});
  EXPECT_THAT(error_of(with_new_length_and_checksum(empty)), HasSubstr("is empty"));
  const auto count = get<uint64_t>(octaves, kRecords + 10 + kOctave + 8 * 64);
  EXPECT_THAT(refused(octaves, kRecords + 10 + kOctave + 8 * 64, count + 1),
              HasSubstr("exceed the finite elements"));
  EXPECT_THAT(refused(octaves, kElements, uint64_t{3001}), HasSubstr("do not add up"));
  EXPECT_THAT(refused(octaves, kKind, uint32_t{0}), HasSubstr("observer: "));

  const Bytes channels = serialize(channel_observer());
  constexpr size_t kStatistics = 220;
  Bytes swapped = channels;
  std::swap_ranges(swapped.begin() + kChannels + 8, swapped.begin() + kChannels + 8 + kStatistics,
                   swapped.begin() + kChannels + 8 + kStatistics);
  EXPECT_TRUE(parse_observer(with_new_length_and_checksum(swapped)));  // equally possible
  EXPECT_THAT(refused(channels, kChannels + 8, uint64_t{5}), HasSubstr("channel"));
}

// With the checksum put right, whatever the bytes say is either refused or a sound observer.
TEST(ObserverIo, SurvivesEveryByteChangedUnderARightChecksum) {
  std::mt19937 random(3);
  for (const Observer& observer : observers()) {
    const Bytes bytes = serialize(observer);
    const size_t step = bytes.size() > 5000 ? 7 : 1;
    for (size_t i = 0; i < bytes.size() - kChecksum; i += step) {
      for (const int value : {0x01, 0x80, 0xff, static_cast<int>(random() % 256)}) {
        Bytes changed = bytes;
        changed[i] ^= std::byte(value);
        if (i >= kLength && i < kLength + 8) {
          const auto parsed = parse_observer(changed);
          ASSERT_FALSE(parsed && changed != bytes);
          continue;
        }
        const Bytes sealed = with_new_length_and_checksum(changed);
        const auto parsed = parse_observer(sealed);
        if (!parsed) continue;
        ASSERT_TRUE(check(*parsed));
        ASSERT_EQ(serialize(*parsed), sealed);
      }
    }
  }
}

TEST(ObserverIo, SurvivesRandomBytesBehindARightHeader) {
  std::mt19937 random(4);
  const Bytes start = serialize(octave_observer(1500));
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes(start.begin(), start.begin() + kElements);
    put(bytes, kKind, static_cast<uint32_t>(round % 2));
    const size_t size = random() % 4000;
    for (size_t i = 0; i < size; ++i) {
      bytes.push_back(std::byte(random() % 4 == 0 ? random() % 256 : 0));
    }
    bytes.resize(bytes.size() + kChecksum);
    const auto parsed = parse_observer(with_new_length_and_checksum(bytes));
    ASSERT_TRUE(!parsed || check(*parsed));
  }
}

}  // namespace
}  // namespace zp
