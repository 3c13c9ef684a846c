#include "zeropoint/observe/observer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <thread>

#include "zeropoint/base/threads.h"
#include "zeropoint/kernels/test_samples.h"
#include "zeropoint/kernels/test_targets.h"
#include "zeropoint/observe/observer_check.h"
#include "zeropoint/observe/observer_io.h"
#include "zeropoint/observe/test_data.h"

namespace zp {
namespace {

Observer observe(std::span<const float> x) {
  Observer observer;
  EXPECT_TRUE(observer.observe(x));
  return observer;
}

Observer observe(const std::vector<float>& x, std::vector<int64_t> dims, int64_t axis) {
  auto shape = Shape::make(std::move(dims));
  auto view = TensorView<const float>::make(x, *shape);
  auto observer = Observer::per_channel(view->shape().dim(static_cast<int>(axis)));
  EXPECT_TRUE(observer->observe(*view, axis));
  return *observer;
}

std::string message(const Status& status) { return status ? "" : status.error().message; }

TEST(Observer, CountsWhatItSaw) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Observer observer =
      observe(std::vector<float>{1, -2, 0, -0.0f, inf, inf, -inf, nan, nan, nan, 5});
  const kernels::MinMax& m = observer.statistics().extremes;
  EXPECT_EQ(m.count, 11u);
  EXPECT_EQ(m.nan, 3u);
  EXPECT_EQ(m.positive_infinity, 2u);
  EXPECT_EQ(m.negative_infinity, 1u);
  EXPECT_EQ(m.zeros, 2u);
  EXPECT_EQ(m.finite(), 5u);
  EXPECT_EQ(m.min, -2);
  EXPECT_EQ(m.max, 5);
  EXPECT_EQ(observer.statistics().mean(), 0.8);
  EXPECT_EQ(observer.buckets(),
            (std::vector<Bucket>{{-2, -2, 1}, {0, 0, 2}, {1, 1, 1}, {5, 5, 1}}));
}

TEST(Observer, OfNothingIsEmpty) {
  const Observer observer = observe({});
  EXPECT_TRUE(observer.buckets().empty());
  EXPECT_EQ(observer.statistics().mean(), 0);
  EXPECT_TRUE(check(observer));
}

// Every value lies in exactly one bucket, for whatever is observed; bucket widths as promised.
void expect_buckets_hold(const Observer& observer, std::vector<float> x) {
  std::erase_if(x, [](float value) { return !std::isfinite(value); });
  std::sort(x.begin(), x.end());
  const auto buckets = observer.buckets();
  size_t next = 0;
  double last = -std::numeric_limits<double>::infinity();
  for (const Bucket& bucket : buckets) {
    ASSERT_LT(last, bucket.low);
    ASSERT_LE(bucket.low, bucket.high);
    last = bucket.high;
    ASSERT_LE(bucket.high - bucket.low,
              std::max(std::min(std::abs(bucket.low), std::abs(bucket.high)) / 128, 0x1p-133));
    const size_t begin = next;
    while (next < x.size() && double{x[next]} <= bucket.high) {
      ASSERT_LE(bucket.low, double{x[next]});
      ++next;
    }
    ASSERT_EQ(bucket.count, next - begin);
  }
  EXPECT_EQ(next, x.size());
  if (x.empty()) return;
  EXPECT_EQ(buckets.front().low, double{x.front()});
  EXPECT_EQ(buckets.back().high, double{x.back()});
}

TEST(Observer, HasEveryValueInItsBucket) {
  for (const size_t count : std::vector<size_t>{1, 100, 1023, 5000, 100000}) {
    for (const Sample& sample : sample_distributions(count, 1)) {
      SCOPED_TRACE(sample.name + " " + std::to_string(count));
      const Observer observer = observe(sample.values);
      EXPECT_TRUE(check(observer)) << message(check(observer));
      expect_buckets_hold(observer, sample.values);
    }
  }
}

TEST(Observer, HasEveryFloatInItsBucket) {
  const auto x = kernels::stratified_floats(1);
  const Observer observer = observe(x);
  EXPECT_TRUE(check(observer)) << message(check(observer));
  expect_buckets_hold(observer, x);
}

TEST(Observer, TellsTheTiniestFromZeroAndNanFromInfinity) {
  // The histogram's key alone does not: the lower 16 bits decide.
  std::vector<float> x;
  for (int i = 0; i < 20000; ++i) {
    x.push_back(std::bit_cast<float>(1u + static_cast<uint32_t>(i % 3)));
    x.push_back(std::bit_cast<float>(0x80000001u));
    x.push_back(std::bit_cast<float>(0x7f800001u));
    x.push_back(std::bit_cast<float>(0xff800000u));
    x.push_back(i % 2 == 0 ? 0.0f : -0.0f);
    x.push_back(static_cast<float>(i));
  }
  const Observer observer = observe(x);
  EXPECT_FALSE(observer.distribution().is_exact());
  EXPECT_EQ(observer.statistics().extremes.nan, 20000u);
  EXPECT_EQ(observer.statistics().extremes.negative_infinity, 20000u);
  EXPECT_EQ(observer.statistics().extremes.zeros, 20001u);
  const auto buckets = observer.buckets();
  EXPECT_EQ(buckets[0], (Bucket{-0x1p-149, -0x1p-149, 20000}));
  EXPECT_EQ(buckets[1], (Bucket{0, 0, 20001}));
  EXPECT_EQ(buckets[2], (Bucket{0x1p-149, 0xffff * 0x1p-149, 20000}));
  EXPECT_TRUE(check(observer)) << message(check(observer));
}

TEST(Observer, KeepsUpTo1024ValuesExactlyAndThenOctaves) {
  std::vector<float> x;
  for (int i = 1; i <= 1024; ++i) x.insert(x.end(), {0.37f * static_cast<float>(i), 0.0f});
  x.insert(x.end(), x.begin(), x.begin() + 100);
  EXPECT_TRUE(observe(x).distribution().is_exact());
  EXPECT_EQ(observe(x).buckets().size(), 1025u);
  x.push_back(-1);
  EXPECT_FALSE(observe(x).distribution().is_exact());
  // Whichever part brings the value too many.
  for (const size_t cut : std::vector<size_t>{1, 500, 1300, 2147}) {
    Observer merged = observe(std::span(x).subspan(cut));
    ASSERT_TRUE(merged.merge(observe(std::span(x).first(cut))));
    EXPECT_EQ(serialize(merged), serialize(observe(x)));
  }
}

TEST(Observer, ChannelsEqualObserversOfTheirOwn) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  for (const auto& dims : std::vector<std::vector<int64_t>>{
           {2, 3, 700}, {4, 5, 7, 7}, {300, 20}, {3, 4, 1}, {1, 6, 50}, {6}}) {
    for (int64_t axis = 0; axis < static_cast<int64_t>(dims.size()); ++axis) {
      const auto shape = Shape::make(dims);
      std::vector<float> x(static_cast<size_t>(shape->element_count()));
      for (float& value : x) value = random() % 5 == 0 ? 0.0f : normal(random);
      x[0] = std::numeric_limits<float>::quiet_NaN();
      const Observer observer = observe(x, dims, axis);
      EXPECT_EQ(observer.statistics(), observe(x).statistics());
      const auto split = split_at_axis(*shape, axis);
      for (int64_t c = 0; c < split->axis; ++c) {
        Statistics expected;
        for (size_t i = 0; i < x.size(); ++i) {
          if (static_cast<int64_t>(i) / split->inner % split->axis != c) continue;
          expected.extremes.add(x[i]);
          expected.moments.sum.add(x[i]);
          expected.moments.sum_of_squares.add_square(x[i]);
        }
        EXPECT_EQ(observer.channels()[static_cast<size_t>(c)], expected);
      }
      EXPECT_TRUE(check(observer)) << message(check(observer));
    }
  }
}

