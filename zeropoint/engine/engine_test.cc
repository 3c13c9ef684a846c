#include "zeropoint/engine/engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <set>

#include "tests/support/onnx_text.h"
#include "tests/support/temporary_folder.h"
#include "zeropoint/base/file.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

EngineSource from_text(const std::string& text) {
  return {.path = "test.onnx", .bytes = onnx_model(text).SerializeAsString()};
}

Tensor floats(std::vector<int64_t> dims, const std::vector<float>& values) {
  return Tensor::of<float>(Shape::make(std::move(dims)).value(), values).value();
}

std::vector<float> values(const OutputView& view) {
  EXPECT_EQ(view.type, DataType::kFloat);
  return {view.as<float>().begin(), view.as<float>().end()};
}

Engine compiled(const std::string& text, const EngineOptions& options = {}) {
  auto engine = Engine::compile(from_text(text), options);
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(engine).value();
}

RunOutputs run(Engine& engine, const std::vector<NamedTensor>& inputs) {
  auto outputs = engine.run(0, inputs);
  EXPECT_TRUE(outputs) << outputs.error().message;
  return std::move(outputs).value();
}

std::string compile_error(const EngineSource& source, const EngineOptions& options = {}) {
  const auto engine = Engine::compile(source, options);
  return engine ? "compiled" : engine.error().message;
}

std::string run_error(Engine& engine, const std::vector<NamedTensor>& inputs) {
  const auto outputs = engine.run(0, inputs);
  return outputs ? "ran" : outputs.error().message;
}

// A 2x2 convolution with weights 1 2 / 3 4 over 1..9, then ReLU of it minus 30, then a Gemm.
constexpr const char* kConvolution = R"(
  g (float[1,1,3,3] x) => (float[1,2] y)
  <float[1,1,2,2] w = {1, 2, 3, 4}, float[1] b = {-30}, float[4,2] m = {1, 0, 1, 0, 1, 0, 1, 1},
   float[2] bias = {0.5, -0.5}>
  { c = Conv(x, w, b)
    r = Relu(c)
    f = Flatten(r)
    y = Gemm(f, m, bias) })";

TEST(Engine, ComputesWhatOneComputesByHand) {
  Engine engine = compiled(kConvolution, {.extra_outputs = {"r", "c"}});
  const RunOutputs outputs =
      run(engine, {{"x", floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9})}});
  // 1*1 + 2*2 + 3*4 + 4*5 - 30 = 7, and one step right adds 1 + 2 + 3 + 4, one down thrice that.
  EXPECT_THAT(values(outputs.extra[1]), ElementsAre(7, 17, 37, 47));
  EXPECT_THAT(values(outputs.extra[0]), ElementsAre(7, 17, 37, 47));
  EXPECT_THAT(outputs.extra[1].shape.dims(), ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(values(outputs.outputs[0]), ElementsAre(108.5F, 46.5F));

  const RunOutputs negative = run(engine, {{"x", floats({1, 1, 3, 3}, std::vector<float>(9, 1))}});
  EXPECT_THAT(values(negative.extra[1]), ElementsAre(-20, -20, -20, -20));
  EXPECT_THAT(values(negative.extra[0]), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(values(negative.outputs[0]), ElementsAre(0.5F, -0.5F));
}

TEST(Engine, KnowsInputsAndOutputsByTheirNamesInTheModelsOrder) {
  const Engine engine = compiled(R"(
    g (int64[N] z, float[N,3] a, bool[N,3] m) => (float[N,3] y, int64[N] x)
    { x = Neg(z)  n = Neg(a)  y = Where(m, a, n) })",
                                 {.extra_outputs = {"n"}});
  ASSERT_EQ(engine.inputs().size(), 3U);
  EXPECT_EQ(engine.inputs()[0].name, "z");
  EXPECT_EQ(engine.inputs()[0].type, DataType::kInt64);
  EXPECT_THAT(engine.inputs()[0].dims, Optional(ElementsAre(-1)));
  EXPECT_EQ(engine.inputs()[1].name, "a");
  EXPECT_THAT(engine.inputs()[1].dims, Optional(ElementsAre(-1, 3)));
  EXPECT_EQ(engine.inputs()[2].type, DataType::kBool);
  ASSERT_EQ(engine.outputs().size(), 2U);
  EXPECT_EQ(engine.outputs()[0].name, "y");
  EXPECT_EQ(engine.outputs()[1].name, "x");
  ASSERT_EQ(engine.extra_outputs().size(), 1U);
  EXPECT_EQ(engine.extra_outputs()[0].name, "n");
  EXPECT_EQ(engine.extra_outputs()[0].type, DataType::kFloat);
}

