#include "zeropoint/base/scratch_folder.h"

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "zeropoint/base/file.h"

namespace zp {

std::filesystem::path scratch_root() {
  const char* chosen = std::getenv("TMPDIR");
  return chosen && *chosen ? chosen : "/var/tmp";
}

Result<ScratchFolder> ScratchFolder::create() {
  std::string path = (scratch_root() / "zeropoint-XXXXXX").string();
  if (!::mkdtemp(path.data())) {
    return file_error(scratch_root(), "create a temporary folder in it", errno);
  }
  return ScratchFolder(path);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace zp
