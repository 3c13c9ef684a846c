#include "zeropoint/graph/model.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <filesystem>
#include <fstream>

#include "tests/support/onnx_graphs.h"
#include "tests/support/shared_data.h"
#include "tests/support/temporary_folder.h"
#include "zeropoint/graph/external_data.h"

namespace zp {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kGraph = R"(g (float[2] x) => (float[2] z)
    <float[2] w = {1, 2}> { y = Add(x, w) z = Relu(y) })";

void write_text(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string load_error(const std::filesystem::path& path) {
  const auto model = Model::load(path);
  return model ? "loaded" : model.error().message;
}

// A model of one Add whose constant w, `count` floats 0, 1, 2, ..., lies in w.bin from `offset` on.
onnx::ModelProto external_model(size_t count, size_t offset) {
  onnx::ModelProto proto = onnx_model("g (float[n] x) => (float[n] z) { z = Add(x, w) }");
  auto& tensor = *proto.mutable_graph()->add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(static_cast<int64_t>(count));
  ExternalData{"w.bin", offset, count * sizeof(float)}.write_to(tensor);
  return proto;
}

std::string float_bytes(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return {reinterpret_cast<const char*>(values.data()), count * sizeof(float)};
}

void set_entry(onnx::TensorProto& tensor, const std::string& key, const std::string& value) {
  for (auto& entry : *tensor.mutable_external_data()) {
    if (entry.key() == key) entry.set_value(value);
  }
}

TEST(Model, EveryRealModelLoadsChecksAndSurvivesSaving) {
  const auto folder = shared_data("models");
  if (!folder) GTEST_SKIP() << kNoSharedData;
  const TemporaryFolder temporary;
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    if (file.path().extension() != ".onnx") continue;
    SCOPED_TRACE(file.path().filename());
    auto model = Model::load(file.path());
    ASSERT_TRUE(model) << model.error().message;
    expect_valid(*model);
    EXPECT_TRUE(infer_values(*model));
    const auto path = temporary.path() / "model.onnx";
    ASSERT_TRUE(model->save(path));
    EXPECT_EQ(Model::load(path)->hash().value(), model->hash().value());
  }
}

TEST(Model, FilesThatAreNoModelsAreRefusedWithTheirNames) {
  const TemporaryFolder folder;
  EXPECT_THAT(load_error(folder / "none.onnx"), HasSubstr("none.onnx: could not open"));
  EXPECT_THAT(load_error(folder.path()), HasSubstr("could not read: Is a directory"));
  write_text(folder / "empty.onnx", "");
  EXPECT_THAT(load_error(folder / "empty.onnx"), HasSubstr("empty.onnx: the file is empty"));
  write_text(folder / "text.onnx", "This is a text, and not a model.\n");
  EXPECT_THAT(load_error(folder / "text.onnx"), HasSubstr("text.onnx: not an ONNX model"));
  write_text(folder / "zeros.onnx", std::string(1000, '\0'));
  EXPECT_THAT(load_error(folder / "zeros.onnx"), HasSubstr("zeros.onnx: not an ONNX model"));
}

TEST(Model, NoPrefixOfAModelIsTakenForOne) {
  const std::string whole = model_of(kGraph).serialize().value();
  for (size_t size = 0; size < whole.size(); ++size) {
    // A prefix may happen to be a message: then it lacks something that the checks ask for.
    auto model = Model::parse(std::string_view(whole).substr(0, size), "cut.onnx");
    if (model) {
      EXPECT_FALSE(check_structure(model->proto()) && check_with_onnx(*model)) << size;
    } else {
      EXPECT_THAT(model.error().message, HasSubstr("cut.onnx: ")) << size;
    }
  }
}

TEST(Model, EveryByteOfAModelMayBeDamaged) {
  // Whatever comes out, it is an answer and no crash.
  const std::string whole = model_of(kGraph).serialize().value();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0x00, 0x7f, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(value);
      auto model = Model::parse(bytes, "bad.onnx");
      if (!model || !check_structure(model->proto()) || !check_with_onnx(*model)) continue;
      EXPECT_TRUE(infer_values(*model));
      EXPECT_TRUE(model->hash());
    }
  }
}

TEST(Model, BodiesInBodiesWithoutEndAreRefused) {
  // protobuf stops at 100 messages inside each other; nothing of ours then has to.
  onnx::GraphProto graph;
  for (int depth = 0; depth < 200; ++depth) {
    onnx::GraphProto outer;
    auto& node = *outer.add_node();
    node.set_op_type("If");
    auto& body = *node.add_attribute();
    body.set_name("then_branch");
    body.set_type(onnx::AttributeProto::GRAPH);
    body.mutable_g()->Swap(&graph);
    graph.Swap(&outer);
  }
  onnx::ModelProto proto = onnx_model(std::string(kGraph));
  proto.mutable_graph()->Swap(&graph);
  const auto model = Model::parse(proto.SerializeAsString(), "deep.onnx");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message, HasSubstr("deep.onnx: not an ONNX model, or damaged"));
}