TEST(Observer, TakesTheExtremesOfAllAndTheRestOfAPart) {
  const std::vector<float> all{1, -2, 9, std::nanf(""), 4, 5};
  const std::vector<float> part{1, 4};
  Observer observer;
  ASSERT_TRUE(observer.observe_part(all, part));
  EXPECT_EQ(observer.extremes().count, 6u);
  EXPECT_EQ(observer.extremes().nan, 1u);
  EXPECT_EQ(observer.extremes().min, -2);
  EXPECT_EQ(observer.extremes().max, 9);
  EXPECT_EQ(observer.statistics(), observe(part).statistics());
  EXPECT_EQ(observer.buckets(), (std::vector<Bucket>{{1, 1, 1}, {4, 4, 1}}));
  EXPECT_TRUE(check(observer)) << message(check(observer));

  Observer merged = observe(std::vector<float>{20, 0});
  ASSERT_TRUE(merged.merge(observer));
  EXPECT_EQ(merged.extremes().max, 20);
  EXPECT_EQ(merged.extremes().min, -2);
  EXPECT_EQ(merged.extremes().count, 8u);
  EXPECT_EQ(merged.statistics().extremes.count, 4u);

  auto channels = Observer::per_channel(2);
  ASSERT_TRUE(channels->observe_part(all, part, {1, 2, 1}));
  EXPECT_EQ(channels->extremes(), observer.extremes());
  EXPECT_EQ(channels->channels()[1].extremes.max, 4);
  EXPECT_FALSE(channels->observe_part(all, part, {1, 1, 2}));
}

