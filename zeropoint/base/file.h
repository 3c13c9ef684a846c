// Reading whole files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

#include "zeropoint/base/error.h"

namespace zp {

// All bytes of the file, up to its end as it is while reading: pipes and /proc work too.
// Errors name the file and say what the operating system said; a directory is an error.
Result<std::vector<std::byte>> read_file(const std::filesystem::path& path);

// "FILE: could not WHAT: No such file or directory", of code kIo, for a value of errno.
tl::unexpected<Error> file_error(const std::filesystem::path& path, std::string_view what,
                                 int errno_value);

}  // namespace zp
