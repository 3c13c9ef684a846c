#include "zeropoint/data/choose_samples.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

namespace zp {
namespace {

using ::testing::ElementsAre;

TEST(ChooseSamples, WithoutASeedTheyAreEvenlySpaced) {
  EXPECT_THAT(choose_samples(10, 4, std::nullopt), ElementsAre(0, 2, 5, 7));
  EXPECT_THAT(choose_samples(10, 1, std::nullopt), ElementsAre(0));
}

TEST(ChooseSamples, AllWhereNoMoreThanThatAreThere) {
  EXPECT_THAT(choose_samples(3, 3, std::nullopt), ElementsAre(0, 1, 2));
  EXPECT_THAT(choose_samples(3, 7, 1), ElementsAre(0, 1, 2));
  EXPECT_THAT(choose_samples(0, 7, 1), ElementsAre());
}

// Computed by an independent program of the two published algorithms (Python, unbounded integers).
TEST(ChooseSamples, ASeedGivesTheSameEverywhere) {
  EXPECT_THAT(choose_samples(20, 5, 0), ElementsAre(2, 3, 5, 6, 18));
  EXPECT_THAT(choose_samples(20, 5, 42), ElementsAre(2, 4, 8, 15, 17));
}

TEST(ChooseSamples, EveryPairIsAsLikelyAsAnyOther) {
  std::map<std::vector<int64_t>, int> counts;
  constexpr int kDraws = 6000;
  for (uint64_t seed = 0; seed < kDraws; ++seed) {
    const auto chosen = choose_samples(4, 2, seed);
    ASSERT_EQ(chosen.size(), 2U);
    ASSERT_LT(chosen[0], chosen[1]);
    ++counts[chosen];
  }
  EXPECT_EQ(counts.size(), 6U);
  // Binomial(6000, 1/6) has a standard deviation of 28.9; five of them.
  for (const auto& [pair, count] : counts) EXPECT_NEAR(count, kDraws / 6, 145);
}

}  // namespace
}  // namespace zp
