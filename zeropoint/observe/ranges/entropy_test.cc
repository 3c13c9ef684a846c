#include "zeropoint/observe/ranges/entropy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "zeropoint/observe/ranges/min_max.h"
#include "zeropoint/observe/ranges/test_tiles.h"
#include "zeropoint/observe/test_data.h"

namespace zp {
namespace {

Observer observe(std::span<const float> x) {
  Observer observer;
  EXPECT_TRUE(observer.observe(x));
  return observer;
}

// KL(P' || Q) as the definition has it: densities of P' and Q on each part of a tile.
double divergence_by_definition(const std::vector<Tile>& tiles, const QuantParams& params) {
  const CodeRange range = params.codes();
  struct Part {
    int32_t code;
    double p;
    double w;
  };
  std::vector<Part> parts;
  std::map<int32_t, std::pair<double, double>> codes;  // mass and width
  double inside = 0;
  double below = 0;
  double above = 0;
  for (const Tile& tile : tiles) {
    const double density = tile.mass / (tile.high - tile.low);
    const double low = (range.qmin - params.zero_point - 0.5) * double{params.scale};
    const double high = (range.qmax - params.zero_point + 0.5) * double{params.scale};
    below += density * std::max(std::min(tile.high, low) - tile.low, 0.0);
    above += density * std::max(tile.high - std::max(tile.low, high), 0.0);
    for (int32_t code = range.qmin; code <= range.qmax; ++code) {
      const double begin = (code - params.zero_point - 0.5) * double{params.scale};
      const double end = (code - params.zero_point + 0.5) * double{params.scale};
      const double w = std::min(end, tile.high) - std::max(begin, tile.low);
      if (w <= 0) continue;
      parts.push_back({code, w * density, w});
      codes[code].first += w * density;
      codes[code].second += w;
      inside += w * density;
    }
  }
  double sum = 0;
  for (const Part& part : parts) {
    const auto& [mass, width] = codes[part.code];
    double clipped = 0;
    if (part.code == codes.begin()->first) clipped += below;
    if (part.code == codes.rbegin()->first) clipped += above;
    const double p = part.p * (mass + clipped) / mass;
    const double q = mass / inside * part.w / width;
    sum += p * std::log(p / q);
  }
  return sum;
}

TEST(Entropy, EqualsItsDefinitionOnTheData) {
  for (const size_t count : std::vector<size_t>{3, 700, 20000}) {
    for (const Sample& sample : sample_distributions(count, 10)) {
      const Observer observer = observe(sample.values);
      const double smallest = *smallest_magnitude(observer, IntType::kUint8, NarrowRange::kNo);
      const auto of_observer = tiles(observer, smallest);
      const auto of_data = tiles_of_data(sample.values, smallest, 7);
      ASSERT_EQ(of_observer.size(), of_data.size()) << sample.name << " " << count;
      for (size_t i = 0; i < of_data.size(); ++i) {
        ASSERT_NEAR(of_observer[i].low, of_data[i].low, 1e-12 * std::abs(of_data[i].low));
        ASSERT_NEAR(of_observer[i].high, of_data[i].high, 1e-12 * std::abs(of_data[i].high));
        ASSERT_NEAR(of_observer[i].mass, of_data[i].mass, 1e-12);
      }
      if (of_data.empty()) continue;
      const Range all = *min_max_range(observer);
      for (const IntType type : {IntType::kUint8, IntType::kInt4}) {
        for (const Scheme scheme : {Scheme::kAffine, Scheme::kSymmetric}) {
          for (const double factor : {1.0, 0.9, 0.8}) {
            const auto params =
                choose_params({all.min * factor, all.max * factor}, type, {.scheme = scheme});
            const Estimate found = divergence(of_observer, *params, Convention::kOnnx);
            if (std::isinf(found.expected)) continue;  // clips too much
            EXPECT_NEAR(found.expected, divergence_by_definition(of_data, *params), 1e-9)
                << sample.name << " " << count << " " << type.name() << " " << factor;
          }
        }
      }
    }
  }
}

TEST(Entropy, ChoosesWhatTheDefinitionOnTheDataChooses) {
  for (const Sample& sample : sample_distributions(5000, 11)) {
    const Observer observer = observe(sample.values);
    for (const Scheme scheme : {Scheme::kAffine, Scheme::kSymmetric}) {
      const auto choice = entropy_range(observer, IntType::kUint4, {.scheme = scheme});
      ASSERT_TRUE(choice);
      const double smallest = *smallest_magnitude(observer, IntType::kUint4, NarrowRange::kNo);
      const auto density = tiles_of_data(sample.values, smallest, 7);
      if (density.size() < 2) {
        EXPECT_EQ(choice->range, min_max_range(observer)->widened_to(0)) << sample.name;
        continue;
      }
      const auto best =
          search_ranges(observer, IntType::kUint4, {.scheme = scheme},
                        [&](const QuantParams& params, double) -> std::optional<Estimate> {
                          if (std::isinf(divergence(density, params, Convention::kOnnx).expected)) {
                            return std::nullopt;
                          }
                          const double found = divergence_by_definition(density, params);
                          return Estimate{found, found, found};
                        });
      EXPECT_NEAR(choice->loss.expected, best->loss.expected, 1e-9) << sample.name;
    }
  }
}

// Where codes end at the ends of buckets, a finer grid adds the same to every candidate that does
// not clip: docs/observers.md, "A finer grid".
TEST(Entropy, AFinerGridAddsTheSameToEveryCandidate) {
  std::mt19937 random(12);
  std::uniform_real_distribution<double> magnitude(0.5, 2);
  std::vector<float> x(400000);
  for (float& value : x) {
    const double m = std::sqrt(magnitude(random));
    value = static_cast<float>(random() % 2 == 0 ? m : -m);
  }
  const auto coarse = tiles_of_data(x, 0.1, 7);
  const auto fine = tiles_of_data(x, 0.1, 11);
  ASSERT_GT(fine.size(), 10 * coarse.size());
  std::vector<double> added;
  for (const float scale : {0x1p-6f, 0x1p-5f, 0x1p-4f, 0x1p-2f}) {
    const QuantParams params{IntType::kInt8, NarrowRange::kNo, scale, 0};
    const double at_coarse = divergence(coarse, params, Convention::kOnnx).expected;
    const double at_fine = divergence(fine, params, Convention::kOnnx).expected;
    EXPECT_GE(at_fine, at_coarse);  // the data-processing inequality
    added.push_back(at_fine - at_coarse);
  }
  for (const double difference : added) EXPECT_NEAR(difference, added[0], 1e-5);
}

TEST(Entropy, KeepsTheWholeRangeOfUniformAndOfLosslessData) {
  std::vector<float> uniform;
  for (int i = 0; i < 100000; ++i) uniform.push_back(static_cast<float>(i) * 1e-5f);
  const auto whole = entropy_range(observe(uniform), IntType::kUint8);
  EXPECT_EQ(whole->range.max, double{uniform.back()});

  std::vector<float> levels;
  for (size_t i = 0; i < 256; ++i) {
    levels.insert(levels.end(), 3 + 200 / (1 + i), static_cast<float>(i));
  }
  const auto lossless = entropy_range(observe(levels), IntType::kUint8);
  EXPECT_EQ(lossless->range, (Range{0, 255}));
  EXPECT_NEAR(lossless->loss.expected, 0, 1e-3);
}

TEST(Entropy, LeavesOutliersOut) {
  auto x = sample_distributions(100000, 13)[0].values;
  x.push_back(1e6f);
  const auto choice = entropy_range(observe(x), IntType::kInt8, {.scheme = Scheme::kSymmetric});
  EXPECT_GT(choice->range.max, 3);
  EXPECT_LT(choice->range.max, 300);  // the narrowest candidate is 1e6 * 2^-12 = 244
}

TEST(Entropy, OfHardlyAnythingIsTheWholeRange) {
  EXPECT_EQ(entropy_range(observe(std::vector<float>(9)), IntType::kInt8)->range, (Range{0, 0}));
  EXPECT_EQ(entropy_range(observe(std::vector<float>(9, 2.5f)), IntType::kInt8)->range,
            (Range{0, 2.5}));
  EXPECT_EQ(entropy_range(observe(std::vector<float>{-1, 0, 3}), IntType::kInt8)->range,
            (Range{-1, 3}));
}

TEST(Entropy, RefusesWhatHasNoMeaning) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(entropy_range(observe(std::vector<float>{nan}), IntType::kInt8).error().message,
            "no finite value among 1 elements (1 NaN, 0 infinite): there is no range to choose");
  EXPECT_EQ(entropy_range(observe(std::vector<float>{1}), IntType::kInt32).error().message,
            "entropy of int32: expected a type of at most 16 bits");
}

}  // namespace
}  // namespace zp
