#include "zeropoint/quantizer/merge.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/support/temporary_folder.h"
#include "zeropoint/quantizer/statistics_io.h"
#include "zeropoint/quantizer/statistics_test_data.h"

namespace zp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string error_of(const CalibrationStatistics& a, const CalibrationStatistics& b) {
  CalibrationStatistics into = a;
  const auto status = merge(into, "A", b, "B");
  if (status) return "merged";
  EXPECT_EQ(serialize(into), serialize(a));
  return status.error().message;
}

std::string error_after(const std::function<void(CalibrationStatistics&)>& change) {
  CalibrationStatistics other = statistics_of({2});
  change(other);
  return error_of(statistics_of({1}), other);
}

TEST(Merge, OfAnyShardingIsTheStatisticsOfOneRun) {
  const auto whole = serialize(statistics_of({1, 2, 3, 5, 8, 11, 16, 21, 100}));
  const std::vector<std::vector<std::vector<uint64_t>>> shardings{
      {{1, 2, 3, 5, 8}, {11, 16, 21, 100}},
      {{8, 16}, {100}, {21, 3, 1, 2, 5, 11}},
      {{100, 21}, {}, {16}, {11, 8, 5}, {1, 3, 2}}};
  const TemporaryFolder folder;
  for (const auto& sharding : shardings) {
    std::vector<std::filesystem::path> files;
    for (const auto& shard : sharding) {
      files.push_back(folder / (std::to_string(files.size()) + ".stats"));
      ASSERT_TRUE(save_statistics(files.back(), statistics_of(shard)));
    }
    const auto merged = merge_files(files);
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_EQ(serialize(*merged), whole);
    std::ranges::reverse(files);
    EXPECT_EQ(serialize(merge_files(files).value()), whole);
  }
}

TEST(Merge, KeepsWhatWasSkipped) {
  CalibrationStatistics a = statistics_of({1});
  CalibrationStatistics b = statistics_of({2});
  a.skipped = {{"b.npy", "bad"}, {"d.npy", "bad"}};
  b.skipped = {{"c.npy", "bad"}};
  ASSERT_TRUE(merge(a, "A", b, "B"));
  ASSERT_EQ(a.skipped.size(), 3U);
  EXPECT_EQ(a.skipped[1].source, "c.npy");
}

TEST(Merge, RefusesASampleThatBothHave) {
  EXPECT_EQ(error_of(statistics_of({1, 2}), statistics_of({2, 3})),
            "A and B do not fit: both hold the sample \"2.npy\" (hash "
            "00000000000000000000000000000002): a shard may be merged only once");
}

TEST(Merge, SaysWhatDiffers) {
  EXPECT_THAT(error_after([](auto& s) { s.origin.source_model.low = 9; }),
              AllOf(HasSubstr("A and B do not fit"), HasSubstr("different models"),
                    HasSubstr("00000000000000010000000000000009")));
  EXPECT_THAT(error_after([](auto& s) { s.origin.prepared_model.low = 9; }),
              HasSubstr("prepared differently"));
  EXPECT_THAT(error_after([](auto& s) { s.origin.preprocessing.low = 9; }),
              HasSubstr("preprocessed differently"));
  EXPECT_THAT(error_after([](auto& s) { s.origin.tool_version = "2"; }),
              HasSubstr("different versions of zeropoint: 0.1.0 and 2"));
  EXPECT_THAT(error_after([](auto& s) { s.origin.engine = "OpenVINO 2"; }),
              HasSubstr("different engines ran the model: OpenVINO 1 and OpenVINO 2"));
  EXPECT_THAT(error_after([](auto& s) { s.origin.instruction_set = "SSE4"; }),
              HasSubstr("different instruction sets: AVX2 and SSE4"));
  EXPECT_THAT(error_after([](auto& s) { s.tensors.erase("t"); }),
              HasSubstr("tensor \"t\" is in the first alone"));
  EXPECT_THAT(error_after([](auto& s) { s.tensors["u"]; }),
              HasSubstr("tensor \"u\" is in the second alone"));
  EXPECT_THAT(error_after([](auto& s) { s.tensors["t"].channel_axis = 1; }),
              HasSubstr("tensor \"t\" has other channels"));
}

TEST(Merge, NamesFilesThatDoNotFit) {
  const TemporaryFolder folder;
  CalibrationStatistics other = statistics_of({2});
  other.origin.engine = "OpenVINO 2";
  const std::vector<std::filesystem::path> files{folder / "a.stats", folder / "b.stats"};
  ASSERT_TRUE(save_statistics(files[0], statistics_of({1})));
  ASSERT_TRUE(save_statistics(files[1], other));
  EXPECT_THAT(merge_files(files).error().message,
              AllOf(HasSubstr("a.stats and "), HasSubstr("b.stats do not fit: ")));
  EXPECT_FALSE(merge_files({}));
}

}  // namespace
}  // namespace zp
