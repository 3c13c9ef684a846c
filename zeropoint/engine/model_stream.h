// A model's bytes followed by more bytes, as one stream: how outputs are added to a model without
// copying it. Two serialized protobuf messages in a row are read as one, in which the second's
// repeated fields follow on the first's.
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <span>
#include <streambuf>
#include <string>

namespace zp {

// To be read once, forwards.
class ModelStreamBuffer : public std::streambuf {
 public:
  // The bytes of `head`, which lives on, and then those of `tail`.
  ModelStreamBuffer(std::span<const char> head, std::string tail);
  // The bytes of a file, none where it cannot be opened, and then those of `tail`.
  ModelStreamBuffer(const std::filesystem::path& file, std::string tail);

 protected:
  int_type underflow() override;

 private:
  std::filebuf file_;
  std::string tail_;
  bool tail_shown_ = false;
  std::array<char, 65536> chunk_;
};

}  // namespace zp