TEST(Engine, RunsAnyBatchOfADynamicModel) {
  Engine engine = compiled("g (float[N,2] x) => (float[N,2] y) { y = Neg(x) }");
  for (const int64_t batch : {1, 5, 2, 0, 3}) {
    std::vector<float> given(static_cast<size_t>(batch) * 2, 1.5F);
    const RunOutputs outputs = run(engine, {{"x", floats({batch, 2}, given)}});
    EXPECT_THAT(outputs.outputs[0].shape.dims(), ElementsAre(batch, 2));
    for (float& value : given) value = -value;
    EXPECT_EQ(values(outputs.outputs[0]), given);
  }
}

TEST(Engine, GivesEveryTypeAsItIs) {
  Engine engine = compiled(R"(
    g (double[2] d, uint8[2] u, bool[2] b) => (double[2] e, int64[2] v, bool[2] c, float16[2] h)
    { e = Neg(d)  v = Cast<to = 7>(u)  c = Not(b)  h = Cast<to = 10>(d) })",
                           {.extra_outputs = {"d", "b"}});
  const Shape two = Shape::make({2}).value();
  const std::vector<NamedTensor> inputs{
      {"u", Tensor::of<uint8_t>(two, std::array<uint8_t, 2>{7, 255}).value()},
      {"d", Tensor::of<double>(two, std::array<double, 2>{1.5, -2}).value()},
      {"b", Tensor::of<bool>(two, std::array<bool, 2>{true, false}).value()}};
  const RunOutputs outputs = run(engine, inputs);
  EXPECT_THAT(outputs.outputs[0].as<double>(), ElementsAre(-1.5, 2));
  EXPECT_THAT(outputs.outputs[1].as<int64_t>(), ElementsAre(7, 255));
  EXPECT_THAT(outputs.outputs[2].as<bool>(), ElementsAre(false, true));
  EXPECT_EQ(outputs.outputs[3].type, DataType::kFloat16);
  EXPECT_EQ(outputs.outputs[3].bytes.size(), 4U);
  EXPECT_THAT(outputs.extra[0].as<double>(), ElementsAre(1.5, -2));
  EXPECT_THAT(outputs.extra[1].as<bool>(), ElementsAre(true, false));
}

TEST(Engine, HandsOutInputsInitializersAndNamesThatShareAValue) {
  // r, i and y are one value; OpenVINO alone would call x "d" and forget u and s.
  Engine engine = compiled(R"(
    g (float[2] u, float[2] x) => (float[2] y, float[2] w, float[2] x, float[2] r)
    <float[2] w = {3, 4}>
    { d = Dropout(x)  r = Relu(d)  i = Identity(r)  y = Identity(i)  s = Neg(r) })",
                           {.extra_outputs = {"i", "d", "x", "w", "s", "i", "u"}});
  EXPECT_EQ(engine.inputs().size(), 2U);
  const std::vector<NamedTensor> inputs{{"x", floats({2}, {-1, 2})}, {"u", floats({2}, {5, 6})}};
  const RunOutputs outputs = run(engine, inputs);
  EXPECT_THAT(values(outputs.outputs[0]), ElementsAre(0, 2));
  EXPECT_THAT(values(outputs.outputs[1]), ElementsAre(3, 4));
  EXPECT_THAT(values(outputs.outputs[2]), ElementsAre(-1, 2));
  EXPECT_THAT(values(outputs.outputs[3]), ElementsAre(0, 2));
  EXPECT_THAT(values(outputs.extra[0]), ElementsAre(0, 2));
  EXPECT_THAT(values(outputs.extra[1]), ElementsAre(-1, 2));
  EXPECT_THAT(values(outputs.extra[2]), ElementsAre(-1, 2));
  EXPECT_THAT(values(outputs.extra[3]), ElementsAre(3, 4));
  EXPECT_THAT(values(outputs.extra[4]), ElementsAre(0, -2));
  EXPECT_THAT(values(outputs.extra[5]), ElementsAre(0, 2));
  EXPECT_THAT(values(outputs.extra[6]), ElementsAre(5, 6));
}

