#include "zeropoint/graph/model.h"

#include <gmock/gmock.h>
#include <filesystem>

#include "tests/support/shared_data.h"
#include "tests/support/temporary_folder.h"
#include "zeropoint/graph/check.h"
#include "zeropoint/graph/values.h"

namespace zp {
namespace {

TEST(Model, EveryRealModelLoadsChecksAndSurvivesSaving) {
  const auto folder = shared_data("models");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  const TemporaryFolder temporary;
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    if (file.path().extension() != ".onnx") continue;
    SCOPED_TRACE(file.path().filename());
    auto model = Model::load(file.path());
    ASSERT_TRUE(model) << model.error().message;
    const auto structure = check_structure(model->proto());
    EXPECT_TRUE(structure) << structure.error().message;
    const auto checked = check_with_onnx(*model);
    EXPECT_TRUE(checked) << checked.error().message;
    EXPECT_TRUE(infer_values(*model));
    const auto path = temporary.path() / "model.onnx";
    ASSERT_TRUE(model->save(path));
    EXPECT_EQ(Model::load(path)->hash().value(), model->hash().value());
  }
}

}  // namespace
}  // namespace zp
