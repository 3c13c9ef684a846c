#include "zeropoint/base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

#include "tests/support/temporary_folder.h"
#include "zeropoint/base/file_descriptor.h"

namespace zp {
namespace {

using testing::HasSubstr;

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(ReadFile, GivesAllBytes) {
  const TemporaryFolder folder;
  for (const size_t size : {0U, 1U, 65535U, 65536U, 65537U, 1000000U}) {
    std::string text(size, 'a');
    if (size > 0) text.back() = '\n';
    std::ofstream(folder / "file", std::ios::binary) << text;
    const auto bytes = read_file(folder / "file");
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(text_of(*bytes), text) << size << " bytes";
  }
}

TEST(ReadFile, ReadsWhatHasNoSize) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const FileDescriptor reader(ends[0]);
  const std::string text(300000, 'p');  // more than a pipe holds and than one read gives
  std::thread writer([&, file = FileDescriptor(ends[1])] {
    for (size_t at = 0; at < text.size();) {
      const ssize_t count = ::write(file.get(), text.data() + at, text.size() - at);
      if (count <= 0) return;
      at += static_cast<size_t>(count);
    }
  });
  const auto bytes = read_file("/proc/self/fd/" + std::to_string(reader.get()));
  writer.join();
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(text_of(*bytes), text);
}

TEST(ReadFile, NamesTheFileThatIsMissing) {
  const TemporaryFolder folder;
  const auto bytes = read_file(folder / "none.onnx");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kIo);
  EXPECT_EQ(bytes.error().message,
            (folder / "none.onnx").string() + ": could not open: No such file or directory");
}

TEST(ReadFile, RefusesAFolder) {
  const TemporaryFolder folder;
  const auto bytes = read_file(folder.path());
  ASSERT_FALSE(bytes);
  EXPECT_THAT(bytes.error().message, HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace zp