// The view's elements in the model's order: [N, H, W, C] to [N, C, H, W].
std::vector<float> in_model_order(const OutputView& view) {
  const std::vector<float> given = values(view);
  if (view.order == AxisOrder::kAsInModel || given.empty()) return given;
  const auto dims = view.shape.dims();
  const auto channels = static_cast<size_t>(dims.back());
  const size_t plane = given.size() / channels / static_cast<size_t>(dims[0]);
  std::vector<float> ordered(given.size());
  for (size_t i = 0; i < given.size(); ++i) {
    const size_t n = i / channels / plane;
    ordered[(n * channels + i % channels) * plane + i / channels % plane] = given[i];
  }
  return ordered;
}

TEST(Engine, ShowsWatchedValuesWhileItRuns) {
  const std::string text = R"(
    g (float[N,2,2,2] x) => (float[N,3,2,2] y, float[N,2,2,2] i)
    <float[3,2,1,1] w = {1, 0, 0, 1, 1, 1}>
    { c = Conv(x, w)  r = Relu(c)  m = MaxPool<kernel_shape = [2, 2]>(r)  y = Neg(r)  k = Shape(r)
      i = Identity(x) })";
  const std::vector<std::string> names{"y", "c", "x", "r", "m", "k", "i"};
  Engine watching = compiled(text, {.watched = names});
  Engine handing_out = compiled(text, {.extra_outputs = names});
  ASSERT_EQ(watching.watched().size(), names.size());
  EXPECT_EQ(watching.watched()[1].name, "c");
  EXPECT_THAT(watching.watched()[1].dims, Optional(ElementsAre(-1, 3, 2, 2)));
  EXPECT_EQ(watching.watched()[5].type, DataType::kInt64);
  for (const int64_t batch : {1, 3, 1, 0, 2}) {
    std::vector<float> x(static_cast<size_t>(batch) * 8);
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) - 5.5F;
    const std::vector<NamedTensor> inputs{{"x", floats({batch, 2, 2, 2}, x)}};
    const RunOutputs expected = run(handing_out, inputs);
    std::vector<int> seen(names.size());
    const auto watched = watching.run(0, inputs, [&](size_t number, const OutputView& view) {
      ++seen[number];
      if (names[number] == "k") return Status();
      EXPECT_EQ(in_model_order(view), values(expected.extra[number])) << names[number];
      const int channel_axis = axis_in(view, 1).value();
      EXPECT_EQ(view.shape.dim(channel_axis), expected.extra[number].shape.dim(1));
      EXPECT_EQ(axis_in(view, -3).value(), channel_axis);
      return Status();
    });
    ASSERT_TRUE(watched) << watched.error().message;
    if (batch > 0) {
      EXPECT_THAT(seen, ::testing::Each(1)) << batch;
    }
    EXPECT_EQ(values(watched->outputs[0]), values(expected.outputs[0]));
    ASSERT_TRUE(watching.run(0, inputs));  // and nobody has to look
  }
}