TEST(Model, IrVersionAndOperatorSetAreAsked) {
  onnx::ModelProto proto = onnx_model(std::string(kGraph));
  proto.set_ir_version(3);
  EXPECT_TRUE(Model::parse(proto.SerializeAsString(), "m"));
  proto.set_ir_version(2);
  EXPECT_THAT(Model::parse(proto.SerializeAsString(), "m").error().message,
              HasSubstr("m: IR version 2; expected 3 or newer"));
  proto.set_ir_version(8);
  proto.clear_opset_import();
  EXPECT_THAT(Model::parse(proto.SerializeAsString(), "m").error().message,
              HasSubstr("m: the model names no operator set"));
}

TEST(Model, WhatItDoesNotUnderstandStays) {
  onnx::ModelProto proto = onnx_model(std::string(kGraph));
  proto.set_producer_name("somebody");
  auto& property = *proto.add_metadata_props();
  property.set_key("key");
  property.set_value("value");
  proto.mutable_graph()->add_quantization_annotation()->set_tensor_name("y");
  auto& node = *proto.mutable_graph()->add_node();
  node.set_op_type("Strange");
  node.set_domain("some.where");
  proto.add_training_info()->mutable_algorithm()->set_name("training");
  // A field that this version of ONNX has never heard of.
  std::string bytes = proto.SerializeAsString();
  bytes += std::string(
      "\xfa\x3f\x03"
      "new",
      6);  // field 1023, three bytes
  const auto model = Model::parse(bytes, "m");
  ASSERT_TRUE(model) << model.error().message;
  onnx::ModelProto again;
  const std::string saved = model->serialize().value();
  ASSERT_TRUE(again.ParseFromString(saved));
  EXPECT_EQ(again.producer_name(), "somebody");
  EXPECT_EQ(again.metadata_props(0).value(), "value");
  EXPECT_EQ(again.graph().quantization_annotation(0).tensor_name(), "y");
  EXPECT_EQ(again.graph().node(2).domain(), "some.where");
  EXPECT_EQ(again.training_info(0).algorithm().name(), "training");
  EXPECT_THAT(saved, HasSubstr("\xfa\x3f\x03"
                               "new"));
}

TEST(ExternalModel, DataIsReadFromWhereItLies) {
  const TemporaryFolder folder;
  write_text(folder / "model.onnx", external_model(1000, 16).SerializeAsString());
  write_text(folder / "w.bin", std::string(16, 'x') + float_bytes(1000) + "more");
  const auto model = Model::load(folder / "model.onnx");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_TRUE(model->has_external_data());
  EXPECT_EQ(model->data_size(), 4000U);
  const Tensor value = model->read(model->graph().initializer(0)).value();
  EXPECT_EQ(value.as<float>()[999], 999.0F);
  expect_valid(*model);
}

TEST(ExternalModel, SmallDataIsTakenIntoTheMessage) {
  const TemporaryFolder folder;
  write_text(folder / "model.onnx", external_model(4, 0).SerializeAsString());
  write_text(folder / "w.bin", float_bytes(4));
  const auto model = Model::load(folder / "model.onnx");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_FALSE(model->has_external_data());
  EXPECT_THAT(floats_of(model->graph(), "w"), ElementsAre(0, 1, 2, 3));
}

TEST(ExternalModel, MissingCutOffAndForeignDataIsRefused) {
  const TemporaryFolder folder;
  const auto path = folder / "model.onnx";
  write_text(path, external_model(1000, 16).SerializeAsString());
  EXPECT_THAT(load_error(path), AllOf(HasSubstr("w.bin: the data of tensor \"w\" should lie in it"),
                                      HasSubstr("No such file")));
  write_text(folder / "w.bin", std::string(16, 'x') + float_bytes(999));
  EXPECT_THAT(load_error(path), HasSubstr("4012 bytes; tensor \"w\" needs 4000 from byte 16 on"));

  const auto error_with = [&](const char* key, const std::string& value) {
    onnx::ModelProto proto = external_model(1000, 0);
    set_entry(*proto.mutable_graph()->mutable_initializer(0), key, value);
    write_text(path, proto.SerializeAsString());
    return load_error(path);
  };
  EXPECT_THAT(error_with("length", "3999"),
              HasSubstr("take 4000 bytes, its external data has 3999"));
  EXPECT_THAT(error_with("offset", "-1"), HasSubstr("\"-1\" is no number of bytes"));
  EXPECT_THAT(error_with("offset", "18446744073709551615"), HasSubstr("cut off?"));
  EXPECT_THAT(error_with("offset", "99999999999999999999999"), HasSubstr("is no number of bytes"));
  for (const std::string& place :
       {std::string("/etc/passwd"), std::string("../w.bin"), std::string("a/../../w.bin"),
        std::string(), std::string(".."), std::string("\0spill", 6)}) {
    EXPECT_THAT(error_with("location", place), HasSubstr("expected a file in the model's folder"))
        << place;
  }
  onnx::ModelProto huge = external_model(1000, 0);
  auto& tensor = *huge.mutable_graph()->mutable_initializer(0);
  tensor.clear_external_data();
  tensor.add_external_data()->set_key("location");
  tensor.mutable_external_data(0)->set_value("w.bin");
  tensor.set_dims(0, int64_t{1} << 61);
  write_text(path, huge.SerializeAsString());
  EXPECT_THAT(load_error(path), HasSubstr("more bytes than can be addressed"));
  tensor.add_dims(int64_t{1} << 61);
  write_text(path, huge.SerializeAsString());
  EXPECT_THAT(load_error(path), HasSubstr("tensor \"w\""));
}

