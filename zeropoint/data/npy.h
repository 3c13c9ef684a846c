// NumPy's .npy files, versions 1 to 3: a header that says type, order and shape, then the elements.
// Format: numpy/lib/_format_impl.py, "Format Version 1.0" and following.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/data/byte_source.h"
#include "zeropoint/graph/tensor.h"

namespace zp {

enum class ByteOrder { kLittle, kBig };
enum class ArrayOrder { kC, kFortran };  // which index runs fastest: the last, the first

struct NpyHeader {
  DataType type = DataType::kUndefined;  // bool, integers of 8 to 64 bits, floats of 16 to 64
  ByteOrder byte_order = ByteOrder::kLittle;
  ArrayOrder array_order = ArrayOrder::kC;
  Shape shape;
  uint64_t data_offset = 0;  // where in the file the elements begin
};

// Errors do not name the file. Refused: what is no .npy; complex numbers, texts, dates, records and
// objects; a file that is shorter or longer than its header says.
Result<NpyHeader> read_npy_header(const ByteSource& file);

// The bytes of elements as the header describes them, made little-endian and row-major.
// `shape` is header.shape or, for part of the axis 0 of an array in C order, that part's.
Result<Tensor> npy_tensor(const NpyHeader& header, Shape shape, std::vector<std::byte> elements);

// The whole array.
Result<Tensor> read_npy(const ByteSource& file, const NpyHeader& header);

// Element `index` of axis 0, of shape [1, rest]. In C order only its own bytes are read.
// Requires a rank of at least 1 and 0 <= index < header.shape.dim(0).
Result<Tensor> read_npy_row(const ByteSource& file, const NpyHeader& header, int64_t index);

}  // namespace zp