TEST(Engine, GivesBackTheErrorOfAWatcher) {
  Engine engine = compiled("g (float[2] x) => (float[2] z) { y = Neg(x)  z = Exp(y) }",
                           {.watched = {"y", "z"}});
  const std::vector<NamedTensor> inputs{{"x", floats({2}, {1, 2})}};
  int calls = 0;
  const auto outputs = engine.run(0, inputs, [&](size_t, const OutputView&) -> Status {
    ++calls;
    return invalid_data("enough");
  });
  ASSERT_FALSE(outputs);
  EXPECT_EQ(outputs.error().message, "test.onnx: enough");
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(engine.run(0, inputs));
  EXPECT_EQ(compile_error(from_text(kConvolution), {.watched = {"q"}}),
            "test.onnx: there is no value \"q\" in the model");
}

TEST(Engine, ComputesABatchTheSameWhateverRanBefore) {
  const std::string text =
      "g (float[N,1,3,3] x) => (float[N,1,2,2] y)"
      " <float[1,1,2,2] w = {1, 2, 3, 4}> { y = Conv(x, w) }";
  Engine engine = compiled(text);
  const auto result = [&](int64_t batch) {
    std::vector<float> x(static_cast<size_t>(batch) * 9);
    for (size_t i = 0; i < x.size(); ++i) x[i] = 1.0F / static_cast<float>(i + 1);
    const std::vector<NamedTensor> inputs{{"x", floats({batch, 1, 3, 3}, x)}};
    return values(run(engine, inputs).outputs[0]);
  };
  const std::vector<float> first = result(2);
  EXPECT_EQ(first.size(), 8U);
  for (const int64_t batch : {1, 3, 4, 5, 6, 7}) {
    EXPECT_EQ(result(batch).size(), static_cast<size_t>(batch) * 4);
  }
  EXPECT_EQ(result(2), first);
}

TEST(Engine, RunsABatchThatTheModelDoesNotFoldInto) {
  // The model's own numbers fit a batch of 2 alone.
  Engine engine = compiled(
      "g (float[N,3] x) => (float[2,3] y) <float[2,3] w = {1,2,3,4,5,6}>"
      " { y = Add(x, w) }");
  const std::vector<NamedTensor> inputs{{"x", floats({2, 3}, {1, 1, 1, 1, 1, 1})}};
  EXPECT_THAT(values(run(engine, inputs).outputs[0]), ElementsAre(2, 3, 4, 5, 6, 7));
}

TEST(Engine, TakesInitializersThatAreListedAsInputsForConstants) {
  onnx::ModelProto model = onnx_model(
      "g (float[2] x, float[2] w) => (float[2] y) <float[2] w = {3, 4}> { y = Add(x, w) }");
  for (const int version : {3, 8}) {
    model.set_ir_version(version);
    auto engine = Engine::compile({.path = "m", .bytes = model.SerializeAsString()}, {});
    ASSERT_TRUE(engine) << engine.error().message;
    ASSERT_EQ(engine->inputs().size(), 1U);
    EXPECT_THAT(values(run(*engine, {{"x", floats({2}, {1, 1})}}).outputs[0]), ElementsAre(4, 5));
  }
}

TEST(Engine, SetsInputShapes) {
  const std::string text = "g (float[a,b] x) => (float[c,d] y) { y = Transpose(x) }";
  const Engine fixed = compiled(text, {.input_shapes = {{"x", {2, -1}}}});
  EXPECT_THAT(fixed.inputs()[0].dims, Optional(ElementsAre(2, -1)));
  EXPECT_THAT(fixed.outputs()[0].dims, Optional(ElementsAre(-1, 2)));

  EXPECT_EQ(compile_error(from_text(text), {.input_shapes = {{"z", {2, 3}}}}),
            "test.onnx: a shape is given for \"z\", which is no input of the model; its inputs are "
            "\"x\"");
  EXPECT_EQ(compile_error(from_text(text), {.input_shapes = {{"x", {2, 3, 4}}}}),
            "test.onnx: input \"x\" has 2 dimensions, but the shape [2, 3, 4] is given for it");
  EXPECT_THAT(compile_error(from_text(kConvolution), {.input_shapes = {{"x", {1, 1, 4, 4}}}}),
              HasSubstr("could not give the inputs the shapes asked for"));
}