TEST(ExternalModel, SavingWritesItsOwnFileOfData) {
  const TemporaryFolder folder;
  write_text(folder / "model.onnx", external_model(1000, 16).SerializeAsString());
  write_text(folder / "w.bin", std::string(16, 'x') + float_bytes(1000));
  const auto model = Model::load(folder / "model.onnx");
  ASSERT_TRUE(model) << model.error().message;
  std::filesystem::create_directory(folder / "out");
  const auto saved = model->save(folder / "out/saved.onnx");
  ASSERT_TRUE(saved) << saved.error().message;
  const auto again = Model::load(folder / "out/saved.onnx");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->hash().value(), model->hash().value());
  EXPECT_EQ(read_text(folder / "out/saved.onnx.data"), float_bytes(1000));
  // One message of it says the same.
  const auto inside = Model::parse(model->serialize().value(), "inside");
  EXPECT_EQ(inside->hash().value(), model->hash().value());
  EXPECT_FALSE(inside->has_external_data());
}

TEST(ExternalModel, MaySaveOverItself) {
  const TemporaryFolder folder;
  write_text(folder / "model.onnx", external_model(1000, 0).SerializeAsString());
  write_text(folder / "w.bin", float_bytes(1000));
  for (int round = 0; round < 2; ++round) {
    const auto model = Model::load(folder / "model.onnx");
    ASSERT_TRUE(model) << model.error().message;
    ASSERT_TRUE(model->save(folder / "model.onnx"));
  }
  const auto model = Model::load(folder / "model.onnx");
  EXPECT_EQ(model->read(model->graph().initializer(0))->as<float>()[999], 999.0F);
}

TEST(ExternalModel, ALargeTensorOfAnAttributeStaysInTheMessage) {
  const TemporaryFolder folder;
  onnx::ModelProto proto = external_model(1000, 0);
  auto& node = *proto.mutable_graph()->add_node();
  node.set_op_type("Constant");
  node.add_output("c");
  auto& attribute = *node.add_attribute();
  attribute.set_name("value");
  attribute.set_type(onnx::AttributeProto::TENSOR);
  put_in_message(*attribute.mutable_t(),
                 Tensor::zeros(DataType::kFloat, Shape::make({1000}).value()).value());
  write_text(folder / "model.onnx", proto.SerializeAsString());
  write_text(folder / "w.bin", float_bytes(1000));
  ASSERT_TRUE(Model::load(folder / "model.onnx")->save(folder / "saved.onnx"));
  const auto saved = Model::load(folder / "saved.onnx");
  EXPECT_FALSE(is_external(saved->graph().node(1).attribute(0).t()));
  EXPECT_TRUE(is_external(saved->graph().initializer(0)));
}

TEST(ExternalModel, IsCheckedWhateverTheCurrentFolderIs) {
  const TemporaryFolder folder;
  onnx::ModelProto proto = onnx_model(R"(g (float[n] x, bool c) => (float[n] z) {
      y = Add(x, w)
      z = If (c) <then_branch = t () => (float[n] p) { p = Add(y, w) },
                  else_branch = e () => (float[n] q) { q = Neg(y) }> })");
  const onnx::TensorProto tensor = external_model(1000, 0).graph().initializer(0);
  *proto.mutable_graph()->add_initializer() = tensor;
  // A body's own w, which hides the other.
  *proto.mutable_graph()->mutable_node(1)->mutable_attribute(0)->mutable_g()->add_initializer() =
      tensor;
  write_text(folder / "model.onnx", proto.SerializeAsString());
  write_text(folder / "w.bin", float_bytes(1000));
  const auto model = Model::load(folder / "model.onnx");
  ASSERT_TRUE(model) << model.error().message;
  expect_valid(*model);
  ASSERT_TRUE(model->save(folder / "saved.onnx"));
  expect_valid(Model::load(folder / "saved.onnx").value());
}

