#include "zeropoint/evaluate/fixed_shapes.h"

#include <gmock/gmock.h>

namespace zp {
namespace {

using ::testing::ElementsAre;

// Sample i is [1, dims[i]]; a size of 0 stands for one that is left out.
LoadSample samples_of(std::vector<int64_t> dims) {
  return [dims = std::move(dims)](int64_t i) -> Result<std::optional<SampleInputs>> {
    const int64_t size = dims[static_cast<size_t>(i)];
    if (size == 0) return std::nullopt;
    return SampleInputs{
        {"x", Tensor::zeros(DataType::kFloat, Shape::make({1, size}).value()).value()}};
  };
}

// The shapes that work was called with, where it loads all samples and `compiles` says whether the
// models can be compiled for these shapes.
std::vector<InputShapes> calls(const std::vector<int64_t>& dims,
                               const std::function<bool(const InputShapes&)>& compiles = {}) {
  std::vector<int64_t> samples;
  for (size_t i = 0; i < dims.size(); ++i) samples.push_back(static_cast<int64_t>(i));
  std::vector<InputShapes> seen;
  const Status status = with_fixed_shapes(
      samples, samples_of(dims), [&](const InputShapes& shapes, const LoadSample& load) -> Status {
        seen.push_back(shapes);
        if (compiles && !compiles(shapes)) return invalid_data("cannot be compiled");
        for (const int64_t sample : samples) ZP_RETURN_IF_ERROR(load(sample));
        return {};
      });
  EXPECT_TRUE(status) << status.error().message;
  return seen;
}

TEST(WithFixedShapes, TakesTheShapesOfTheSamples) {
  EXPECT_THAT(calls({0, 4, 4}), ElementsAre(InputShapes{{"x", {1, 4}}}));
}

TEST(WithFixedShapes, BeginsAgainWithoutThemWhereSamplesDiffer) {
  EXPECT_THAT(calls({4, 4, 5}), ElementsAre(InputShapes{{"x", {1, 4}}}, InputShapes()));
}

TEST(WithFixedShapes, BeginsAgainWhereTheModelsAreNotForThisShape) {
  EXPECT_THAT(calls({4, 4}, [](const InputShapes& shapes) { return shapes.empty(); }),
              ElementsAre(InputShapes{{"x", {1, 4}}}, InputShapes()));
}

TEST(WithFixedShapes, IsOneCallWithoutSamples) {
  EXPECT_THAT(calls({0, 0}), ElementsAre(InputShapes()));
}

TEST(WithFixedShapes, AnErrorOfTheWorkIsTheResult) {
  int count = 0;
  const Status status =
      with_fixed_shapes(std::vector<int64_t>{0}, samples_of({4}),
                        [&](const InputShapes&, const LoadSample& load) -> Status {
                          ++count;
                          ZP_RETURN_IF_ERROR(load(0));
                          return invalid_data("no");
                        });
  EXPECT_FALSE(status);
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace zp
