// The files that hold samples, found below what the user names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/base/error.h"
#include "zeropoint/data/file_kind.h"

namespace zp {

struct SampleFile {
  std::filesystem::path path;
  std::string name;  // relative to the folder or list file that it was found in
  FileKind kind = FileKind::kArrays;
};

struct SampleFiles {
  std::vector<SampleFile> files;
  std::map<std::string, int64_t> ignored;  // files with other extensions, by extension
};

// "3 .xml, 1 without extension".
std::string to_string(const std::map<std::string, int64_t>& ignored);

// The files of the paths, in the order of the paths. Each path is one of:
//   a folder      all files below it that file_kind knows, in the byte order of their path relative
//                 to the folder, "/" between its parts. A folder with input_0.pb, input_1.pb ... is
//                 one sample (ONNX's test data); the .pb files in it are no samples of their own.
//                 Hidden files and folders (".name") are skipped; links are followed, except for
//                 one to a folder that it lies in.
//   a .txt file   a list: one path a line, relative to the list's own folder; files, or folders as
//                 above. Empty lines are skipped. A list in a list is not read.
//   a file        itself
// Errors, which name path or line: what is not there, a file that is not read, a folder or list in
// which nothing usable is found (with the extensions that are read), a folder that the operating
// system refuses. The files of a list are not touched: a missing one shows when it is read.
Result<SampleFiles> find_sample_files(std::span<const std::filesystem::path> paths);

}  // namespace zp