TEST(Engine, WantsAShapeWhereTheModelHasNone) {
  onnx::ModelProto model = onnx_model("g (float[2] x) => (float[2] y) { y = Neg(x) }");
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  model.mutable_graph()->mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  const EngineSource source{.path = "m.onnx", .bytes = model.SerializeAsString()};
  EXPECT_THAT(compile_error(source),
              HasSubstr("the model does not give the shape of input \"x\": give it one"));
  auto engine = Engine::compile(source, {.input_shapes = {{"x", {3}}}});
  ASSERT_TRUE(engine) << engine.error().message;
  EXPECT_THAT(values(run(*engine, {{"x", floats({3}, {1, 2, 3})}}).outputs[0]),
              ElementsAre(-1, -2, -3));
}

// Pointwise convolutions whose weights are computed from integers, in a model of any batch.
std::string integer_weights() {
  std::string head = "g (float[N,4,6,6] x0) => (float[N,4,6,6] x8) <float s = {0.02}, int8 z = {0}";
  std::string nodes;
  for (int i = 0; i < 8; ++i) {
    head += fmt::format(", int8[4,4,1,1] w{} = {{", i);
    for (int k = 0; k < 16; ++k)
      head += fmt::format("{}{}", k == 0 ? "" : ", ", (k * k + i) % 97 - 48);
    head += "}";
    nodes += fmt::format(" d{0} = DequantizeLinear(w{0}, s, z)  x{1} = Conv(x{0}, d{0})", i, i + 1);
  }
  return head + "> {" + nodes + " }";
}

TEST(Engine, EveryRequestOfAQuantizedModelHasItsOwnWeights) {
  constexpr int kRequests = 3;
  const std::vector<NamedTensor> inputs{{"x0", floats({1, 4, 6, 6}, std::vector<float>(144, 1))}};
  for (const ExecutionMode mode : {ExecutionMode::kQuantizedAsWritten, ExecutionMode::kInt8}) {
    Engine one = compiled(integer_weights(), {.mode = mode});
    Engine several = compiled(integer_weights(), {.mode = mode, .requests = kRequests});
    const std::vector<float> expected = values(run(one, inputs).outputs[0]);
    for (int request = 0; request < kRequests; ++request) {
      const auto outputs = several.run(request, inputs);
      ASSERT_TRUE(outputs) << outputs.error().message;
      EXPECT_EQ(values(outputs->outputs[0]), expected) << request;
    }
  }
}

TEST(Engine, SaysWhichInputWantsWhat) {
  Engine engine = compiled(
      "g (float[N,3] x, int64[1] k) => (float[N,3] y) {"
      " f = Cast<to = 1>(k)  y = Mul(x, f) }");
  const Tensor k = Tensor::zeros(DataType::kInt64, Shape::make({1}).value()).value();
  const Tensor x = floats({1, 3}, {1, 2, 3});
  EXPECT_EQ(run_error(engine, {{"x", x}, {"k", k}}), "ran");
  EXPECT_EQ(run_error(engine, {{"x", floats({3, 1}, {1, 2, 3})}, {"k", k}}),
            "test.onnx: input \"x\" wants float [?, 3], got float [3, 1]");
  EXPECT_EQ(run_error(engine, {{"x", floats({3}, {1, 2, 3})}, {"k", k}}),
            "test.onnx: input \"x\" wants float [?, 3], got float [3]");
  EXPECT_EQ(run_error(engine, {{"x", x}, {"k", floats({1}, {1})}}),
            "test.onnx: input \"k\" wants int64 [1], got float [1]");
  EXPECT_EQ(run_error(engine, {{"x", x}}), "test.onnx: input \"k\" wants int64 [1], got nothing");
  EXPECT_EQ(run_error(engine, {{"x", x}, {"k", k}, {"x", x}}),
            "test.onnx: input \"x\" wants float [?, 3], got several tensors");
  EXPECT_EQ(run_error(engine, {{"x", x}, {"k", k}, {"q", k}}),
            "test.onnx: the model has no input \"q\"; its inputs are \"x\", \"k\"");
  EXPECT_EQ(engine.run(1, std::vector<NamedTensor>{}).error().message,
            "test.onnx: request 1: expected 0 to 0");
}

