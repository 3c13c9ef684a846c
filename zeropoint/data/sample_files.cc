#include "zeropoint/data/sample_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "zeropoint/base/file.h"
#include "zeropoint/data/parse.h"
#include "zeropoint/data/stored_array.h"

namespace zp {
namespace {

namespace fs = std::filesystem;

using FolderId = std::pair<dev_t, ino_t>;

// Collects what lies in one folder given by the user.
class FolderWalk {
 public:
  explicit FolderWalk(fs::path root) : root_(std::move(root)) {}

  Result<SampleFiles> run() {
    ZP_RETURN_IF_ERROR(walk(root_));
    // Byte order: char_traits compares as unsigned char.
    std::ranges::sort(found_.files, {}, &SampleFile::name);
    return std::move(found_);
  }

 private:
  std::string relative(const fs::path& path) const {
    const std::string name = path.lexically_relative(root_).generic_string();
    return name == "." ? path.filename().generic_string() : name;
  }

  Status walk(const fs::path& folder) {
    struct stat status = {};
    if (::stat(folder.c_str(), &status) != 0) return file_error(folder, "open", errno);
    const FolderId id(status.st_dev, status.st_ino);
    if (std::ranges::find(open_, id) != open_.end()) return {};  // a link back
    open_.push_back(id);
    const bool test_data = is_test_data(folder);
    if (test_data) found_.files.push_back({folder, relative(folder), FileKind::kTestData});
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      ZP_RETURN_IF_ERROR(take(*entry, test_data));
    }
    if (error) return file_error(folder, "read", error.value());
    open_.pop_back();
    return {};
  }

  Status take(const fs::directory_entry& entry, bool in_test_data) {
    const fs::path& path = entry.path();
    if (path.filename().native().starts_with('.')) return {};
    std::error_code ignored;  // a link to nowhere is a file that shows when it is read
    if (entry.is_directory(ignored)) return walk(path);
    if (in_test_data && lower_extension(path) == ".pb") return {};
    if (const auto kind = file_kind(path)) {
      found_.files.push_back({path, relative(path), *kind});
    } else {
      ++found_.ignored[lower_extension(path)];
    }
    return {};
  }

  fs::path root_;
  SampleFiles found_;
  std::vector<FolderId> open_;  // from the root down to the one being read
};

Result<SampleFiles> files_in_folder(const fs::path& folder) {
  // Of "data/" the name is "data".
  const fs::path root = folder.has_filename() ? folder : folder.parent_path();
  ZP_ASSIGN_OR_RETURN(SampleFiles found, FolderWalk(root).run());
  if (found.files.empty()) {
    return invalid_data(
        fmt::format("{}: no samples in this folder ({}); read are {}", folder.string(),
                    found.ignored.empty() ? "it is empty" : "it holds " + to_string(found.ignored),
                    kSampleExtensions));
  }
  return found;
}

// A file or folder that is named one by one.
Result<SampleFiles> files_at(const fs::path& path, std::string name) {
  std::error_code ignored;  // what is not there shows when it is read
  if (fs::is_directory(path, ignored)) return files_in_folder(path);
  const auto kind = file_kind(path);
  if (!kind) {
    return invalid_data(
        fmt::format("{}: no kind of file that is read: {}", path.string(), kSampleExtensions));
  }
  return SampleFiles{.files = {{path, std::move(name), *kind}}, .ignored = {}};
}

void append(SampleFiles& all, SampleFiles more) {
  std::ranges::move(more.files, std::back_inserter(all.files));
  for (const auto& [extension, count] : more.ignored) all.ignored[extension] += count;
}

Result<SampleFiles> files_in_list(const fs::path& list) {
  ZP_ASSIGN_OR_RETURN(const auto bytes, read_file(list));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  SampleFiles all;
  int64_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    const std::string name(trim(line));
    if (name.empty()) continue;
    auto found = files_at(list.parent_path() / name, name);
    if (!found) {
      return tl::unexpected<Error>(
          std::move(found).error().at(fmt::format("{} line {}", list.string(), number)));
    }
    append(all, std::move(found).value());
  }
  if (all.files.empty()) return invalid_data(list.string() + ": the list is empty");
  return all;
}

}  // namespace

std::string to_string(const std::map<std::string, int64_t>& ignored) {
  std::vector<std::string> parts;
  parts.reserve(ignored.size());
  for (const auto& [extension, count] : ignored) {
    parts.push_back(
        fmt::format("{} {}", count, extension.empty() ? "without extension" : extension));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

Result<SampleFiles> find_sample_files(std::span<const fs::path> paths) {
  SampleFiles all;
  for (const fs::path& path : paths) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return file_error(path, "open", errno);
    const bool is_list = lower_extension(path) == ".txt" && !S_ISDIR(status.st_mode);
    ZP_ASSIGN_OR_RETURN(SampleFiles found,
                        is_list ? files_in_list(path) : files_at(path, path.filename().string()));
    append(all, std::move(found));
  }
  if (all.files.empty()) return invalid_argument("no folder or file of samples is given");
  return all;
}

}  // namespace zp
