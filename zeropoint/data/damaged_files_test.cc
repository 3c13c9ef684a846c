// Every single-byte damage to a file of each format ends in an error or in some sample, never in a
// crash; the sanitizers watch this test as well.
#include "tests/support/temporary_folder.h"
#include "zeropoint/data/image.h"
#include "zeropoint/data/stored_array.h"
#include "zeropoint/data/test_files.h"

namespace zp {
namespace {

void load(const std::filesystem::path& path) {
  const auto arrays = open_arrays(path);
  if (!arrays) return;
  for (const StoredArray& array : *arrays) {
    if (!array.readable) continue;
    (void)array.read();
    if (array.shape.rank() > 0 && array.shape.dim(0) > 0) (void)array.read_row(0);
  }
}

TEST(DamagedFiles, ArraysDoNotCrash) {
  const TemporaryFolder folder;
  for (const std::string name : {"little_f4.npy", "fortran.npy", "stored.npz", "deflated.npz",
                                 "test_data_set_0/input_1.pb"}) {
    const auto whole = fixture_bytes(name);
    const auto path = (folder / "x").replace_extension(std::filesystem::path(name).extension());
    for (size_t at = 0; at < whole.size(); ++at) {
      auto damaged = whole;
      damaged[at] ^= std::byte{static_cast<unsigned char>(at % 255 + 1)};
      write(path, damaged);
      load(path);
    }
  }
}

TEST(DamagedFiles, PicturesDoNotCrash) {
  for (const std::string name : {"rgb.png", "palette.png", "interlaced.png", "gray16.png",
                                 "rgb.jpg", "progressive.jpg", "cmyk.jpg"}) {
    const auto whole = fixture_bytes(name);
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        auto damaged = whole;
        damaged[at] ^= static_cast<std::byte>(flip);
        (void)decode_image(damaged);
      }
    }
  }
}

}  // namespace
}  // namespace zp
