#include "zeropoint/quantizer/statistics_io.h"

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.h"
#include "zeropoint/base/atomic_file.h"
#include "zeropoint/base/sealed_bytes.h"
#include "zeropoint/quantizer/statistics_test_data.h"

namespace zp {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

CalibrationStatistics some_statistics() {
  CalibrationStatistics statistics = statistics_of({1, 2, 3, 5, 8});
  statistics.skipped = {{"a.npy", "a.npy: cut off"}, {"b.npy", "b.npy: NaN"}};
  statistics.tensors["empty"];
  return statistics;
}

std::string error_of(std::span<const std::byte> bytes) {
  const auto statistics = parse_statistics(bytes);
  return statistics ? "parsed" : statistics.error().message;
}

TEST(StatisticsIo, GivesBackWhatWasWritten) {
  const CalibrationStatistics statistics = some_statistics();
  const auto bytes = serialize(statistics);
  const auto parsed = parse_statistics(bytes);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->origin, statistics.origin);
  EXPECT_EQ(parsed->samples, statistics.samples);
  EXPECT_EQ(parsed->skipped, statistics.skipped);
  ASSERT_EQ(parsed->tensors.size(), 3U);
  EXPECT_EQ(parsed->tensors.at("c").channel_axis, -1);
  EXPECT_EQ(parsed->tensors.at("t").channel_axis, std::nullopt);
  EXPECT_EQ(parsed->tensors.at("t").fit.buckets(), statistics.tensors.at("t").fit.buckets());
  EXPECT_EQ(serialize(*parsed), bytes);
}

TEST(StatisticsIo, RefusesEveryFlippedByteAndEveryTruncation) {
  const auto bytes = serialize(some_statistics());
  for (size_t i = 0; i < bytes.size(); ++i) {
    ASSERT_FALSE(parse_statistics(std::span(bytes).first(i)));
    auto damaged = bytes;
    damaged[i] ^= std::byte{0x40};
    ASSERT_FALSE(parse_statistics(damaged)) << "byte " << i;
  }
}

// With the frame put right, whatever the contents say is either refused or sound.
TEST(StatisticsIo, SurvivesContentsThatAreCutOrChanged) {
  constexpr SealedFormat kFormat{.magic = "ZPCALIBR", .version = 1, .what = ""};
  const auto bytes = serialize(some_statistics());
  const auto contents = unseal(kFormat, bytes)->contents;
  for (size_t i = 0; i < contents.size(); ++i) {
    EXPECT_FALSE(parse_statistics(seal(kFormat, 0, contents.first(i)))) << i;
    for (const int change : {0x01, 0x80, 0xff}) {
      std::vector<std::byte> changed(contents.begin(), contents.end());
      changed[i] ^= std::byte(change);
      const auto sealed = seal(kFormat, 0, changed);
      const auto parsed = parse_statistics(sealed);
      if (!parsed) continue;
      ASSERT_EQ(serialize(*parsed), sealed) << i;
    }
  }
}

TEST(StatisticsIo, SaysWhatIsWrongWithAFile) {
  const TemporaryFolder folder;
  const auto path = folder / "x.stats";
  EXPECT_THAT(load_statistics(path).error().message, HasSubstr("x.stats: could not open"));
  ASSERT_TRUE(write_file(path, std::as_bytes(std::span("a model"))));
  EXPECT_THAT(load_statistics(path).error().message,
              HasSubstr("x.stats: not a statistics file of zeropoint"));
  auto newer = serialize(some_statistics());
  newer[8] = std::byte{2};
  EXPECT_THAT(error_of(newer), StartsWith("written in version 2, newer than"));
  ASSERT_TRUE(save_statistics(path, some_statistics()));
  EXPECT_EQ(serialize(load_statistics(path).value()), serialize(some_statistics()));
}

}  // namespace
}  // namespace zp