TEST(ExternalModel, NewTensorsAreSpilledAndCopiesShareThem) {
  const TemporaryFolder folder;
  write_text(folder / "model.onnx", external_model(10000, 0).SerializeAsString());
  write_text(folder / "w.bin", float_bytes(10000));
  auto model = Model::load(folder / "model.onnx");
  ASSERT_TRUE(model);
  Tensor value = Tensor::zeros(DataType::kFloat, Shape::make({10000}).value()).value();
  value.as<float>()[1] = 7;
  ASSERT_TRUE(model->write(*model->graph().mutable_initializer(0), value));
  value.as<float>()[1] = 8;
  ASSERT_TRUE(model->add_initializer("v", value));
  EXPECT_LT(model->proto().ByteSizeLong(), 2000U);
  const Model copy = model->copy();
  EXPECT_EQ(copy.read(copy.graph().initializer(0))->as<float>()[1], 7.0F);
  EXPECT_EQ(copy.read(copy.graph().initializer(1))->as<float>()[1], 8.0F);
  ASSERT_TRUE(copy.save(folder / "saved.onnx"));
  const auto saved = Model::load(folder / "saved.onnx");
  EXPECT_EQ(saved->read(saved->graph().initializer(1))->as<float>()[1], 8.0F);
  EXPECT_EQ(saved->hash().value(), model->hash().value());
}

TEST(ExternalModel, SavingHundredMegabytesTakesLittleMemory) {
  const TemporaryFolder folder;
  constexpr size_t kCount = 25'000'000;
  write_text(folder / "model.onnx", external_model(kCount, 0).SerializeAsString());
  std::filesystem::path data = folder / "w.bin";
  write_text(data, "");
  std::filesystem::resize_file(data, kCount * sizeof(float));
  // In a process of its own, whose peak nothing else has raised.
  const pid_t child = ::fork();
  if (child == 0) {
    const auto model = Model::load(folder / "model.onnx");
    const bool saved = model && model->save(folder / "saved.onnx") && model->hash();
    ::_exit(saved ? 0 : 1);
  }
  int status = 0;
  rusage usage = {};
  ASSERT_EQ(::wait4(child, &status, 0, &usage), child);
  ASSERT_EQ(status, 0);
  rusage own = {};
  ::getrusage(RUSAGE_SELF, &own);
  EXPECT_LT(usage.ru_maxrss, own.ru_maxrss + 20'000);  // kB
  EXPECT_EQ(std::filesystem::file_size(folder / "saved.onnx.data"), kCount * sizeof(float));
}

TEST(SavedModel, AnOldFileSurvivesWhatGoesWrong) {
  const TemporaryFolder folder;
  const Model model = model_of(kGraph);
  EXPECT_THAT(model.save(folder / "none/m.onnx").error().message, HasSubstr("none/m.onnx"));
  std::filesystem::create_directory(folder / "taken.onnx");
  EXPECT_FALSE(model.save(folder / "taken.onnx"));
  EXPECT_THAT(folder.names(), ElementsAre("taken.onnx"));
}

TEST(SavedModel, AFullDiskLeavesTheOldFiles) {
  const TemporaryFolder folder;
  const auto disk = folder / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "mounting a small file system takes root's rights";
  }
  const std::string old_model = model_of(kGraph).serialize().value();
  write_text(disk / "m.onnx", old_model);
  write_text(disk / "m.onnx.data", "old");

  Model inside = model_of(kGraph);
  const Tensor large = Tensor::zeros(DataType::kFloat, Shape::make({100'000}).value()).value();
  ASSERT_TRUE(inside.add_initializer("large", large));
  const auto first = inside.save(disk / "m.onnx");

  write_text(folder / "e.onnx", external_model(100'000, 0).SerializeAsString());
  write_text(folder / "w.bin", float_bytes(100'000));
  const auto second = Model::load(folder / "e.onnx")->save(disk / "m.onnx");

  const std::string left = read_text(disk / "m.onnx");
  const std::string left_data = read_text(disk / "m.onnx.data");
  const auto files = std::distance(std::filesystem::directory_iterator(disk), {});
  ::umount(disk.c_str());
  ASSERT_FALSE(first);
  ASSERT_FALSE(second);
  EXPECT_THAT(first.error().message, HasSubstr("No space left on device"));
  EXPECT_THAT(second.error().message, HasSubstr("No space left on device"));
  EXPECT_EQ(left, old_model);
  EXPECT_EQ(left_data, "old");
  EXPECT_EQ(files, 2);
}

}  // namespace
}  // namespace zp