TEST(Observer, IsCheckedForExtremesThatItsPartDoesNotFit) {
  const Observer part = observe(std::vector<float>{1, 4});
  const auto with = [&](auto change) {
    kernels::ValueRange all{.count = 5, .min = -1, .max = 7};
    change(all);
    return message(check(Observer::from_parts(all, part.statistics(), {}, part.distribution())));
  };
  EXPECT_EQ(with([](auto&) {}), "");
  EXPECT_EQ(with([](auto& all) { all.max = 3; }),
            "inconsistent: the elements looked at closely are not among all");
  EXPECT_NE(with([](auto& all) { all.min = 2; }), "");
  EXPECT_NE(with([](auto& all) { all.count = 1; }), "");
  EXPECT_NE(with([](auto& all) { all.count = 2; }), "");  // the same two, but other extremes
  EXPECT_NE(with([](auto& all) { all.nan = 6; }), "");
  EXPECT_NE(with([](auto& all) { all.nan = 4; }), "");
  EXPECT_NE(with([](auto& all) { all.max = std::numeric_limits<float>::infinity(); }), "");
}

TEST(Observer, RefusesWhatDoesNotFit) {
  auto observer = Observer::per_channel(3);
  ASSERT_TRUE(observer);
  const std::vector<float> x(8);
  const auto view = TensorView<const float>::make(x, *Shape::make({2, 4}));
  EXPECT_EQ(message(observer->observe(*view, 1)),
            "observer of 3 channels: axis 1 of shape [2, 4] has 4");
  EXPECT_FALSE(observer->observe(*view, 2));
  EXPECT_EQ(
      message(observer->observe(x)),
      "observer of 3 channels: expected a tensor with a channel axis, got a span of 8 floats");
  EXPECT_EQ(message(Observer().observe(*view, 1)),
            "observer of 0 channels: axis 1 of shape [2, 4] has 4");
  EXPECT_EQ(message(observer->merge(Observer())),
            "observers of 3 and 0 channels (0: the tensor as a whole) do not merge");
  EXPECT_EQ(serialize(*observer), serialize(*Observer::per_channel(3)));
  EXPECT_FALSE(Observer::per_channel(0));
  EXPECT_FALSE(Observer::per_channel(Observer::kMaxChannels + 1));
  EXPECT_EQ(std::move(observer->merge(Observer())).error().at("tensor 'x'").message,
            "tensor 'x': observers of 3 and 0 channels (0: the tensor as a whole) do not merge");
}

TEST(Observer, MergesWithItself) {
  for (const Sample& sample : sample_distributions(3000, 2)) {
    Observer observer = observe(sample.values);
    ASSERT_TRUE(observer.merge(observer));
    auto twice = sample.values;
    twice.insert(twice.end(), sample.values.begin(), sample.values.end());
    EXPECT_EQ(serialize(observer), serialize(observe(twice))) << sample.name;
  }
}