TEST(Engine, NamesAnExtraOutputThatTheModelDoesNotHave) {
  EXPECT_EQ(compile_error(from_text(kConvolution), {.extra_outputs = {"r", "nope"}}),
            "test.onnx: there is no value \"nope\" in the model");
  EXPECT_THAT(compile_error(from_text(kConvolution), {.requests = 0}), HasSubstr("0 requests"));
}

TEST(Engine, RefusesStringsAndOperatorsThatItDoesNotKnow) {
  EXPECT_THAT(compile_error(from_text("g (string[2] s) => (string[2] t) { t = Identity(s) }")),
              HasSubstr("value \"s\" is of type string"));
  const std::string unknown =
      compile_error(from_text("<ir_version: 8, opset_import: [\"\" : 13, \"odd\" : 1]>"
                              " g (float[2] x) => (float[2] y) { y = odd.Thing(x) }"));
  EXPECT_THAT(unknown, HasSubstr("test.onnx: OpenVINO 2026"));
  EXPECT_THAT(unknown, HasSubstr("odd.Thing"));
  EXPECT_THAT(unknown, Not(HasSubstr("\n")));
}

TEST(Engine, RefusesEveryTruncationAndWhatIsNoModel) {
  const std::string whole = onnx_model(kConvolution).SerializeAsString();
  const TemporaryFolder folder;
  for (size_t size = 0; size < whole.size(); size += 7) {
    const std::string cut = whole.substr(0, size);
    EXPECT_THAT(compile_error({.path = "cut.onnx", .bytes = cut}), HasSubstr("cut.onnx: not an"))
        << size;
    const auto path = folder / "cut.onnx";
    std::ofstream(path, std::ios::binary) << cut;
    EXPECT_THAT(compile_error({.path = path}), HasSubstr("cut.onnx: not an")) << size;
  }
  EXPECT_THAT(compile_error({.path = folder / "missing.onnx"}),
              HasSubstr("missing.onnx: could not open: No such file"));
  EXPECT_THAT(compile_error({.path = folder.path()}), HasSubstr("could not read: Is a directory"));
  EXPECT_THAT(compile_error({.path = "text.onnx", .bytes = "once upon a time"}),
              HasSubstr("text.onnx: not an ONNX model"));
}

