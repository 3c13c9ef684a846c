#include "zeropoint/passes/prepare.h"

#include <gmock/gmock.h>
#include <filesystem>

#include "tests/support/onnx_graphs.h"
#include "tests/support/shared_data.h"
#include "tests/support/temporary_folder.h"
#include "zeropoint/base/atomic_file.h"
#include "zeropoint/graph/external_data.h"

// That outputs stay the same is tested against ONNX Runtime in test_prepare.py.
namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Prepare, EveryRealModelIsValidAfterEachStepAndComesOutTheSameTwice) {
  const auto folder = shared_data("models");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    if (file.path().extension() != ".onnx") continue;
    SCOPED_TRACE(file.path().filename());
    PrepareOptions options;
    options.after_step = [](std::string_view step, const Model& model) -> Status {
      SCOPED_TRACE(step);
      expect_valid(model);
      return {};
    };
    Model first = Model::load(file.path()).value();
    const auto report = prepare(first, options);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_GE(report->opset.after, 13) << report->opset.note;
    Model second = Model::load(file.path()).value();
    ASSERT_TRUE(prepare(second));
    EXPECT_EQ(first.serialize().value(), second.serialize().value());
    // Prepared once it has nothing left to do.
    const auto again = prepare(second);
    ASSERT_TRUE(again);
    for (const auto& pass : again->passes) EXPECT_EQ(pass.rewrites, 0) << pass.pass;
    EXPECT_EQ(first.serialize().value(), second.serialize().value());
  }
}

TEST(Prepare, ReportsWhatItDid) {
  Model model = model_of(R"(g (float[1,1,2,2] x, float[2,1,1,1] w) => (float[1,2,2,2] z)
      <float[2,1,1,1] w = {1, 2}> {
        c = Constant<value = float[2,1,1] {3, 4}>()
        y = Conv(x, w)
        i = Identity(y)
        z = Add(i, c)
      })",
                         11);
  const auto report = prepare(model);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("z = Conv(x, w, w_bias)"));
  EXPECT_THAT(report->inputs_made_constant, ElementsAre("w"));
  EXPECT_EQ(report->opset.before, 11);
  EXPECT_EQ(report->opset.after, 13);
  std::vector<std::string_view> passes;
  for (const auto& pass : report->passes) {
    if (pass.rewrites > 0) passes.push_back(pass.pass);
  }
  EXPECT_THAT(passes, ElementsAre("constants", "remove_identities", "fold_affine_after"));
}

TEST(Prepare, WeightsBesideTheModelStayOutsideOfTheMessage) {
  // 40 x 40 weights from w.bin, doubled by the Mul; nothing of them comes into the message.
  const TemporaryFolder folder;
  onnx::ModelProto proto = onnx_model(R"(<ir_version: 7, opset_import: ["" : 11]>
      g (float[n,40] x) => (float[1,n,40] z) <float two = {2}> {
        y = MatMul(x, w) u = Mul(y, two) z = Unsqueeze<axes = [0]>(u) })");
  auto& tensor = *proto.mutable_graph()->add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(40);
  tensor.add_dims(40);
  ExternalData{"w.bin", 0, 6400}.write_to(tensor);
  const std::vector<float> ones(1600, 1);
  ASSERT_TRUE(write_file(folder / "w.bin", std::as_bytes(std::span(ones))));
  const std::string bytes = proto.SerializeAsString();
  Model model = Model::parse(bytes, "test.onnx", folder.path()).value();
  const auto report = prepare(model);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->opset.after, 13) << report->opset.note;
  ASSERT_EQ(nodes_of(model.graph())[0], "u = MatMul(x, w)");
  ASSERT_TRUE(model.save(folder / "saved.onnx"));
  const Model saved = Model::load(folder / "saved.onnx").value();
  expect_valid(saved);
  for (const auto& weights : saved.graph().initializer()) {
    if (weights.name() != "w") continue;
    EXPECT_TRUE(is_external(weights));
    EXPECT_THAT(saved.read(weights)->as<float>(), ::testing::Each(2.0F));
  }
}

TEST(Prepare, NodesThatStandInAnyOrderAreSorted) {
  Model model = model_of("g (float[2] x) => (float[2] z) { y = Relu(x) z = Neg(y) }");
  model.graph().mutable_node()->SwapElements(0, 1);
  ASSERT_TRUE(prepare(model));
  EXPECT_THAT(nodes_of(model.graph()), ElementsAre("y = Relu(x)", "z = Neg(y)"));
}

TEST(Prepare, AModelThatIsNoneIsRefusedWithItsName) {
  Model cycle = model_of("g (float[2] x) => (float[2] z) { y = Add(x, z) z = Neg(y) }");
  EXPECT_THAT(prepare(cycle).error().message, HasSubstr("test.onnx: Add node"));
  Model dangling = model_of("g (float[2] x) => (float[2] z) { z = Add(x, nothing) }");
  EXPECT_THAT(prepare(dangling).error().message, HasSubstr("test.onnx: Add node"));
  Model mistyped = model_of("g (float[2] x, int64[2] i) => (float[2] z) { z = Add(x, i) }");
  EXPECT_THAT(prepare(mistyped).error().message, HasSubstr("test.onnx: ONNX's checker: "));
}

TEST(Prepare, AnErrorOfTheCallbackEndsIt) {
  Model model = model_of("g (float[2] x) => (float[2] z) { z = Relu(x) }");
  PrepareOptions options;
  options.after_step = [](std::string_view, const Model&) -> Status {
    return fail(ErrorCode::kCancelled, "enough");
  };
  EXPECT_EQ(prepare(model, options).error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace zp