TEST(Observer, RefusesToMergeBeyondWhatItCanCount) {
  const std::vector<float> one = {1.0f};
  Statistics statistics = observe(one).statistics();
  statistics.extremes.count += Observer::kMaxElements - 1;
  statistics.extremes.nan = Observer::kMaxElements - 1;
  Observer full = Observer::from_parts(kernels::ValueRange::of(statistics.extremes), statistics, {},
                                       observe(one).distribution());
  EXPECT_EQ(message(full.merge(observe(one))),
            "observer of 9223372036854775808 elements: 1 more would exceed 2^63");
  EXPECT_FALSE(full.observe(one));
}

// The data of the determinism tests: everything at once, in random order.
std::vector<float> mixed_data(size_t count) {
  std::mt19937 random(11);
  auto x = kernels::stratified_floats(12);
  std::shuffle(x.begin(), x.end(), random);
  x.resize(count / 2);
  for (const Sample& sample : sample_distributions(count / 16, 13)) {
    x.insert(x.end(), sample.values.begin(), sample.values.end());
  }
  std::shuffle(x.begin(), x.end(), random);
  return x;
}

TEST(Observer, GivesTheSameBytesForAnySplitOrderAndThreadCount) {
  auto x = mixed_data(400000);
  const auto expected = serialize(observe(x));
  std::mt19937 random(14);
  for (int round = 0; round < 10; ++round) {
    if (round % 2 == 1) std::shuffle(x.begin(), x.end(), random);
    std::vector<std::span<const float>> parts;
    for (size_t begin = 0; begin < x.size();) {
      // From single elements to more than the table needs to be used.
      const size_t size = std::min(x.size() - begin, size_t{1} << random() % 18);
      parts.push_back(std::span(x).subspan(begin, size));
      begin += size;
    }
    std::vector<Observer> observers(parts.size());
    const auto observe_part = [&](int64_t i) {
      return observers[static_cast<size_t>(i)].observe(parts[static_cast<size_t>(i)]);
    };
    const ParallelOptions options{.threads = 1 + round % 2};
    ASSERT_TRUE(parallel_for(static_cast<int64_t>(parts.size()), options, observe_part));
    std::shuffle(observers.begin(), observers.end(), random);
    // Merge as a tree and not only from left to right.
    while (observers.size() > 1) {
      const size_t into = random() % (observers.size() - 1);
      ASSERT_TRUE(observers[into].merge(observers.back()));
      observers.pop_back();
    }
    ASSERT_EQ(serialize(observers[0]), expected) << "round " << round;
  }
}

TEST(Observer, GivesTheSameBytesForTwoThreadsAtOnce) {
  const auto x = mixed_data(300000);
  const auto expected = serialize(observe(x));
  std::vector<std::byte> first;
  std::thread other([&] { first = serialize(observe(x)); });
  const auto second = serialize(observe(x));
  other.join();
  EXPECT_EQ(first, expected);
  EXPECT_EQ(second, expected);
}

TEST(Observer, GivesTheSameBytesInOneSpanAndInManySmallOnes) {
  for (const Sample& sample : sample_distributions(60000, 3)) {
    Observer observer;
    for (size_t begin = 0; begin < sample.values.size(); begin += 7) {
      const size_t size = std::min<size_t>(7, sample.values.size() - begin);
      ASSERT_TRUE(observer.observe(std::span(sample.values).subspan(begin, size)));
    }
    EXPECT_EQ(serialize(observer), serialize(observe(sample.values))) << sample.name;
  }
}

class ObserverOnTarget : public kernels::OnEachTarget {};
INSTANTIATE_ON_EACH_TARGET(ObserverOnTarget);

TEST_P(ObserverOnTarget, GivesTheSameBytesAsThePortableCode) {
  const auto x = mixed_data(200000);
  const auto dims = std::vector<int64_t>{static_cast<int64_t>(x.size()) / 40, 40};
  const std::vector<float> cut(x.begin(), x.begin() + dims[0] * dims[1]);
  const auto here = serialize(observe(x));
  const auto channels_here = serialize(observe(cut, dims, 1));
  ASSERT_TRUE(kernels::force_target(kernels::available_targets().back()));
  EXPECT_EQ(here, serialize(observe(x)));
  EXPECT_EQ(channels_here, serialize(observe(cut, dims, 1)));
}

}  // namespace
}  // namespace zp
