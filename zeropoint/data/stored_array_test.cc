#include "zeropoint/data/stored_array.h"

#include <algorithm>

#include "tests/support/temporary_folder.h"
#include "zeropoint/data/test_files.h"
#include "zeropoint/graph/tensor_proto.h"

namespace zp {
namespace {

using ::testing::HasSubstr;

template <class T>
std::vector<T> counting(int first = 0, int count = 24) {
  std::vector<T> values;
  for (int i = first; i < first + count; ++i) values.push_back(static_cast<T>(i - 5));
  return values;
}

TEST(OpenArrays, NpzGivesItsArraysByName) {
  for (const std::string name : {"stored.npz", "deflated.npz"}) {
    const auto arrays = open_arrays(fixture(name));
    ASSERT_TRUE(arrays) << arrays.error().message;
    ASSERT_EQ(arrays->size(), 3U);
    EXPECT_EQ((*arrays)[0].name, "a");
    EXPECT_EQ((*arrays)[0].shape.to_string(), "[2, 3, 4]");
    EXPECT_EQ(elements<float>((*arrays)[0].read().value()), counting<float>());
    EXPECT_EQ((*arrays)[1].name, "b");
    EXPECT_EQ(elements<int64_t>((*arrays)[1].read().value()), counting<int64_t>());
    EXPECT_EQ(elements<int64_t>((*arrays)[1].read_row(1).value()), counting<int64_t>(12, 12));
  }
}

TEST(OpenArrays, AMemberOfAnotherKindDoesNotHinderTheOthers) {
  const auto arrays = open_arrays(fixture("stored.npz")).value();
  EXPECT_EQ(arrays[2].name, "labels");
  EXPECT_THAT(message(arrays[2].readable), HasSubstr("\"labels.npy\": holds elements of NumPy"));
}

TEST(OpenArrays, ATestDataFolderGivesItsInputsInOrder) {
  const auto arrays = open_arrays(fixture("test_data_set_0"));
  ASSERT_TRUE(arrays) << arrays.error().message;
  ASSERT_EQ(arrays->size(), 2U);
  EXPECT_EQ((*arrays)[1].position, 1);
  EXPECT_EQ((*arrays)[1].name, "b");
  EXPECT_EQ(elements<float>((*arrays)[0].read().value()), counting<float>());
  EXPECT_EQ(elements<float>((*arrays)[0].read_row(1).value()), counting<float>(12, 12));
}

TEST(OpenArrays, ANpzCutAnywhereIsRefused) {
  const TemporaryFolder folder;
  for (const std::string name : {"stored.npz", "deflated.npz"}) {
    const auto whole = fixture_bytes(name);
    for (size_t size = 0; size < whole.size(); size += 7) {
      write(folder / "cut.npz", std::span(whole).first(size));
      const auto arrays = open_arrays(folder / "cut.npz");
      ASSERT_FALSE(arrays) << size;
      EXPECT_THAT(arrays.error().message, HasSubstr("cut.npz: "));
    }
  }
}

TEST(OpenArrays, AWrongChecksumIsFoundWhenTheArrayIsRead) {
  const TemporaryFolder folder;
  auto bytes = fixture_bytes("stored.npz");
  // The first member's elements lie right behind its .npy header, which ends in a line feed.
  const auto line_end = std::ranges::find(bytes, std::byte{'\n'});
  *(line_end + 8) ^= std::byte{1};
  write(folder / "x.npz", bytes);
  EXPECT_THAT(message(open_arrays(folder / "x.npz").value()[0].read()),
              HasSubstr("the checksum of \"a.npy\" is wrong"));
}

TEST(OpenArrays, WhatIsNoNpzSaysSo) {
  const TemporaryFolder folder;
  write(folder / "x.npz", "just text, but long enough to hold a zip directory's end");
  EXPECT_THAT(message(open_arrays(folder / "x.npz")), HasSubstr("is no .npz (zip) file"));
  write(folder / "empty.npz", "");
  EXPECT_THAT(message(open_arrays(folder / "empty.npz")), HasSubstr("is no .npz (zip) file"));
}

TEST(OpenArrays, DamagedTensorProtosSayWhatIsWrong) {
  const TemporaryFolder folder;
  write(folder / "x.pb", "\xff\xff\xff\xff");
  EXPECT_THAT(message(open_arrays(folder / "x.pb")), HasSubstr("x.pb: is no TensorProto"));
  write(folder / "x.pb", "");
  EXPECT_THAT(message(open_arrays(folder / "x.pb")), HasSubstr("it has no element type"));
  onnx::TensorProto huge;
  huge.set_data_type(onnx::TensorProto::FLOAT);
  huge.add_dims(int64_t{1} << 62);
  huge.set_raw_data("1234");
  write(folder / "x.pb", huge.SerializeAsString());
  EXPECT_FALSE(open_arrays(folder / "x.pb"));
  EXPECT_THAT(message(open_arrays(folder / "none.pb")), HasSubstr("none.pb: could not open"));
}

}  // namespace
}  // namespace zp