TEST(Engine, FindsExternalDataBesideTheModel) {
  const TemporaryFolder folder;
  onnx::ModelProto model = onnx_model(
      "g (float[2] x) => (float[2] y) <float[2] w = {3, 4}> { n = Neg(x)  y = Add(n, w) }");
  onnx::TensorProto& weight = *model.mutable_graph()->mutable_initializer(0);
  weight.clear_float_data();
  weight.clear_raw_data();
  weight.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto set = [&](const char* key, const char* value) {
    auto* entry = weight.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  set("location", "weights.bin");
  set("offset", "4");
  set("length", "8");
  const std::array<float, 3> data{9, 10, 20};
  std::ofstream(folder / "weights.bin", std::ios::binary)
      .write(reinterpret_cast<const char*>(data.data()), sizeof data);
  std::ofstream(folder / "m.onnx", std::ios::binary) << model.SerializeAsString();

  for (const EngineSource& source :
       {EngineSource{.path = folder / "m.onnx"},
        EngineSource{.path = folder / "edited.onnx", .bytes = model.SerializeAsString()}}) {
    auto engine = Engine::compile(source, {.extra_outputs = {"n"}});
    ASSERT_TRUE(engine) << engine.error().message;
    const RunOutputs outputs = run(*engine, {{"x", floats({2}, {1, 2})}});
    EXPECT_THAT(values(outputs.outputs[0]), ElementsAre(9, 18));
    EXPECT_THAT(values(outputs.extra[0]), ElementsAre(-1, -2));
  }
  std::filesystem::remove(folder / "weights.bin");
  EXPECT_THAT(compile_error({.path = folder / "m.onnx"}), HasSubstr("weights.bin"));
}

// OpenVINO brings a TBB, and the build may find another one in the system.
TEST(Engine, LeavesOneTbbInTheProcess) {
  const Engine engine = compiled(kConvolution);
  std::set<std::string> loaded;
  std::ifstream maps("/proc/self/maps");
  if (!maps) GTEST_SKIP() << "no /proc/self/maps to read";
  for (std::string line; std::getline(maps, line);) {
    const size_t path = line.find('/');
    if (path != std::string::npos && line.find("libtbb.so") != std::string::npos) {
      loaded.insert(line.substr(path));
    }
  }
  EXPECT_EQ(loaded.size(), 1U) << ::testing::PrintToString(loaded);
}

// x in steps of 0.5 from zero point 0: 0.7 becomes 0.5 (code 1), and so does the weight 0.6.
constexpr const char* kQuantized = R"(
  g (float[1,1,1,1] x) => (float[1,1,1,1] y)
  <float s = {0.5}, uint8 z = {0}, int8 zw = {0}, float[1,1,1,1] w = {0.6}>
  { q = QuantizeLinear(x, s, z)
    d = DequantizeLinear(q, s, z)
    qw = QuantizeLinear(w, s, zw)
    dw = DequantizeLinear(qw, s, zw)
    y = Conv(d, dw) })";

TEST(Engine, SaysInWhichPrecisionEachLayerRuns) {
  // Without the quantization of the weights, as stored codes: what an int8 model looks like.
  const std::string text = R"(
    g (float[1,8,8,8] x) => (float[1,8,8,8] y)
    <float s = {0.5}, uint8 z = {128}, int8 zw = {0}, int8[8,8,1,1] w = {CODES}>
    { q = QuantizeLinear(x, s, z)
      d = DequantizeLinear(q, s, z)
      dw = DequantizeLinear(w, s, zw)
      [conv] c = Conv(d, dw)
      q2 = QuantizeLinear(c, s, z)
      y = DequantizeLinear(q2, s, z) })";
  std::string codes = "1";
  for (int i = 1; i < 64; ++i) codes += ", " + std::to_string(i - 32);
  const std::string model = std::string(text).replace(text.find("CODES"), 5, codes);
  const auto precision_of = [&](ExecutionMode mode) {
    const auto layers = compiled(model, {.mode = mode}).executed_layers();
    for (const ExecutedLayer& layer : *layers) {
      if (std::ranges::count(layer.nodes, "conv") != 0) return layer.precision;
    }
    return std::string("no such layer");
  };
  EXPECT_THAT(precision_of(ExecutionMode::kInt8), ::testing::AnyOf("u8", "i8"));
  EXPECT_EQ(precision_of(ExecutionMode::kQuantizedAsWritten), "f32");
}

TEST(Engine, RunsAQuantizedModelAsWritten) {
  Engine engine = compiled(
      kQuantized, {.mode = ExecutionMode::kQuantizedAsWritten, .extra_outputs = {"q", "d", "dw"}});
  const RunOutputs outputs = run(engine, {{"x", floats({1, 1, 1, 1}, {0.7F})}});
  EXPECT_THAT(outputs.extra[0].as<uint8_t>(), ElementsAre(1));
  EXPECT_THAT(values(outputs.extra[1]), ElementsAre(0.5F));
  EXPECT_THAT(values(outputs.extra[2]), ElementsAre(0.5F));
  EXPECT_THAT(values(outputs.outputs[0]), ElementsAre(0.25F));
}

}  // namespace
}  // namespace zp
