#include "zeropoint/data/npy.h"

#include <numeric>

#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Tensor> read(const std::vector<std::byte>& bytes) {
  const ByteSource source = bytes_in_memory(bytes);
  ZP_ASSIGN_OR_RETURN(const NpyHeader header, read_npy_header(source));
  return read_npy(source, header);
}

// -5, -4 ... 18 as tests/data/make_samples.py writes them, from `first` on.
template <class T>
std::vector<T> counting(int first = 0, int count = 24) {
  std::vector<T> values;
  for (int i = first; i < first + count; ++i) values.push_back(static_cast<T>(i - 5));
  return values;
}

template <class T>
void expect_counting(const std::string& name) {
  const auto tensor = read(fixture_bytes(name));
  ASSERT_TRUE(tensor) << name << ": " << tensor.error().message;
  EXPECT_EQ(tensor->shape().to_string(), "[2, 3, 4]") << name;
  EXPECT_EQ(elements<T>(*tensor), counting<T>()) << name;
}

TEST(ReadNpy, EveryTypeInEitherByteOrder) {
  expect_counting<float>("little_f4.npy");
  expect_counting<float>("big_f4.npy");
  expect_counting<double>("little_f8.npy");
  expect_counting<double>("big_f8.npy");
  expect_counting<int8_t>("i1.npy");
  expect_counting<uint8_t>("u1.npy");
  expect_counting<int16_t>("little_i2.npy");
  expect_counting<uint16_t>("big_u2.npy");
  expect_counting<int32_t>("little_i4.npy");
  expect_counting<uint32_t>("little_u4.npy");
  expect_counting<int64_t>("big_i8.npy");
  expect_counting<uint64_t>("little_u8.npy");
}

TEST(ReadNpy, HalvesInEitherByteOrder) {
  for (const std::string name : {"little_f2.npy", "big_f2.npy"}) {
    const auto tensor = read(fixture_bytes(name));
    ASSERT_TRUE(tensor) << tensor.error().message;
    EXPECT_EQ(tensor->type(), DataType::kFloat16);
    EXPECT_EQ(to_floats(*tensor).value(), counting<float>());
  }
}

TEST(ReadNpy, AnyByteButZeroIsTrue) {
  auto file = fixture_bytes("bool.npy");
  const auto tensor = read(file);
  ASSERT_TRUE(tensor);
  EXPECT_FALSE(tensor->as<bool>()[5]);
  EXPECT_TRUE(tensor->as<bool>()[6]);
  file.back() = std::byte{7};
  EXPECT_EQ(read(file).value().bytes().back(), std::byte{1});
}

TEST(ReadNpy, FortranOrderBecomesRowMajor) { expect_counting<float>("fortran.npy"); }

TEST(ReadNpy, LaterVersionsAreReadAsWell) {
  expect_counting<float>("version2.npy");
  expect_counting<float>("version3.npy");
}

TEST(ReadNpy, AScalarHasRankZero) {
  const Tensor tensor = read(fixture_bytes("scalar.npy")).value();
  EXPECT_EQ(tensor.shape().rank(), 0);
  EXPECT_THAT(elements<float>(tensor), ElementsAre(2.5F));
}

TEST(ReadNpyRow, IsAPartOfAxisZero) {
  for (const std::string name : {"little_f4.npy", "big_f4.npy", "fortran.npy"}) {
    const auto bytes = fixture_bytes(name);
    const ByteSource source = bytes_in_memory(bytes);
    const Tensor row = read_npy_row(source, read_npy_header(source).value(), 1).value();
    EXPECT_EQ(row.shape().to_string(), "[1, 3, 4]");
    EXPECT_EQ(elements<float>(row), counting<float>(12, 12)) << name;
  }
}

TEST(ReadNpy, WhatNoModelTakesIsRefusedByItsType) {
  EXPECT_THAT(message(read(fixture_bytes("complex.npy"))), HasSubstr("'<c8'"));
  EXPECT_THAT(message(read(fixture_bytes("text.npy"))), HasSubstr("'<U2'"));
  EXPECT_THAT(message(read(fixture_bytes("records.npy"))), HasSubstr("named fields"));
}

TEST(ReadNpy, AFileCutAnywhereIsRefused) {
  const auto whole = fixture_bytes("little_f4.npy");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)})) << size;
  }
  auto longer = whole;
  longer.resize(whole.size() + 3);
  EXPECT_THAT(message(read(longer)), HasSubstr("3 bytes follow the array"));
}

TEST(ReadNpy, AShapeThatNoFileCouldHoldIsRefusedBeforeMemoryIsTaken) {
  const std::vector<float> data(4);
  const auto with_shape = [&](std::string_view shape) {
    return message(read(float_npy(shape, data)));
  };
  EXPECT_THAT(with_shape("(4611686018427387904,)"), HasSubstr("more bytes than can be addressed"));
  EXPECT_THAT(with_shape("(1099511627776,)"), HasSubstr("truncated"));
  EXPECT_THAT(with_shape("(4611686018427387904, 4611686018427387904)"), HasSubstr("do"));
  EXPECT_THAT(with_shape("(99999999999999999999,)"), HasSubstr("damaged"));
  EXPECT_THAT(with_shape("(-4,)"), HasSubstr("damaged"));
}

TEST(ReadNpy, ADamagedHeaderIsRefused) {
  const std::vector<std::byte> data(16);
  const auto with_header = [&](std::string_view header) {
    return message(read(npy_file(header, data)));
  };
  for (const std::string_view header :
       {"", "{", "{}", "{'descr': '<f4', 'shape': (4,)}", "{'descr' '<f4'}", "{'what': 1}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (4,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 4}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4,)} x", "{'descr': '<f4",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4"}) {
    EXPECT_THAT(with_header(header), HasSubstr("damaged")) << header;
  }
  // Python 2 wrote longs with an L.
  EXPECT_EQ(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (4L,), }"), "no error");
  auto long_header = fixture_bytes("version2.npy");
  long_header[11] = std::byte{0x7f};  // of 2 GB
  EXPECT_THAT(message(read(long_header)), HasSubstr("damaged: a .npy header of 2130706"));
  EXPECT_THAT(message(read(bytes_of("no array at all"))), HasSubstr("is no .npy file"));
}

}  // namespace
}  // namespace zp
